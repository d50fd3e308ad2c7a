#include "array.h"

#include <algorithm>
#include <cstring>

#include <nanobind/stl/pair.h>

#include "array_type.h"

namespace nsameta::python {
namespace {

using nb::dlpack::dtype_code;

alignas(256) constinit std::byte nothing[256]{};  // where empty arrays are

std::string dtype_name(nb::dlpack::dtype dtype) {
  constexpr const char* names[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};
  const std::string name = dtype.code < std::size(names) ? names[dtype.code] : "type " + std::to_string(dtype.code);
  return name + std::to_string(dtype.bits) + (dtype.lanes > 1 ? "x" + std::to_string(dtype.lanes) : "");
}

nsameta_dtype integer_type(const char* name, nb::dlpack::dtype dtype) {
  const bool integer = dtype.code == static_cast<std::uint8_t>(dtype_code::Int) && dtype.lanes == 1;
  if (integer && dtype.bits == 32) return NSAMETA_INT32;
  if (integer && dtype.bits == 64) return NSAMETA_INT64;
  throw nb::type_error((std::string(name) + " is " + dtype_name(dtype) + ", neither int32 nor int64").c_str());
}

int dimensions(const char* name, int count) {
  if (count <= 2) return count;
  throw invalid_argument(std::string(name) + " has " + std::to_string(count) + " dimensions, more than 2");
}

array_view finish(const char* name, void* data, array_view view) {
  view.data = data;
  for (int d = 0; d < view.dimensions; ++d) {
    if (view.shape[d] == 0) view.data = nothing;
    if (view.shape[d] <= 1) view.stride[d] = 1;
  }
  if (view.data == nullptr)  // torch's fake tensors, for one
    throw invalid_argument(std::string(name) + " has no memory: its data pointer is null");
  return view;
}

array_view view_of(const char* name, const tensor& shown) {
  array_view view{};
  view.dtype = integer_type(name, shown.dtype);
  view.dimensions = dimensions(name, shown.ndim);
  std::int64_t dense = 1;
  for (int d = view.dimensions - 1; d >= 0; --d) {
    view.shape[d] = shown.shape[d];
    view.stride[d] = shown.strides != nullptr ? shown.strides[d] : dense;
    dense *= shown.shape[d];
  }
  return finish(name, shown.data != nullptr ? static_cast<std::byte*>(shown.data) + shown.byte_offset : nullptr, view);
}

/// Of a buffer's format, one character of the struct module's, native order.
nb::dlpack::dtype dtype_of(const Py_buffer& buffer) {
  const char* format = buffer.format != nullptr ? buffer.format : "B";
  if (*format == '@' || *format == '=' || *format == '<') ++format;
  const bool one = *format != '\0' && format[1] == '\0';
  const auto is = [=](const char* among) { return one && std::strchr(among, *format) != nullptr; };
  const auto code = is("bhilqn")   ? dtype_code::Int
                    : is("BHILQN") ? dtype_code::UInt
                    : is("efdg")   ? dtype_code::Float
                    : is("?")      ? dtype_code::Bool
                                   : dtype_code{255};
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * buffer.itemsize), 1};
}

/// Whether an exception says that an array cannot be had; others, such as KeyboardInterrupt, are not about the array.
bool is_refusal(nb::handle type) {
  for (PyObject* kind : {PyExc_BufferError, PyExc_TypeError, PyExc_ValueError, PyExc_RuntimeError})
    if (PyErr_GivenExceptionMatches(type.ptr(), kind)) return true;
  return false;
}

struct place {
  nsameta_device_kind kind;
  bool host_reachable;  ///< pinned: goes with any device
};

place place_of(const char* name, std::int32_t device_type) {
  switch (device_type) {
    case dl_cpu:
      return {NSAMETA_DEVICE_HOST, false};
    case dl_cuda_host:
    case dl_rocm_host:
      return {NSAMETA_DEVICE_HOST, true};
    case dl_cuda:
    case dl_cuda_managed:
      return {NSAMETA_DEVICE_CUDA, false};
    case dl_rocm:
      return {NSAMETA_DEVICE_HIP, false};
  }
  throw invalid_argument(std::string(name) + " is on a device of DLPack type " + std::to_string(device_type) +
                         ", neither CPU, CUDA nor ROCm");
}

std::string device_name(nsameta_device_kind kind, std::int32_t index) {
  if (kind == NSAMETA_DEVICE_HOST) return "the CPU";
  return (kind == NSAMETA_DEVICE_CUDA ? "cuda:" : "hip:") + std::to_string(index);
}

}  // namespace

array_reader::~array_reader() {
  for (std::size_t i = 0; i < buffer_count_; ++i) PyBuffer_Release(&buffers_[i]);
  for (std::size_t i = 0; i < capsule_count_; ++i) Py_DECREF(capsules_[i]);
}

array_view array_reader::read(const char* name, nb::handle array, access how) {
  const array_type& type = type_of(array);
  if (type.exchange != nullptr) {
    tensor shown;
    if (type.exchange->tensor_from_object(array.ptr(), &shown) != 0) throw nb::python_error();
    place(name, shown.device, type);
    return view_of(name, shown);
  }
  if (array_view view{}; read_buffer(name, array.ptr(), how, &view)) {
    place(name, {dl_cpu, 0}, type);
    return view;
  }
  return read_capsule(name, array, type);
}

bool array_reader::read_buffer(const char* name, PyObject* object, access how, array_view* view) {
  if (!PyObject_CheckBuffer(object)) return false;
  Py_buffer& buffer = buffers_[buffer_count_];
  if (PyObject_GetBuffer(object, &buffer, how == access::write ? PyBUF_RECORDS : PyBUF_RECORDS_RO) != 0) {
    if (!is_refusal(PyErr_Occurred())) throw nb::python_error();
    PyErr_Clear();  // read-only, or on a device: `__dlpack__` knows
    return false;
  }
  ++buffer_count_;
  view->dtype = integer_type(name, dtype_of(buffer));
  view->dimensions = dimensions(name, buffer.ndim);
  for (int d = 0; d < view->dimensions; ++d) {
    view->shape[d] = buffer.shape[d];
    view->stride[d] = buffer.strides[d] / buffer.itemsize;
    if (view->stride[d] * buffer.itemsize != buffer.strides[d] && buffer.shape[d] > 1)
      throw invalid_argument(std::string(name) + " has a stride of " + std::to_string(buffer.strides[d]) +
                             " bytes, no multiple of its elements' " + std::to_string(buffer.itemsize));
  }
  *view = finish(name, buffer.buf, *view);
  return true;
}

array_view array_reader::read_capsule(const char* name, nb::handle array, const array_type& type) {
  if (!nb::hasattr(array, "__dlpack__"))
    throw nb::type_error((std::string(name) + " is of type " + from_python(nb::inst_name(array)) +
                          ", which shows no array: neither DLPack nor the buffer protocol")
                             .c_str());
  try {
    const nb::object device = array.attr("__dlpack_device__")();
    std::pair<std::int32_t, std::int32_t> where;
    if (!nb::try_cast(device, where))
      throw invalid_argument(std::string(name) + " has the DLPack device " + from_python(nb::repr(device)) +
                             ", not two integers");
    place(name, {where.first, where.second}, type);
    nb::object capsule;
    if (kind_ == NSAMETA_DEVICE_HOST) {
      capsule = array.attr("__dlpack__")();
    } else {  // CUDA's default stream has the number 1 there
      const std::uintptr_t stream = stream_.value_or(0);
      capsule = array.attr("__dlpack__")(nb::arg("stream") = kind_ == NSAMETA_DEVICE_CUDA && stream == 0 ? 1 : stream);
    }
    const void* shown = PyCapsule_GetPointer(capsule.ptr(), "dltensor");
    if (shown == nullptr) throw nb::python_error();
    capsules_[capsule_count_++] = capsule.release().ptr();
    return view_of(name, *static_cast<const tensor*>(shown));
  } catch (nb::python_error& error) {
    if (!is_refusal(error.type())) throw;
    throw invalid_argument(std::string(name) + " cannot be had through DLPack: " + from_python(nb::str(error.value())));
  }
}

void array_reader::place(const char* name, nb::dlpack::device device, const array_type& type) {
  const auto [kind, host_reachable] = place_of(name, device.device_type);
  if (host_reachable) return;
  const std::int32_t index = kind == NSAMETA_DEVICE_HOST ? 0 : device.device_id;
  if (placed_ == nullptr) {
    kind_ = kind;
    index_ = index;
    placed_ = name;
    if (kind != NSAMETA_DEVICE_HOST && !stream_) {
      stream_unknown_ = tells_no_stream(type);
      stream_ = reinterpret_cast<std::uintptr_t>(current_stream(type, device));
    }
  } else if (kind != kind_ || index != index_) {
    throw invalid_argument(std::string(name) + " is on " + device_name(kind, index) + ", but " + placed_ + " on " +
                           device_name(kind_, index_));
  }
}

nsameta_target array_reader::target(std::uint64_t flags) const {
  return {kind_, index_, reinterpret_cast<void*>(stream_.value_or(0)), flags};
}

}  // namespace nsameta::python
