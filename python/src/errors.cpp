#include "errors.h"

namespace nsameta::python {
namespace {

PyObject* error_type = nullptr;
PyObject* invalid_argument_type = nullptr;

PyObject* add(nb::module_& module, const char* name, const char* text, nb::handle bases) {
  PyObject* type = PyErr_NewExceptionWithDoc(name, text, bases.ptr(), nullptr);
  if (type == nullptr) throw nb::python_error();
  module.attr(name + sizeof "nsameta." - 1) = nb::borrow(type);
  return type;
}

}  // namespace

nb::str to_python(std::string_view text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace");
  if (decoded == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(decoded);
}

std::string from_python(nb::handle text) {
  const nb::object encoded = nb::steal(PyUnicode_AsEncodedString(text.ptr(), "utf-8", "backslashreplace"));
  if (!encoded.is_valid()) throw nb::python_error();
  return {PyBytes_AsString(encoded.ptr()), static_cast<std::size_t>(PyBytes_Size(encoded.ptr()))};
}

void raise(const library_error& error) noexcept {
  try {
    PyObject* type = error.status == NSAMETA_INVALID_ARGUMENT ? invalid_argument_type : error_type;
    const nb::object raised = nb::borrow(type)(to_python(error.what()));
    raised.attr("status") = nsameta_status_name(error.status);
    PyErr_SetObject(type, raised.ptr());
  } catch (nb::python_error& instead) {
    instead.restore();
  }
}

void raise(const wrong_type& error) noexcept {
  try {
    PyErr_SetObject(PyExc_TypeError, to_python(error.what()).ptr());
  } catch (nb::python_error& instead) {
    instead.restore();
  }
}

void add_exceptions(nb::module_& module) {
  error_type = add(module, "nsameta.Error", "A call that failed; `status` is the name of its nsameta_status.",
                   PyExc_RuntimeError);
  invalid_argument_type = add(module, "nsameta.InvalidArgument", "An argument that cannot be; the message names it.",
                              nb::make_tuple(nb::handle(error_type), nb::handle(PyExc_ValueError)));
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const library_error& error) {
      raise(error);
    } catch (const wrong_type& error) {
      raise(error);
    }
  });
}

}  // namespace nsameta::python
