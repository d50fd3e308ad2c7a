#include "loader.h"

#include <dlfcn.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include "logging.h"

namespace nsameta {
namespace {

opened_backend incompatible(std::string reason) { return {nullptr, NSAMETA_BACKEND_INCOMPATIBLE, std::move(reason)}; }

opened_backend unopened(const std::string& path, const std::string& why) {
  return {nullptr, NSAMETA_BACKEND_NOT_FOUND, "cannot open " + path + ": " + why};
}

/// What an entry returns; null if it throws, which it owes us not to do.
const backend_interface* call_entry(void* symbol) {
  try {
    return reinterpret_cast<backend_entry>(symbol)();
  } catch (const std::bad_alloc&) {
    throw;  // of the host, and no judgement on the module
  } catch (...) {
    return nullptr;
  }
}

opened_backend open_file(const char* name, const std::string& path) {
  if (const std::string why = check_permissions(path); !why.empty()) return unopened(path, why);
  if (const std::string why = check_elf(path); !why.empty()) return unopened(path, why);
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    const char* why = dlerror();
    return unopened(path, why != nullptr ? why : "no reason given");
  }
  void* symbol = dlsym(module, backend_entry_symbol);
  if (symbol == nullptr) return incompatible(path + " has no symbol " + backend_entry_symbol);
  const backend_interface* table = call_entry(symbol);
  if (table == nullptr) return incompatible(path + " gives no backend");
  // Nothing after the version may be read before it is known to be ours.
  if (table->interface_version != backend_interface_version) {
    return incompatible(path + " has interface version " + std::to_string(table->interface_version) +
                        ", this library " + std::to_string(backend_interface_version));
  }
  if (std::string_view(table->name) != name) {
    return incompatible(path + " holds the backend " + table->name + ", not " + name);
  }
  return {table, NSAMETA_BACKEND_READY, ""};
}

/// Without links, dots and doubled slashes: what is searched, checked and told is one and the same.
std::string normalised(std::string_view folder) {
  std::error_code unknown;
  const std::filesystem::path real = std::filesystem::weakly_canonical(folder, unknown);
  return unknown ? std::string(folder) : real.string();
}

}  // namespace

search_places make_search_places(const char* plugin_folder, std::string_view library_folder) {
  search_places places;
  if (plugin_folder != nullptr && *plugin_folder != '\0') {
    if (*plugin_folder == '/') {
      places.folders.push_back(normalised(plugin_folder));
    } else {
      places.refused = std::string("NSAMETA_PLUGIN_DIR is \"") + plugin_folder + "\", not an absolute path; ";
    }
  }
  if (library_folder.starts_with('/')) places.folders.push_back(normalised(library_folder));
  return places;
}

search_places module_search_places(const char* made_in) {
  const std::string file = library_path();
  search_places places = make_search_places(secure_getenv("NSAMETA_PLUGIN_DIR"), file.substr(0, file.rfind('/')));
  if (*made_in != '\0' && getauxval(AT_SECURE) == 0) places.folders.push_back(normalised(made_in));
  return places;
}

opened_backend open_module(const char* name, const char* why_not_built, const search_places& places) {
  const std::string file = std::string("nsameta_") + name + ".so";
  std::string tried;
  for (const std::string& folder : places.folders) {
    const std::string path = folder + "/" + file;
    if (access(path.c_str(), F_OK) == 0) {
      if (log_enabled(log_topic::loader)) log_line(("loader: opening " + path).c_str());
      opened_backend opened = open_file(name, path);
      if (opened.table == nullptr) opened.reason = places.refused + opened.reason;
      return opened;
    }
    const int why = errno;
    append(&tried, ", ", path);
    if (why != ENOENT) tried += std::string(" (") + std::strerror(why) + ")";
  }
  const std::string where = "no file " + (tried.empty() ? file : tried);
  if (*why_not_built == '\0') return {nullptr, NSAMETA_BACKEND_NOT_FOUND, places.refused + where};
  return {nullptr, NSAMETA_BACKEND_NOT_BUILT, places.refused + "not built: " + why_not_built + "; and " + where};
}

}  // namespace nsameta
