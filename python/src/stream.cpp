#include "stream.h"

#include "errors.h"
#include "scalars.h"

namespace nsameta::python {
namespace {

std::uintptr_t to_handle(const char* name, nb::handle number) {
  return static_cast<std::uintptr_t>(to_natural<std::int64_t>(name, number));
}

/// CUDA's protocol for Python: a pair of the protocol's version, which is 0, and the stream.
nb::object of_protocol(const char* name, nb::handle stream) {
  nb::object pair = stream.attr("__cuda_stream__");
  if (PyCallable_Check(pair.ptr()) != 0) pair = pair();  // at first it was a property
  if (PySequence_Check(pair.ptr()) == 0 || nb::len(pair) != 2)
    throw wrong_type(shown(name, stream) + ", whose __cuda_stream__ gives no pair");
  if (to_integer<std::int64_t>(name, pair[0]) != 0)
    throw invalid_argument(shown(name, stream) + ", of version " + from_python(nb::repr(pair[0])) +
                           " of __cuda_stream__, not 0");
  return nb::object(pair[1]);
}

}  // namespace

std::uintptr_t to_stream(const char* name, nb::handle stream) {
  if (PyLong_Check(stream.ptr()) != 0) return to_handle(name, stream);
  if (nb::hasattr(stream, "__cuda_stream__")) return to_handle(name, of_protocol(name, stream));
  for (const char* handle : {"cuda_stream", "ptr"})  // torch's and cupy's
    if (nb::hasattr(stream, handle)) return to_handle(name, stream.attr(handle));
  if (PyIndex_Check(stream.ptr()) != 0) return to_handle(name, stream);
  throw wrong_type(shown(name, stream) + ", neither a number nor a stream of CUDA, torch or cupy");
}

}  // namespace nsameta::python
