#include "plan.h"

#include <algorithm>
#include <array>
#include <vector>

#include "plans.h"
#include "scalars.h"

namespace nsameta::python {
namespace {

constexpr auto kind_names = [] {
  std::array<const char*, plan_kinds.size()> names{};
  std::ranges::transform(plan_kinds, names.begin(), &plan_kind::name);
  return names;
}();

std::vector<const char*> keys_of(const plan_kind& kind) {
  std::vector<const char*> keys{"kind"};
  if (!kind.presets.empty()) keys.push_back("preset");
  for (const plan_constant& constant : kind.constants) keys.push_back(constant.name);
  for (const plan_buffer& buffer : kind.buffers) keys.push_back(buffer.name);
  return keys;
}

void refuse_unknown_keys(const std::string& name, const nb::dict& given, const plan_kind& kind) {
  const std::vector<const char*> keys = keys_of(kind);
  for (const auto [key, value] : given) {
    const auto is_key = [key = key.ptr()](const char* each) {
      return PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, each) == 0;
    };
    if (std::ranges::any_of(keys, is_key)) continue;
    if (!nb::isinstance<nb::str>(key)) throw wrong_type(name + ": " + shown("a key", key) + ", not a str");
    std::string message = name + ": unknown key " + from_python(nb::repr(key)) + " of " + kind.name + "; valid are ";
    for (const char* each : keys) message += std::string(each == keys.front() ? "" : ", ") + each;
    throw wrong_type(message + suggestion(from_python(key), keys));
  }
}

/// Its elements in their order, whatever rows they are shown in: libraries differ in the shapes that they give them.
nsameta_vector to_buffer(const char* name, nb::handle value, nsameta_dtype dtype, array_reader& arrays) {
  const array_view view =
      arrays.read(name, value, access::write, dtype == NSAMETA_INT64 ? elements::int64 : elements::int32);
  std::int64_t count = 1;
  for (int d = 0; d < view.dimensions; ++d) count *= view.shape[d];  // memory holds them: no overflow
  std::int64_t dense = 1;                                            // the stride of a dimension that has no gaps
  for (int d = view.dimensions - 1; d >= 0 && count > 0; --d) {
    if (view.shape[d] > 1 && view.stride[d] != dense)
      throw invalid_argument(std::string(name) + " has " + (d == view.dimensions - 1 ? "elements " : "rows ") +
                             std::to_string(view.stride[d]) + " elements apart, not " + std::to_string(dense) +
                             ": one without gaps is wanted");
    dense *= view.shape[d];
  }
  return {view.data, count, view.dtype};
}

}  // namespace

nsameta_plan to_plan(const std::string& name, nb::handle value, array_reader& arrays, std::list<std::string>& names) {
  if (!nb::isinstance<nb::dict>(value)) throw wrong_type(shown(name.c_str(), value) + ", not a dict");
  const auto given = nb::borrow<nb::dict>(value);
  const auto find = [&](const char* key) { return given.contains(key) ? nb::object(given[key]) : nb::none(); };
  const auto need = [&](const char* key) {
    nb::object found = find(key);
    if (found.is_none()) throw wrong_type(name + ": " + key + ": the key is missing");
    return found;
  };
  const auto part = [&](const char* key) { return name + "." + key; };

  const int number = to_choice(part("kind").c_str(), need("kind"), kind_names);
  const plan_kind& kind = plan_kinds[static_cast<std::size_t>(number)];
  refuse_unknown_keys(name, given, kind);
  nsameta_plan plan{};
  plan.kind = static_cast<nsameta_plan_kind>(number);
  // The preset, the parts and the rank have no default: a wrong guess can hang the kernel that reads the plan. Nor have
  // columns: another number of them would fill the buffer in another shape.
  if (!kind.presets.empty()) plan.preset = to_choice(part("preset").c_str(), need("preset"), kind.presets);
  for (const plan_constant& constant : kind.constants) {
    const bool is_needed = constant.member == &nsameta_plan::parts || constant.member == &nsameta_plan::rank ||
                           constant.member == &nsameta_plan::columns ||
                           (constant.member == &nsameta_plan::ring && plan.kind != NSAMETA_PLAN_WINDOW) ||
                           (constant.member == &nsameta_plan::next_n && plan.kind != NSAMETA_PLAN_PAGED_MQA);
    const nb::object held = is_needed ? need(constant.name) : find(constant.name);
    plan.*constant.member =
        held.is_none() ? constant.usual : to_integer<std::int32_t>(part(constant.name).c_str(), held);
  }
  for (std::size_t i = 0; i < kind.buffers.size(); ++i) {
    const char* key = kind.buffers[i].name;
    if (may_be_absent(kind, i) && find(key).is_none()) continue;
    plan.buffers[i] = to_buffer(names.emplace_back(part(key)).c_str(), need(key), kind.buffers[i].dtype, arrays);
  }
  return plan;
}

}  // namespace nsameta::python
