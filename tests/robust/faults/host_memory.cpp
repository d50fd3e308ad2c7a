#include "host_memory.h"

#include <dlfcn.h>
#include <oneapi/tbb/detail/_small_object_pool.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace nsameta::test::host_memory {
namespace {

std::atomic<int> failing{0}, seen{0};
std::atomic<bool> armed{false}, struck{false};
std::atomic<std::int64_t> blocks{0};

bool strikes() {
  if (!armed.load(std::memory_order_relaxed) || ++seen != failing.load(std::memory_order_relaxed)) return false;
  struck = true;
  return true;
}

bool is_tbb(const void* code) {
  Dl_info info;
  return dladdr(code, &info) != 0 && std::strstr(info.dli_fname, "libtbb") != nullptr;
}

}  // namespace

void arm(int number) {
  failing = number;
  seen = 0;
  struck = false;
  armed = true;
}
void disarm() { armed = false; }
int allocations() { return seen; }
bool failed() { return struck; }
std::int64_t live() { return blocks; }

}  // namespace nsameta::test::host_memory

namespace memory = nsameta::test::host_memory;

// The linker sends what the library calls as `name` to __wrap_name, and __real_name to `name`.
extern "C" {

void* __real_malloc(std::size_t bytes);
void __real_free(void* block);

void* __wrap_malloc(std::size_t bytes) {
  void* const block = memory::strikes() ? nullptr : __real_malloc(bytes);
  if (block != nullptr) ++memory::blocks;
  return block;
}

void __wrap_free(void* block) {
  if (block != nullptr) --memory::blocks;
  __real_free(block);
}

using tbb::detail::d1::execution_data;
using tbb::detail::d1::small_object_pool;

void* __real__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEm(small_object_pool*& pool, std::size_t bytes);
void* __wrap__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEm(small_object_pool*& pool, std::size_t bytes) {
  if (memory::strikes()) throw std::bad_alloc();
  return __real__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEm(pool, bytes);
}

void* __real__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEmRKNS2_14execution_dataE(
    small_object_pool*& pool, std::size_t bytes, const execution_data& where);
void* __wrap__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEmRKNS2_14execution_dataE(
    small_object_pool*& pool, std::size_t bytes, const execution_data& where) {
  if (memory::strikes()) throw std::bad_alloc();
  return __real__ZN3tbb6detail2r18allocateERPNS0_2d117small_object_poolEmRKNS2_14execution_dataE(pool, bytes, where);
}

}  // extern "C"

namespace {

void* allocate(std::size_t bytes, const void* caller) {
  if (memory::armed && !memory::is_tbb(caller) && memory::strikes()) return nullptr;
  void* const block = __real_malloc(bytes > 0 ? bytes : 1);
  if (block != nullptr) ++memory::blocks;
  return block;
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  if (memory::strikes()) return nullptr;
  const auto each = static_cast<std::size_t>(alignment);
  void* const block = std::aligned_alloc(each, (bytes + each - 1) / each * each);
  if (block != nullptr) ++memory::blocks;
  return block;
}

void* or_throw(void* block) { return block != nullptr ? block : throw std::bad_alloc(); }

}  // namespace

// The array forms, and those of delete with a size, come down to these.
void* operator new(std::size_t bytes) { return or_throw(allocate(bytes, __builtin_return_address(0))); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, __builtin_return_address(0));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) { return or_throw(allocate(bytes, alignment)); }
void operator delete(void* block) noexcept { __wrap_free(block); }
void operator delete(void* block, std::size_t) noexcept { __wrap_free(block); }
void operator delete(void* block, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { __wrap_free(block); }
