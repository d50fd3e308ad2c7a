#include "array_type.h"

#include <deque>
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
    if (at->version.major == exchange_table::known_major) return at->tensor_from_object != nullptr ? at : nullptr;
  return nullptr;
}

array_type::library find_library(nb::handle type) {
  const nb::object module = nb::getattr(type, "__module__", nb::none());
  const std::string name = nb::isinstance<nb::str>(module) ? from_python(module) : "";
  if (name.starts_with("torch")) return array_type::library::torch;
  if (name.starts_with("cupy")) return array_type::library::cupy;
  return array_type::library::other;
}

}  // namespace

const array_type& type_of(nb::handle array) {
  static std::deque<array_type>& known = *new std::deque<array_type>;  // guarded by the GIL; addresses stay
  PyTypeObject* type = Py_TYPE(array.ptr());
  for (const array_type& each : known)
    if (each.type == type) return each;
  PyObject* object = reinterpret_cast<PyObject*>(type);
  const array_type found{type, find_exchange(object), find_library(object)};
  Py_INCREF(object);
  return known.emplace_back(found);
}

void* current_stream(const array_type& type, nb::dlpack::device device) {
  void* stream = nullptr;
  if (type.exchange != nullptr) {
    if (type.exchange->current_stream(device.device_type, device.device_id, &stream) != 0) throw nb::python_error();
    return stream;
  }
  nb::object found;
  switch (type.from) {
    case array_type::library::torch:
      found = nb::module_::import_("torch.cuda").attr("current_stream")(device.device_id).attr("cuda_stream");
      break;
    case array_type::library::cupy:
      found = nb::module_::import_("cupy.cuda").attr("get_current_stream")(device.device_id).attr("ptr");
      break;
    case array_type::library::other:
      return nullptr;  // `__dlpack__` makes the default stream wait for the array
  }
  return reinterpret_cast<void*>(nb::cast<std::uintptr_t>(found));
}

}  // namespace nsameta::python
