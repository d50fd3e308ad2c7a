/// The module nsameta._ext.
#include <nanobind/nanobind.h>
#include <nsameta/device.h>
#include <nsameta/nsameta.h>

#include "decision.h"
#include "errors.h"
#include "fields.h"
#include "request.h"
#include "request_function.h"
#include "scalars.h"

namespace nsameta::python {
namespace {

/// jax, for one, would read before the fill has ended: where no stream orders the two, the call waits.
template <class Fill>
void run(const request& call, Fill fill) {
  check(without_gil([&] {
    const auto& [kind, index, stream, flags] = call.target;
    const nsameta_status filled = fill();
    if (filled != NSAMETA_OK || !call.stream_unknown) return filled;
    return nsameta_device_synchronize(kind == NSAMETA_DEVICE_CUDA ? "cuda" : "hip", index, stream);
  }));
  call.tell_written();
}

void fill(const request& call) {
  run(call, [&] { return nsameta_fill(&call.problem, &call.outputs, &call.target); });
}

void fill_many(const request& call) {
  const auto count = static_cast<std::int64_t>(call.many_sets.size());
  run(call, [&] { return nsameta_fill_many(&call.problem, call.many_sets.data(), count, &call.target); });
}

nb::dict explain(const request& call) {
  return decide([&](nsameta_decision* decision) {
    return nsameta_explain(&call.problem, &call.outputs, &call.target, decision);
  });
}

nb::dict explain_draft_extend(nb::handle requests, nb::handle rows_each, nb::handle device) {
  const auto count = to_integer<std::int64_t>("requests", requests);
  const auto rows = to_integer<std::int64_t>("rows_each", rows_each);
  const nsameta_target target = to_target(to_text("device", device));
  return decide([&](nsameta_decision* decision) { return nsameta_get_kernel_info(count, rows, &target, decision); });
}

void warmup(nb::handle device) {
  const nsameta_target target = to_target(to_text("device", device));
  check(without_gil([&] { return nsameta_warmup(&target); }));
}

void set_override(nb::handle text) {
  const std::string words = to_text("text", text);
  check(without_gil([&] { return nsameta_set_override(words.c_str()); }));
}

}  // namespace
}  // namespace nsameta::python

NB_MODULE(_ext, m) {
  using namespace nsameta::python;
  add_exceptions(m);
  add_request_function<fill>(m, "fill",
                             "Fills every array that is given for an output, in place and in order of the current "
                             "stream.");
  add_request_function<fill_many, sets::many>(
      m, "fill_many",
      "Fills several sets of arrays from the same problem: `outputs` is a list of dicts, each with the outputs and "
      "options of a set, such as length_offset, by their names in fill().");
  add_request_function<explain>(m, "explain",
                                "What fill() would do with the same arguments, and why, as a dictionary. Nothing is "
                                "written.");
  m.def("explain_draft_extend", explain_draft_extend, nb::arg("requests").none(), nb::arg("rows_each").none(),
        nb::arg("device").none());
  m.def("warmup", warmup, nb::arg("device").none() = "auto",
        "Loads every kernel for a device ('cuda', 'cuda:1', 'hip', 'cpu'; 'auto': all devices). Blocking; fills are "
        "safe inside graph capture afterwards.");
  m.def("backends", list_backends, "All backends with their states and reasons, in selection order.");
  m.def("set_override", set_override, nb::arg("text").none(),
        "Overrides selection, in the syntax of NSAMETA_BACKEND. Only before the first fill of the process.");
  m.attr("__version__") = NSAMETA_PYTHON_VERSION;
  nb::list outputs;  // fill()'s arguments that are written
  for (const nsameta::vector_field& field : nsameta::vector_fields) outputs.append(field.name);
  for (const nsameta::table_field& field : nsameta::table_fields) outputs.append(field.name);
  m.attr("OUTPUTS") = nb::tuple(outputs);
  nb::dict modes;  // and whether they take uniform_extend_len, extend_seq_lens, and both together
  for (const nsameta::mode_row& row : nsameta::modes)
    modes[row.name] = nb::make_tuple(row.takes_uniform, row.takes_ragged, row.takes_both);
  m.attr("MODES") = modes;
}
