#include "refuse_array.h"

namespace nsameta::python {
namespace {

/// The first line of Python's error, which is cleared: torch adds where it was thrown.
std::string take_sentence() {
  if (PyErr_Occurred() == nullptr) return "";
  const nb::python_error error;
  if (!is_about_array(error)) throw error;
  const std::string all = from_python(nb::str(error.value()));
  return all.substr(0, all.find('\n'));
}

/// An attribute as text; "" where there is none.
std::string text_of(nb::handle object, const char* attribute) {
  try {
    const nb::object value = object.attr(attribute);
    return from_python(nb::str(nb::handle(value)));
  } catch (nb::python_error&) {
    return "";
  }
}

bool is_of_functorch(nb::handle array) {
  try {
    return nb::cast<bool>(nb::module_::import_("sys")
                              .attr("modules")["torch"]
                              .attr("_C")
                              .attr("_functorch")
                              .attr("is_functorch_wrapped_tensor")(array));
  } catch (nb::python_error&) {
  } catch (nb::cast_error&) {
  }
  return false;
}

bool is_read_only(nb::handle array) {
  Py_buffer buffer;
  if (!PyObject_CheckBuffer(array.ptr())) return false;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_RECORDS_RO) != 0) {
    PyErr_Clear();
    return false;
  }
  const bool found = buffer.readonly != 0;
  PyBuffer_Release(&buffer);
  return found;
}

}  // namespace

bool is_about_array(const nb::python_error& error) {
  return error.matches(PyExc_Exception) && !error.matches(PyExc_MemoryError);
}

void refuse_array(const char* name, nb::handle array, access how, elements wanted) {
  const std::string said = take_sentence(), is = std::string(name) + " is ";
  if (how == access::write && is_read_only(array)) throw read_only(name);
  const std::string type = text_of(array.type(), "__name__");
  if (PyType_Check(array.ptr()))
    throw wrong_type(is + "the class " + text_of(array, "__name__") + ", not an array of it");
  if (type.ends_with("Tracer") || type.ends_with("Proxy") || is_of_functorch(array))
    throw invalid_argument(is + "traced (of type " + type +
                           "), so that it has no memory: an array that holds values is wanted");
  if (text_of(array, "device").starts_with("meta"))
    throw invalid_argument(is + "on the meta device, which has no memory: an array that holds values is wanted");
  const std::string layout = text_of(array, "layout");
  if (layout.starts_with("torch.") && layout != "torch.strided")
    throw invalid_argument(is + "of the layout " + layout + ": a dense one, torch.strided, is wanted");
  const std::string dtype = text_of(array, "dtype");
  const std::string plain = dtype.starts_with("torch.") ? dtype.substr(sizeof "torch." - 1) : dtype;
  const bool known = wanted == elements::boolean ? plain == "bool" : plain == "int32" || plain == "int64";
  if (!plain.empty() && !known) throw wrong_type(is + plain + ", " + other_than(wanted));
  if (said.empty())
    throw wrong_type(is + "of type " + type +
                     ", which shows no array: one with DLPack or the buffer protocol is wanted");
  throw invalid_argument(is + "of type " + type + " and cannot be had through DLPack: " + said);
}

}  // namespace nsameta::python
