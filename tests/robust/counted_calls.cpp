#include "counted_calls.h"

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>
#include <fcntl.h>

namespace nsameta::test {
namespace {

// Of this program's own thread-local memory, which is there before any thread runs: reading it allocates nothing.
thread_local bool counting = false;
thread_local counted_calls calls;

/// What stands behind this program's definition.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int open_counted(const char* name, const char* path, int flags, int mode) {
  if (counting) ++calls.files_opened;
  return next<int(const char*, int, ...)>(name)(path, flags, mode);
}

}  // namespace

counting_scope::counting_scope() {
  calls = {};
  counting = true;
}
counting_scope::~counting_scope() { counting = false; }

const counted_calls& counted() { return calls; }

std::string calls_made() {
  std::string text;
  const auto tell = [&](long times, const char* what) {
    if (times > 0) text += (text.empty() ? "" : ", ") + std::to_string(times) + " " + what;
  };
  tell(calls.allocations, "allocations");
  tell(calls.releases, "releases");
  tell(calls.environment_reads, "environment reads");
  tell(calls.files_opened, "files opened");
  return text;
}

}  // namespace nsameta::test

using namespace nsameta::test;

// glibc's own, under the names that it keeps for programs that replace the public ones.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) {
  if (counting) ++calls.allocations;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  if (counting) ++calls.allocations;
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  if (counting) ++calls.allocations;
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  if (counting) ++calls.allocations;
  return __libc_memalign(alignment, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  if (counting) ++calls.allocations;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  if (counting) ++calls.allocations;
  *memory = __libc_memalign(alignment, bytes);
  return *memory != nullptr ? 0 : ENOMEM;
}
void free(void* memory) {
  if (counting && memory != nullptr) ++calls.releases;
  __libc_free(memory);
}

char* getenv(const char* name) noexcept {
  static auto* const behind = next<char*(const char*)>("getenv");
  if (counting) ++calls.environment_reads;
  return behind(name);
}
char* secure_getenv(const char* name) noexcept {
  static auto* const behind = next<char*(const char*)>("secure_getenv");
  if (counting) ++calls.environment_reads;
  return behind(name);
}
// Streams of C++ open by fopen64, so this sees them too.
FILE* fopen(const char* path, const char* mode) {
  static auto* const behind = next<FILE*(const char*, const char*)>("fopen");
  if (counting) ++calls.files_opened;
  return behind(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  static auto* const behind = next<FILE*(const char*, const char*)>("fopen64");
  if (counting) ++calls.files_opened;
  return behind(path, mode);
}
// The mode is read where there is none, too: it is then not looked at.
int open(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  return open_counted("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  return open_counted("open64", path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  static auto* const behind = next<int(int, const char*, int, ...)>("openat");
  std::va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  if (counting) ++calls.files_opened;
  return behind(folder, path, flags, mode);
}
}
