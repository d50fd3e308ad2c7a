#include "torch.h"

#include "refusals.h"

namespace nsameta::python {
namespace {

/// torch's own, which counts all tensors of a list in recent versions and one tensor before; none before torch 2.1.
nb::object find_increment() { return nb::getattr(nb::module_::import_("torch._C"), "_increment_version", nb::none()); }

void raise_version(nb::handle increment, nb::handle tensor) {
  if (nb::cast<bool>(tensor.attr("is_inference")())) return;  // it has no counter
  if (!increment.is_none()) {
    increment(tensor);
  } else {  // a write of nothing, through a view: views share the counter
    nb::module_::import_("torch").attr("as_strided")(tensor, nb::make_tuple(0), nb::make_tuple(1)).attr("zero_")();
  }
}

}  // namespace

void refuse_negated(const char* name, nb::handle tensor) {
  static PyObject* const is_negated = PyUnicode_InternFromString("is_neg");
  if (const nb::object negated = tensor.attr(is_negated)(); negated.ptr() == Py_False) return;
  throw invalid_argument(std::string(name) +
                         " is negated lazily, so that its memory holds other values: its resolve_neg() is wanted");
}

void raise_versions(nb::handle tensors) {
  static const nb::handle increment = find_increment().release();
  if (!increment.is_none()) {
    try {
      increment(tensors);
      return;
    } catch (nb::python_error&) {  // takes one tensor
    }
  }
  for (const nb::handle tensor : nb::borrow<nb::list>(tensors)) raise_version(increment, tensor);
}

}  // namespace nsameta::python
