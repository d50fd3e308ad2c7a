// The first plug-in overrides selection in its library, and the second asks its own: each is itself. Without PLUGIN_*,
// the program that opens both.
#include <dlfcn.h>

#include <iostream>
#include <string>

#if defined PLUGIN_first
#include <nsameta/nsameta.h>

extern "C" const char* plugin_backend() {
  if (nsameta_set_override("reference") != NSAMETA_OK) return nsameta_last_error();
  return "reference";
}
#elif defined PLUGIN_second
#include <nsameta/nsameta.h>

extern "C" const char* plugin_backend() {
  static nsameta_decision decision;
  decision.struct_size = sizeof decision;
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  if (nsameta_get_kernel_info(3, 3, &host, &decision) != NSAMETA_OK) return nsameta_last_error();
  return decision.backend;
}
#else
int main(int, char** argv) {
  const std::string program = argv[0], folder = program.substr(0, program.rfind('/'));
  for (const char* name : {"first", "second"}) {
    void* plugin = dlopen((folder + "/lib" + name + ".so").c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (plugin == nullptr) {
      std::cout << dlerror() << '\n';
      return 1;
    }
    void* ask = dlsym(plugin, "plugin_backend");
    std::cout << name << ": " << reinterpret_cast<const char* (*)()>(ask)() << '\n';
  }
}
#endif
