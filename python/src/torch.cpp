#include "torch.h"

#include "refusals.h"

namespace nsameta::python {
void refuse_negated(const char* name, nb::handle tensor) {
  static PyObject* const is_negated = PyUnicode_InternFromString("is_neg");
  if (const nb::object negated = tensor.attr(is_negated)(); negated.ptr() == Py_False) return;
  throw invalid_argument(std::string(name) +
                         " is negated lazily, so that its memory holds other values: its resolve_neg() is wanted");
}

}  // namespace nsameta::python
