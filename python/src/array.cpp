#include "array.h"

#include <utility>

#include <nanobind/stl/pair.h>

#include "refuse_array.h"
#include "scalars.h"
#include "torch.h"

namespace nsameta::python {
namespace {

struct place_kind {
  nsameta_device_kind kind;
  bool host_reachable;  ///< pinned: goes with any device
};

place_kind kind_of(const char* name, std::int32_t device_type) {
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
  const char* known = device_type_name(device_type);
  throw invalid_argument(std::string(name) + " is on a device of " +
                         (known != nullptr ? known : "DLPack's type " + std::to_string(device_type)) +
                         ", neither CPU, CUDA nor ROCm");
}

std::string device_name(nsameta_device_kind kind, std::int32_t index) {
  if (kind == NSAMETA_DEVICE_HOST) return "the CPU";
  return (kind == NSAMETA_DEVICE_CUDA ? "cuda:" : "hip:") + std::to_string(index);
}

buffer_description describe(const Py_buffer& buffer) {
  static_assert(sizeof(Py_ssize_t) == sizeof(std::int64_t));
  const auto numbers = [](const Py_ssize_t* of) { return reinterpret_cast<const std::int64_t*>(of); };
  return {buffer.buf,
          buffer.len,
          buffer.itemsize,
          buffer.format,
          buffer.ndim,
          numbers(buffer.shape),
          numbers(buffer.strides),
          numbers(buffer.suboffsets)};
}

/// Of a capsule of either kind; before DLPack 1.0 it tells no flags.
array_view view_of(const char* name, nb::handle capsule, access how, elements wanted) {
  if (PyCapsule_IsValid(capsule.ptr(), versioned_tensor::older_capsule))
    return view_of(name,
                   *static_cast<const tensor*>(PyCapsule_GetPointer(capsule.ptr(), versioned_tensor::older_capsule)),
                   wanted);
  if (PyCapsule_IsValid(capsule.ptr(), versioned_tensor::capsule))
    return view_of(
        name, *static_cast<const versioned_tensor*>(PyCapsule_GetPointer(capsule.ptr(), versioned_tensor::capsule)),
        how, wanted);
  throw invalid_argument(shown((std::string("what ") + name + " gives through DLPack").c_str(), capsule) +
                         ", no tensor that nobody took");
}

}  // namespace

array_reader::~array_reader() {
  for (std::size_t i = 0; i < buffer_count_; ++i) PyBuffer_Release(&buffers_[i]);
  for (Py_buffer& buffer : more_buffers_) PyBuffer_Release(&buffer);
  for (std::size_t i = 0; i < capsule_count_; ++i) Py_DECREF(capsules_[i]);
}

array_view array_reader::read(const char* name, nb::handle array, access how, elements wanted) {
  const array_type type = type_of(array);
  if (type.masked)
    throw invalid_argument(std::string(name) +
                           " is a masked array, whose mask would be ignored: its filled() is wanted");
  array_view view;
  if (type.exchange != nullptr) {
    tensor shown;
    if (type.exchange->tensor_from_object(array.ptr(), &shown) != 0) refuse_array(name, array, how, wanted);
    place(name, shown.device, type);
    view = view_of(name, shown, wanted);
  } else if (read_buffer(name, array.ptr(), how, wanted, &view)) {
    place(name, {dl_cpu, 0}, type);
  } else {
    view = read_capsule(name, array, type, how, wanted);
  }
  if (type.from == array_type::library::torch) {
    refuse_negated(name, array);
    if (how == access::write) {
      if (!written_.is_valid()) written_ = nb::list();
      if (PyList_Append(written_.ptr(), array.ptr()) != 0) throw nb::python_error();
    }
  }
  return view;
}

bool array_reader::read_buffer(const char* name, PyObject* object, access how, elements wanted, array_view* view) {
  if (!PyObject_CheckBuffer(object)) return false;
  const bool full = buffer_count_ == buffers_.size();
  Py_buffer& buffer = full ? more_buffers_.emplace_back() : buffers_[buffer_count_];
  if (PyObject_GetBuffer(object, &buffer, how == access::write ? PyBUF_RECORDS : PyBUF_RECORDS_RO) != 0) {
    if (full) more_buffers_.pop_back();
    const nb::python_error error;
    if (!is_about_array(error)) throw error;
    return false;  // read-only, or on a device: `__dlpack__` knows
  }
  if (!full) ++buffer_count_;
  *view = view_of(name, describe(buffer), wanted);
  return true;
}

/// Of version 1 where the library knows it: an older capsule does not tell what is read-only.
nb::object array_reader::make_capsule(nb::handle array, const array_type& type) {
  const nb::object method = array.attr("__dlpack__");
  nb::dict asked;
  if (kind_ != NSAMETA_DEVICE_HOST) {  // CUDA's default stream has the number 1 there
    const std::uintptr_t stream = stream_.value_or(0);
    asked["stream"] = kind_ == NSAMETA_DEVICE_CUDA && stream == 0 ? 1 : stream;
  }
  if (type.knows_version) {
    nb::dict versioned(asked);
    versioned["max_version"] = nb::make_tuple(+dlpack_version::known_major, +dlpack_version::known_minor);
    try {
      return method(**versioned);
    } catch (nb::python_error& error) {
      if (!error.matches(PyExc_TypeError)) throw;
    }
    nb::object older = method(**asked);
    forget_version(type);
    return older;
  }
  return method(**asked);
}

array_view array_reader::read_capsule(const char* name, nb::handle array, const array_type& type, access how,
                                      elements wanted) {
  if (!nb::hasattr(array, "__dlpack__")) refuse_array(name, array, how, wanted);
  try {
    const nb::object device = array.attr("__dlpack_device__")();
    std::pair<std::int32_t, std::int32_t> where;
    if (!nb::try_cast(device, where)) {
      const std::string text = shown("its device", device) + ", not two integers";
      PyErr_SetString(PyExc_TypeError, text.c_str());
      throw nb::python_error();
    }
    place(name, {where.first, where.second}, type);
    nb::object capsule = make_capsule(array, type);
    const array_view view = view_of(name, nb::handle(capsule), how, wanted);
    if (capsule_count_ < capsules_.size()) {
      capsules_[capsule_count_++] = capsule.release().ptr();
    } else {
      more_capsules_.push_back(std::move(capsule));
    }
    return view;
  } catch (nb::python_error& error) {
    error.restore();
    refuse_array(name, array, how, wanted);
  }
}

void array_reader::place(const char* name, device_place device, const array_type& type) {
  const auto [kind, host_reachable] = kind_of(name, device.type);
  if (host_reachable) return;
  const std::int32_t index = kind == NSAMETA_DEVICE_HOST ? 0 : device.index;
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

void array_reader::tell_written() const {
  if (written_.is_valid()) raise_versions(written_);
}

}  // namespace nsameta::python
