/// Functions of a request as Python calls them: straight from the interpreter's stack, because what a general binding
/// makes of thirty optional arguments costs more than the fill.
#pragma once

#include <exception>
#include <string>

#include <nanobind/nanobind.h>

#include "errors.h"
#include "request.h"

namespace nsameta::python {

inline PyObject* result_of(void (*function)(const request&), const request& call) {
  function(call);
  Py_RETURN_NONE;
}
inline PyObject* result_of(nb::dict (*function)(const request&), const request& call) {
  return function(call).release().ptr();
}

template <auto function, sets what>
PyObject* call_request_function(PyObject*, PyObject* const* values, Py_ssize_t positional, PyObject* names) noexcept {
  try {
    return result_of(function, request({values, positional, names}, what));
  } catch (const library_error& error) {
    raise(error);
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const wrong_type& error) {
    raise(error);
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

template <auto function, sets what = sets::one>
void add_request_function(nb::module_& module, const char* name, const char* text) {
  static const std::string documentation = name + request_signature(what) + text;
  const auto call = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call_request_function<function, what>));
  static PyMethodDef methods[] = {{name, call, METH_FASTCALL | METH_KEYWORDS, documentation.c_str()}, {}};
  if (PyModule_AddFunctions(module.ptr(), methods) != 0) throw nb::python_error();
}

}  // namespace nsameta::python
