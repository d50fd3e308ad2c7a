#include "override.h"

#include <algorithm>

#include "status.h"
#include "words.h"

namespace nsameta {
namespace {

std::string quoted(std::string_view text) { return std::string(1, '"').append(text).append(1, '"'); }

/// Digits only, at most 9 of them; -1 otherwise.
std::int32_t parse_index(std::string_view digits) {
  if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != digits.npos) return -1;
  return std::stoi(std::string(digits));
}

/// Appends one entry, or returns what is wrong with it.
std::string parse_entry(std::string_view written, std::vector<override_entry>* entries) {
  std::string text(written);
  std::ranges::transform(text, text.begin(), in_small_letter);
  make_printable(text.data());
  const std::size_t slash = text.find('/');
  const std::string_view place = std::string_view(text).substr(0, slash);
  const std::size_t colon = place.find(':');
  const std::string name(place.substr(0, colon));
  override_entry entry{find_backend(name.c_str()), -1, ""};
  if (name == "auto") return "\"auto\" stands alone, without index, variant or list";
  if (entry.backend < 0) {
    const std::string_view nearest = nearest_backend(name);
    return "no backend is called " + quoted(name) + (nearest.empty() ? "" : "; the nearest name is " + quoted(nearest));
  }
  if (colon != std::string_view::npos && (entry.device = parse_index(place.substr(colon + 1))) < 0) {
    return quoted(place.substr(colon + 1)) + " in " + quoted(text) + " is no device index";
  }
  if (slash != std::string_view::npos) {
    entry.variant = text.substr(slash + 1);
    if (entry.variant.empty()) return "the variant in " + quoted(text) + " is empty";
  }
  entries->push_back(entry);
  return "";
}

std::string complain(const override_list& list, const std::string& what) {
  return "override " + quoted(list.text) + ": " + what + "; valid: auto, or a list of " + list_backend_names() +
         ", each with optional :index and /variant";
}

std::string check_entry(const override_entry& entry, const backend_record& backend) {
  const std::size_t devices = backend.devices.size();
  if (entry.device >= static_cast<std::int64_t>(devices)) {
    return "the index is " + std::to_string(entry.device) + ", but " + backend.name() + " has " +
           std::to_string(devices) + " device(s)";
  }
  if (entry.variant.empty() || backend.find_variant(entry.variant) >= 0) return "";
  std::string known;
  for (const char* const* each = backend.table->variants; *each != nullptr; ++each) append(&known, ", ", *each);
  return "no variant of " + std::string(backend.name()) + " is called " + quoted(entry.variant) + ", only " + known;
}

}  // namespace

override_list parse_override(std::string_view text) {
  override_list list;
  list.text = trimmed(text);
  make_printable(list.text.data());
  if (list.text.empty() || edit_distance(list.text, "auto") == 0) return list;
  for_each_word(text, [&](std::string_view word) {
    if (!list.error.empty()) return;
    const std::string wrong = parse_entry(word, &list.entries);
    if (!wrong.empty()) list.error = complain(list, wrong);
  });
  return list;
}

void check_override(registry& backends, override_list* list) {
  if (!list->error.empty()) return;
  for (const override_entry& entry : list->entries) {
    const backend_record& backend = backends.at(entry.backend);
    if (!backend.ready()) continue;
    const std::string wrong = check_entry(entry, backend);
    if (wrong.empty()) continue;
    list->error = complain(*list, wrong);
    return;
  }
}

nsameta_status override_setting::set(const char* text) {
  if (text == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "text is null; the override \"auto\" lifts an override");
  override_list parsed = parse_override(text);
  if (!parsed.error.empty()) return fail(NSAMETA_INVALID_OVERRIDE, "%s", parsed.error.c_str());
  const std::lock_guard lock(mutex_);
  if (const override_list* frozen = published_.load()) {
    return fail(NSAMETA_INVALID_OVERRIDE, "override \"%s\" comes after the first dispatch, which froze \"%s\"", text,
                frozen->text.empty() ? "auto" : frozen->text.c_str());
  }
  chosen_ = &kept_.emplace_back(std::move(parsed));
  return NSAMETA_OK;
}

const override_list& override_setting::freeze_now(registry& backends) {
  const std::lock_guard lock(mutex_);
  if (const override_list* frozen = published_.load()) return *frozen;
  override_list list;
  if (const override_list* chosen = chosen_.load()) {
    list = *chosen;
  } else {
    const char* environment = read_environment_();
    list = parse_override(environment != nullptr ? environment : "");
  }
  check_override(backends, &list);
  const override_list& frozen = kept_.emplace_back(std::move(list));
  published_.store(&frozen, std::memory_order_release);
  return frozen;
}

}  // namespace nsameta
