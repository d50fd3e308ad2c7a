/// Arrays of any library, as the caller holds them: data, shape, strides, device. Nothing is copied.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>
#include <nsameta/nsameta.h>

#include "array_type.h"
#include "array_view.h"
#include "errors.h"
#include "fields.h"

namespace nsameta::python {

/// Reads the arrays of one call, and finds the device and the stream that they have in common. What it shows is valid
/// as long as it lives.
class array_reader {
 public:
  /// `stream`: the caller's own, in place of the current one of the arrays' library.
  explicit array_reader(std::optional<std::uintptr_t> stream) : stream_(stream) {}
  ~array_reader();
  array_reader(const array_reader&) = delete;
  array_reader& operator=(const array_reader&) = delete;

  array_view read(const char* name, nb::handle array, access how, elements wanted);
  nsameta_target target(std::uint64_t flags) const;
  bool on_device() const { return kind_ != NSAMETA_DEVICE_HOST; }
  /// Whether the arrays are on a GPU, of a library that tells no stream: it cannot order its own work after the call's.
  bool stream_unknown() const { return stream_unknown_; }
  /// Tells torch that its tensors among the outputs were written, so that autograd does not take them for what they
  /// were.
  void tell_written() const;

 private:
  bool read_buffer(const char* name, PyObject* object, access how, elements wanted, array_view* view);
  array_view read_capsule(const char* name, nb::handle array, const array_type& type, access how, elements wanted);
  nb::object make_capsule(nb::handle array, const array_type& type);
  void place(const char* name, device_place device, const array_type& type);

  static constexpr std::size_t most_arrays = 10 + output_count;  // of a fill; plans and a fill_many may have more

  std::optional<std::uintptr_t> stream_;
  nsameta_device_kind kind_ = NSAMETA_DEVICE_HOST;
  std::int32_t index_ = 0;
  bool stream_unknown_ = false;
  const char* placed_ = nullptr;  ///< the argument that decided on the device; null: none yet
  nb::object written_;            ///< a list of torch's tensors, or null
  std::array<Py_buffer, most_arrays> buffers_;
  std::list<Py_buffer> more_buffers_;
  std::array<PyObject*, most_arrays> capsules_;
  std::list<nb::object> more_capsules_;
  std::size_t buffer_count_ = 0, capsule_count_ = 0;
};

}  // namespace nsameta::python
