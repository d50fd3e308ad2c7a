#include "override.h"

#include "edit_distance.h"
#include "status.h"

namespace nsameta {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string quoted(std::string_view text) { return std::string(1, '"').append(text).append(1, '"'); }

/// Digits only, at most 9 of them; -1 otherwise.
std::int32_t parse_index(std::string_view digits) {
  if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != digits.npos) return -1;
  return std::stoi(std::string(digits));
}

/// Appends one entry, or returns what is wrong with it.
std::string parse_entry(std::string_view text, std::vector<override_entry>* entries) {
  const std::size_t slash = text.find('/');
  const std::string_view place = text.substr(0, slash);
  const std::size_t colon = place.find(':');
  const std::string name(place.substr(0, colon));
  override_entry entry{find_backend(name.c_str()), -1, ""};
  if (name == "auto") return "\"auto\" stands alone, without index, variant or list";
  if (entry.backend < 0) {
    return "no backend is called " + quoted(name) + "; the nearest name is " + quoted(nearest(name));
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

std::string_view nearest(std::string_view word) {
  std::string_view best = "auto";
  for (const backend_identity& each : all_backends) {
    if (edit_distance(word, each.name) < edit_distance(word, best)) best = each.name;
  }
  return best;
}

override_list parse_override(std::string_view text) {
  override_list list;
  list.text = trimmed(text);
  if (list.text.empty() || list.text == "auto") return list;
  std::string_view rest = list.text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string wrong = parse_entry(trimmed(rest.substr(0, comma)), &list.entries);
    if (!wrong.empty()) {
      list.error = complain(list, wrong);
      return list;
    }
    if (more) rest.remove_prefix(comma + 1);
  }
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
