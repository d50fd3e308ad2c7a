/// The module nsameta._ext.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nsameta/nsameta.h>

#include "decision.h"
#include "errors.h"
#include "request.h"
#include "request_function.h"

namespace nsameta::python {
namespace {

void fill(const request& call) {
  nsameta_status status;
  {
    const nb::gil_scoped_release others_may_run;
    status = nsameta_fill(&call.problem, &call.outputs, &call.target);
  }
  check(status);
}

nb::dict explain(const request& call) { return decide(call.problem, &call.outputs, call.target); }

/// A uniform draft_extend batch, of which only the size matters: with an explicit target nobody looks at the memory.
nb::dict explain_draft_extend(std::int64_t requests, std::int64_t rows_each, const std::string& device) {
  static constexpr std::int32_t somewhere = 0;
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.batch_size = requests;
  problem.seq_lens = {&somewhere, 1, NSAMETA_INT32};
  problem.uniform_extend_len = rows_each;
  return decide(problem, nullptr, to_target(device));
}

void warmup(const std::string& device) {
  const nsameta_target target = to_target(device);
  nsameta_status status;
  {
    const nb::gil_scoped_release others_may_run;
    status = nsameta_warmup(&target);
  }
  check(status);
}

}  // namespace
}  // namespace nsameta::python

NB_MODULE(_ext, m) {
  using namespace nsameta::python;
  add_exceptions(m);
  add_request_function<fill>(m, "fill",
                             "Fills every array that is given for an output, in place and in order of the current "
                             "stream.");
  add_request_function<explain>(m, "explain",
                                "What fill() would do with the same arguments, and why, as a dictionary. Nothing is "
                                "written.");
  m.def("explain_draft_extend", explain_draft_extend, nb::arg("requests"), nb::arg("rows_each"), nb::arg("device"));
  m.def("warmup", warmup, nb::arg("device") = "auto",
        "Loads every kernel for a device ('cuda', 'cuda:1', 'hip', 'cpu'; 'auto': all devices). Blocking; fills are "
        "safe inside graph capture afterwards.");
  m.def("backends", list_backends, "All backends with their states and reasons, in selection order.");
  m.def(
      "set_override", [](const std::string& text) { check(nsameta_set_override(text.c_str())); }, nb::arg("text"),
      "Overrides selection, in the syntax of NSAMETA_BACKEND. Only before the first fill of the process.");
  m.attr("__version__") = NSAMETA_PYTHON_VERSION;
}
