#include "array_type.h"

#include <array>
#include <cstdint>
#include <string>

namespace nsameta::python {
namespace {

const exchange_table* find_exchange(PyObject* type) {
  PyObject* found = PyObject_GetAttrString(type, "__dlpack_c_exchange_api__");
  if (found == nullptr) {
    PyErr_Clear();
    return nullptr;
  }
  const nb::object capsule = nb::steal(found);
  const void* table = PyCapsule_IsValid(found, exchange_table::capsule)
                          ? PyCapsule_GetPointer(found, exchange_table::capsule)
                          : nullptr;
  for (auto* at = static_cast<const exchange_table*>(table); at != nullptr; at = at->older)
    if (at->version.major == dlpack_version::known_major) return at->tensor_from_object != nullptr ? at : nullptr;
  return nullptr;
}

/// Looks at the bases too: a user's own tensor is torch's.
array_type find(PyTypeObject* type) {
  PyObject* object = reinterpret_cast<PyObject*>(type);
  array_type found{type, find_exchange(object), array_type::library::other, false, true};
  for (const nb::handle base : nb::borrow<nb::tuple>(nb::getattr(object, "__mro__", nb::tuple()))) {
    const nb::object module = nb::getattr(base, "__module__", nb::none());
    const std::string name = nb::isinstance<nb::str>(module) ? from_python(module) : "";
    if (name == "torch" || name.starts_with("torch.")) found.from = array_type::library::torch;
    if (name == "cupy" || name.starts_with("cupy.")) found.from = array_type::library::cupy;
    if (name == "numpy.ma" || name.starts_with("numpy.ma.")) found.masked = true;
  }
  return found;
}

/// The place of a type among those that are remembered; two that have the same take turns. Guarded by the GIL.
array_type& slot_of(PyTypeObject* type) {
  static std::array<array_type, 64> known{};
  const auto address = reinterpret_cast<std::uintptr_t>(type);
  return known[(address >> 4 ^ address >> 10) % known.size()];
}

}  // namespace

array_type type_of(nb::handle array) {
  PyTypeObject* type = Py_TYPE(array.ptr());
  array_type& slot = slot_of(type);
  if (slot.type == type) return slot;
  const array_type found = find(type);
  Py_INCREF(reinterpret_cast<PyObject*>(type));  // so that no other type gets its address
  PyTypeObject* before = slot.type;
  slot = found;
  Py_XDECREF(reinterpret_cast<PyObject*>(before));
  return found;
}

void forget_version(const array_type& type) {
  if (array_type& slot = slot_of(type.type); slot.type == type.type) slot.knows_version = false;
}

void* current_stream(const array_type& type, device_place device) {
  void* stream = nullptr;
  if (type.exchange != nullptr) {
    if (type.exchange->current_stream(device.type, device.index, &stream) != 0) throw nb::python_error();
    return stream;
  }
  nb::object found;
  switch (type.from) {
    case array_type::library::torch:
      found = nb::module_::import_("torch.cuda").attr("current_stream")(device.index).attr("cuda_stream");
      break;
    case array_type::library::cupy:
      found = nb::module_::import_("cupy.cuda").attr("get_current_stream")(device.index).attr("ptr");
      break;
    case array_type::library::other:
      return nullptr;  // `__dlpack__` makes the default stream wait for the array
  }
  return reinterpret_cast<void*>(nb::cast<std::uintptr_t>(found));
}

}  // namespace nsameta::python
