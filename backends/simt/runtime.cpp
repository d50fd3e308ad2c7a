#include "simt/runtime.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "simt/kernels.h"
#include "simt/stream.h"
#include "simt/team.h"

namespace nsameta::simt {
namespace {

thread_local int current_device = 0;

stream* of(void* handle) { return static_cast<stream*>(handle); }

bool is_capturing_stream(void* handle) { return handle && of(handle)->capturing(); }

error run(const memory_copy& copy) {
  if (copy.bytes > 0) std::memmove(copy.to, copy.from, copy.bytes);
  return error::none;
}

/// Runs an operation, or records it if its stream is capturing.
error issue(const operation& what, void* handle) {
  if (is_capturing_stream(handle)) {
    of(handle)->record_operation(what);
    return error::none;
  }
  return std::visit([](const auto& one) { return run(one); }, what);
}

}  // namespace

// ------------------------------------------------------------------------------------------- devices

error runtime::device_count(int& count) {
  count = simt::device_count;
  return success;
}

error runtime::describe(int device, nsameta_device_info& info) {
  if (device < 0 || device >= simt::device_count) return record(error::invalid_device);
  std::snprintf(info.name, sizeof info.name, "simt, %d-wide warps", warp_widths[device]);
  std::snprintf(info.architecture, sizeof info.architecture, "warp%d", warp_widths[device]);
  info.multiprocessors = 4;
  info.warp_width = warp_widths[device];
  info.has_code = 1;
  info.memory_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return success;
}

error runtime::get_device(int& device) {
  device = current_device;
  return success;
}

error runtime::set_device(int device) {
  if (device < 0 || device >= simt::device_count) return record(error::invalid_device);
  current_device = device;
  return success;
}

// -------------------------------------------------------------------------------------------- memory

error runtime::locate(const void*, memory_place& place) {
  place = {memory_kind::host, current_device};
  return success;
}

error runtime::allocate(std::size_t bytes, void*& memory) {
  if (const error refused = refuse_during_capture(); refused != success) return record(refused);
  memory = std::malloc(bytes);
  if (!memory && bytes > 0) return record(error::out_of_memory);
  std::memset(memory, poison, bytes);
  return success;
}

error runtime::release(void* memory) {
  if (const error refused = refuse_during_capture(); refused != success) return record(refused);
  std::free(memory);
  return success;
}

error runtime::copy(void* to, const void* from, std::size_t bytes, void* stream) {
  if (bytes > 0 && (!to || !from)) return record(error::invalid_value);
  return issue(memory_copy{to, from, bytes}, stream);
}

// ------------------------------------------------------------------------------------------- kernels

error runtime::load(int kernel) {
  if (!is_kernel(kernel)) return record(error::invalid_value);
  if (is_loaded(current_device, kernel)) return success;
  if (const error refused = refuse_during_capture(); refused != success) return record(refused);
  load_kernel(current_device, kernel);
  return success;
}

error runtime::launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
  if (!is_kernel(kernel) || shape.blocks < 1 || shape.sets < 1) return record(error::invalid_value);
  if (stream && of(stream)->device() != current_device) return record(error::invalid_stream);
  if (const error e = load(kernel); e != success) return e;
  kernel_launch launch{current_device, kernel, shape, {}};
  std::memcpy(launch.arguments.bytes.data(), arguments, arguments_size(kernel));
  return issue(launch, stream);
}

// --------------------------------------------------------------------------------- streams and graphs

error runtime::is_capturing(void* stream, bool& capturing) {
  capturing = is_capturing_stream(stream);
  return success;
}

error runtime::synchronize(void* stream) {
  if (!is_capturing_stream(stream)) return success;
  of(stream)->spoil_capture();
  return record(error::capture_unsupported);
}

error runtime::create_stream(void*& handle) {
  handle = new (std::nothrow) stream(current_device);
  return handle ? success : record(error::out_of_memory);
}

error runtime::destroy_stream(void* stream) {
  if (!stream) return record(error::invalid_value);
  delete of(stream);
  return success;
}

error runtime::begin_capture(void* stream) {
  // The default stream cannot be captured on real devices either.
  return record(stream ? of(stream)->begin_capture() : error::capture_unsupported);
}

error runtime::end_capture(void* stream, void*& captured) {
  if (!stream) return record(error::capture_not_begun);
  simt::graph* recorded = nullptr;
  const error e = of(stream)->end_capture(recorded);
  captured = recorded;
  return record(e);
}

error runtime::launch_graph(void* captured, void* stream) {
  if (!captured) return record(error::invalid_value);
  for (const operation& each : *static_cast<const graph*>(captured))
    if (const error e = issue(each, stream); e != success) return e;
  return success;
}

error runtime::destroy_graph(void* captured) {
  if (!captured) return record(error::invalid_value);
  delete static_cast<graph*>(captured);
  return success;
}

}  // namespace nsameta::simt
