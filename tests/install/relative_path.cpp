// main LIBRARY FOLDER [delete]: opens the library by the name given, goes to another folder, deletes the library's file
// if told to, and shows what became of its CUDA module.
#include <dlfcn.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

#include <nsameta/nsameta.h>

int main(int, char** arguments) {
  void* library = dlopen(arguments[1], RTLD_NOW);
  if (library == nullptr) {
    std::cerr << dlerror() << '\n';
    return 1;
  }
  if (arguments[3] != nullptr && unlink(arguments[3]) != 0) return 1;
  if (chdir(arguments[2]) != 0) return 1;
  const auto list = reinterpret_cast<decltype(&nsameta_backends)>(dlsym(library, "nsameta_backends"));
  nsameta_backend_info all[8];
  const std::size_t count = list(all, 8);
  for (std::size_t i = 0; i < count; ++i)
    if (std::string_view(all[i].name) == "cuda") std::cout << all[i].reason << '\n';
}
