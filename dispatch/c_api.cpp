/// The C interface over the process's dispatcher. Nothing is thrown across it.
#include <cinttypes>
#include <exception>
#include <new>

#include "nsameta/device.h"
#include "process.h"
#include "status.h"
#include "struct_size.h"
#include "validation.h"

namespace nsameta {
namespace {

/// Calls and turns an exception into a status with its sentence.
template <class Call>
nsameta_status guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return fail(NSAMETA_OUT_OF_MEMORY, "the host is out of memory");
  } catch (const std::exception& error) {
    return fail(NSAMETA_INTERNAL_ERROR, "%s", error.what());
  } catch (...) {
    return fail(NSAMETA_INTERNAL_ERROR, "an exception of unknown type");
  }
}

/// Calls one service of a backend with `arguments` and a place for its sentence.
template <class... Parameters, class... Arguments>
nsameta_status serve(const char* backend, std::int32_t index,
                     nsameta_status (*device_services::*service)(Parameters...), Arguments... arguments) noexcept {
  return guarded([&] {
    const backend_record* record = nullptr;
    if (auto status = find_device(process_registry(), backend, index, &record); status != NSAMETA_OK) return status;
    const auto call = record->table->services.*service;
    if (call == nullptr) return fail(NSAMETA_UNSUPPORTED, "%s has no streams and graphs", record->name());
    failure_text why{};
    const nsameta_status status = call(arguments..., &why);
    return status == NSAMETA_OK ? status : fail(status, "%s device %d: %s", record->name(), index, why.text);
  });
}

nsameta_status refuse_null(const char* argument) noexcept {
  return fail(NSAMETA_INVALID_ARGUMENT, "%s is null", argument);
}

}  // namespace
}  // namespace nsameta

using namespace nsameta;

// ---------------------------------------------------------------------------------- nsameta.h: fills and selection

nsameta_status nsameta_fill(const nsameta_problem* problem, const nsameta_outputs* outputs,
                            const nsameta_target* target) {
  const known_call known(problem, outputs);
  if (known.status() != NSAMETA_OK) [[unlikely]]
    return known.status();
  return guarded([&] { return process_dispatcher().fill(known.problem(), known.outputs(), target); });
}

nsameta_status nsameta_fill_many(const nsameta_problem* problem, const nsameta_outputs* outputs, int64_t count,
                                 const nsameta_target* target) {
  return guarded([=] {
    const known_call known(problem, outputs, count);
    if (known.status() != NSAMETA_OK) return known.status();
    return process_dispatcher().fill_many(known.problem(), known.outputs(), count, target);
  });
}

nsameta_status nsameta_explain(const nsameta_problem* problem, const nsameta_outputs* outputs,
                               const nsameta_target* target, nsameta_decision* decision) {
  return guarded([=] {
    if (auto status = check_decision(decision); status != NSAMETA_OK) return status;
    nsameta_decision record{};
    const known_call known(problem, outputs);
    const nsameta_status status = known.status() != NSAMETA_OK
                                      ? known.status()
                                      : process_dispatcher().explain(known.problem(), known.outputs(), target, &record);
    store_known(record, decision);
    return status;
  });
}

nsameta_status nsameta_warmup(const nsameta_target* target) {
  return guarded([=] { return process_dispatcher().warm_up(target); });
}

nsameta_status nsameta_set_override(const char* text) {
  return guarded([=] { return process_override().set(text); });
}

size_t nsameta_backends(nsameta_backend_info* out, size_t capacity) {
  const nsameta_status status = guarded([=] {
    for (std::size_t i = 0; out != nullptr && i < capacity && i < backend_count; ++i) {
      const backend_record& backend = process_registry().at(static_cast<int>(i));
      out[i] = {backend.name(), backend.table != nullptr ? backend.table->version : "", backend.state,
                backend.reason.c_str(), static_cast<std::int32_t>(backend.devices.size())};
    }
    return NSAMETA_OK;
  });
  return status == NSAMETA_OK ? backend_count : 0;
}

nsameta_status nsameta_device(const char* backend, int32_t index, nsameta_device_info* out) {
  return guarded([=] {
    if (out == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "out is null");
    const backend_record* record = nullptr;
    if (auto status = find_device(process_registry(), backend, index, &record); status != NSAMETA_OK) return status;
    *out = record->devices[static_cast<std::size_t>(index)];
    return NSAMETA_OK;
  });
}

// --------------------------------------------- nsameta.h: one mode, two outputs, a total, with the problem made here

nsameta_status nsameta_fill_draft_extend_metadata(nsameta_strided extend_seq_lens, nsameta_strided seq_lens,
                                                  int64_t batch_size, int32_t nsa_index_topk,
                                                  nsameta_vector out_seqlens_expanded,
                                                  nsameta_vector out_nsa_cache_seqlens, int32_t* total_tokens,
                                                  const nsameta_target* target) {
  if (extend_seq_lens.data == nullptr && batch_size > 0)
    return fail(NSAMETA_INVALID_ARGUMENT, "extend_seq_lens is null, but batch_size is %" PRId64, batch_size);
  if (nsa_index_topk < 1) return fail(NSAMETA_INVALID_ARGUMENT, "nsa_index_topk is %d, less than 1", nsa_index_topk);
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.batch_size = batch_size;
  problem.seq_lens = seq_lens;
  problem.extend_seq_lens = extend_seq_lens;
  problem.index_topk = nsa_index_topk;
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  outputs.seqlens_expanded = out_seqlens_expanded;
  outputs.nsa_cache_seqlens = out_nsa_cache_seqlens;
  if (total_tokens != nullptr) outputs.total_rows = {total_tokens, 1, NSAMETA_INT32};
  return nsameta_fill(&problem, &outputs, target);
}

nsameta_status nsameta_get_kernel_info(int64_t requests, int64_t rows_each, const nsameta_target* target,
                                       nsameta_decision* decision) {
  return guarded([=] {
    if (requests < 1) return fail(NSAMETA_INVALID_ARGUMENT, "requests is %" PRId64 ", less than 1", requests);
    if (rows_each < 1) return fail(NSAMETA_INVALID_ARGUMENT, "rows_each is %" PRId64 ", less than 1", rows_each);
    if (target == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "target is null");
    nsameta_target place = *target;
    if (raw_value(place.kind) == NSAMETA_DEVICE_AUTO) {
      place.kind = NSAMETA_DEVICE_HOST;
      for (int id = backend_count - 1; id >= 0; --id)
        if (all_backends[id].has_driver && process_registry().at(id).ready()) place.kind = all_backends[id].kind;
    }
    static constexpr std::int32_t length = 0;  // with an explicit target nobody looks at the memory
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DRAFT_EXTEND;
    problem.batch_size = requests;
    problem.seq_lens = {&length, 1, NSAMETA_INT32};
    problem.uniform_extend_len = rows_each;
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    constexpr std::int64_t most = std::int64_t{1} << 40;  // elements; the two are further apart
    const std::int64_t rows = rows_each > most / requests ? most : requests * rows_each;
    outputs.seqlens_expanded = {reinterpret_cast<void*>(std::uintptr_t{1} << 44), rows, NSAMETA_INT32};
    outputs.nsa_cache_seqlens = {reinterpret_cast<void*>(std::uintptr_t{1} << 45), rows, NSAMETA_INT32};
    return nsameta_explain(&problem, &outputs, &place, decision);
  });
}

// --------------------------------------------------------------------------------------------------------- device.h

nsameta_status nsameta_fill_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                               const nsameta_target* target) {
  const known_call known(problem, outputs);
  if (known.status() != NSAMETA_OK) return known.status();
  return guarded([&] { return process_dispatcher().fill_on(backend, known.problem(), known.outputs(), target); });
}

nsameta_status nsameta_fill_many_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                                    int64_t count, const nsameta_target* target, nsameta_decision* decision) {
  return guarded([=] {
    if (decision != nullptr)
      if (auto status = check_decision(decision); status != NSAMETA_OK) return status;
    const known_call known(problem, outputs, count);
    if (known.status() != NSAMETA_OK) return known.status();
    nsameta_decision record{};
    const nsameta_status status =
        process_dispatcher().fill_many_on(backend, known.problem(), known.outputs(), count, target, &record);
    if (decision != nullptr) store_known(record, decision);
    return status;
  });
}

nsameta_status nsameta_device_allocate(const char* backend, int32_t index, size_t bytes, void** out) {
  if (out == nullptr) return refuse_null("out");
  return serve(backend, index, &device_services::allocate, index, bytes, out);
}

nsameta_status nsameta_device_release(const char* backend, int32_t index, void* memory) {
  return serve(backend, index, &device_services::release, index, memory);
}

nsameta_status nsameta_device_copy(const char* backend, int32_t index, void* to, const void* from, size_t bytes,
                                   void* stream) {
  if (bytes != 0 && to == nullptr) return refuse_null("to");
  if (bytes != 0 && from == nullptr) return refuse_null("from");
  return serve(backend, index, &device_services::copy, launch_place{index, stream}, to, from, bytes);
}

nsameta_status nsameta_device_synchronize(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::synchronize, launch_place{index, stream});
}

nsameta_status nsameta_stream_create(const char* backend, int32_t index, void** stream) {
  if (stream == nullptr) return refuse_null("stream");
  return serve(backend, index, &device_services::create_stream, index, stream);
}

nsameta_status nsameta_stream_destroy(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::destroy_stream, launch_place{index, stream});
}

nsameta_status nsameta_capture_begin(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::begin_capture, launch_place{index, stream});
}

nsameta_status nsameta_capture_end(const char* backend, int32_t index, void* stream, void** graph) {
  if (graph == nullptr) return refuse_null("graph");
  return serve(backend, index, &device_services::end_capture, launch_place{index, stream}, graph);
}

nsameta_status nsameta_graph_launch(const char* backend, int32_t index, void* graph, void* stream) {
  return serve(backend, index, &device_services::launch_graph, launch_place{index, stream}, graph);
}

nsameta_status nsameta_graph_destroy(const char* backend, int32_t index, void* graph) {
  return serve(backend, index, &device_services::destroy_graph, index, graph);
}
