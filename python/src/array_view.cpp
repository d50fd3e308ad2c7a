#include "array_view.h"

#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>

namespace nsameta::python {
namespace {

alignas(256) constinit std::byte nothing[256]{};  // where empty arrays are

std::string bits_of(std::int64_t bytes) { return std::to_string(static_cast<std::uint64_t>(bytes) * 8); }

/// The type that a format of the struct module stands for, as users of arrays call it.
std::string type_name(const char* format, std::int64_t bytes_each) {
  const char* code = format;
  const bool swapped = *code == '>' || *code == '!';
  if (*code != '\0' && std::strchr("@=<>!^", *code) != nullptr) ++code;
  const std::size_t count = std::strspn(code, "0123456789");
  const auto among = [](char one, const char* many) { return one != '\0' && std::strchr(many, one) != nullptr; };
  const std::string size = bits_of(bytes_each);
  const char kind = code[count];
  if (among(kind, "spuw")) return kind == 's' || kind == 'p' ? "bytes" : "str";
  if (count == 0 && kind == 'T') return "a structure";
  if (count == 0 && kind == 'Z') return "complex" + size;
  if (count > 0 || kind == '\0' || code[1] != '\0') return std::string("of buffer format '") + format + "'";
  std::string name;
  if (among(kind, "bhilqn")) name = "int" + size;
  if (among(kind, "BHILQNP")) name = "uint" + size;
  if (among(kind, "efdg")) name = "float" + size;
  if (!name.empty()) return name + (swapped && bytes_each > 1 ? " in big-endian byte order" : "");
  if (kind == '?') return "bool";
  if (kind == 'c') return "bytes";
  if (kind == 'O') return "object";
  return std::string("of buffer format '") + format + "'";
}

/// The same for DLPack's codes.
std::string type_name(const element_type& type) {
  constexpr const char* names[] = {"int", "uint", "float", "handle", "bfloat", "complex"};
  constexpr const char* small[] = {"bool",           "float8_e3m4",     "float8_e4m3",   "float8_e4m3b11fnuz",
                                   "float8_e4m3fn",  "float8_e4m3fnuz", "float8_e5m2",   "float8_e5m2fnuz",
                                   "float8_e8m0fnu", "float6_e2m3fn",   "float6_e3m2fn", "float4_e2m1fn"};
  const std::string lanes = type.lanes == 1 ? "" : " in vectors of " + std::to_string(type.lanes);
  if (type.code < std::size(names)) return names[type.code] + std::to_string(type.bits) + lanes;
  if (type.code - std::size(names) < std::size(small)) return small[type.code - std::size(names)] + lanes;
  return "of DLPack's element type " + std::to_string(type.code) + lanes;
}

bool fits(elements wanted, std::int64_t bytes) {
  if (wanted == elements::boolean) return bytes == 1;
  return (bytes == 4 && wanted != elements::int64) || (bytes == 8 && wanted != elements::int32);
}

nsameta_dtype dtype_of(std::int64_t bytes) {
  return bytes == 1 ? NSAMETA_BOOL : bytes == 4 ? NSAMETA_INT32 : NSAMETA_INT64;
}

wrong_type refuse_type(const char* name, const std::string& is, elements wanted) {
  const char* order = is.ends_with("order") ? " in this machine's" : "";
  return wrong_type(std::string(name) + " is " + is + ", " + other_than(wanted) + order);
}

nsameta_dtype dtype_of(const char* name, const char* format, std::int64_t bytes_each, elements wanted) {
  if (format == nullptr) format = "B";
  const char* code = format;
  if (*code == '@' || *code == '=' || *code == '<') ++code;
  const char* codes = wanted == elements::boolean ? "?" : "bhilqn";
  const bool known = *code != '\0' && code[1] == '\0' && std::strchr(codes, *code) != nullptr;
  if (!known || !fits(wanted, bytes_each)) throw refuse_type(name, type_name(format, bytes_each), wanted);
  return dtype_of(bytes_each);
}

nsameta_dtype dtype_of(const char* name, const element_type& type, elements wanted) {
  constexpr std::uint8_t integer = 0, boolean = 6;
  if (type.code != (wanted == elements::boolean ? boolean : integer) || type.lanes != 1 || type.bits % 8 != 0 ||
      !fits(wanted, type.bits / 8))
    throw refuse_type(name, type_name(type), wanted);
  return dtype_of(type.bits / 8);
}

int dimensions_of(const char* name, int count) {
  if (count > 2)
    throw invalid_argument(std::string(name) + " has " + std::to_string(count) + " dimensions, more than 2");
  if (count < 0) throw invalid_argument(std::string(name) + " has " + std::to_string(count) + " dimensions, negative");
  return count;
}

library_error no_sizes(const char* name) {
  return invalid_argument(std::string(name) + " does not tell the sizes of its dimensions");
}

/// Sets the strides of rows without gaps. A size that memory cannot hold is refused here, whatever the strides.
void set_dense(const char* name, std::int64_t bytes_each, array_view* view) {
  std::int64_t bytes = bytes_each;
  for (int d = view->dimensions - 1; d >= 0; --d) {
    if (view->shape[d] < 0)
      throw invalid_argument(std::string(name) + " has a size of " + std::to_string(view->shape[d]) + ", negative");
    view->stride[d] = bytes / bytes_each;
    if (view->shape[d] > 0 && __builtin_mul_overflow(bytes, view->shape[d], &bytes))
      throw invalid_argument(std::string(name) + " has a size of " + std::to_string(view->shape[d]) +
                             ", more than memory holds");
  }
}

array_view finish(const char* name, void* data, array_view view) {
  view.data = data;
  for (int d = 0; d < view.dimensions; ++d) {
    if (view.shape[d] == 0) view.data = nothing;
    if (view.shape[d] <= 1) view.stride[d] = 1;
  }
  if (view.data == nullptr)
    throw invalid_argument(std::string(name) +
                           " has no memory, as a traced, fake or meta array: one that holds values is wanted");
  if (view.data == nothing) return view;
  for (int d = 0; d < view.dimensions; ++d)
    if (view.stride[d] < 0)
      throw invalid_argument(std::string(name) + " has a stride of " + std::to_string(view.stride[d]) +
                             ", negative: a copy that runs forward is wanted");
  return view;
}

}  // namespace

const char* other_than(elements wanted) {
  constexpr const char* words[] = {"not int32", "neither int32 nor int64", "not int64", "not bool"};
  return words[static_cast<int>(wanted)];
}

array_view view_of(const char* name, const buffer_description& buffer, elements wanted) {
  array_view view{};
  view.dtype = dtype_of(name, buffer.format, buffer.bytes_each, wanted);
  view.dimensions = dimensions_of(name, buffer.dimensions);
  if (view.dimensions > 0 && buffer.shape == nullptr) {
    if (view.dimensions > 1 || buffer.strides != nullptr) throw no_sizes(name);
    view.shape[0] = buffer.bytes / buffer.bytes_each;
  }
  for (int d = 0; d < view.dimensions; ++d) {
    if (buffer.shape != nullptr) view.shape[d] = buffer.shape[d];
    if (buffer.indirection != nullptr && buffer.indirection[d] >= 0)
      throw invalid_argument(std::string(name) + " is an array of pointers to its rows: one in one piece is wanted");
  }
  set_dense(name, buffer.bytes_each, &view);
  if (buffer.strides != nullptr)
    for (int d = 0; d < view.dimensions; ++d) {
      view.stride[d] = buffer.strides[d] / buffer.bytes_each;
      if (buffer.strides[d] % buffer.bytes_each != 0 && view.shape[d] > 1)
        throw invalid_argument(std::string(name) + " has a stride of " + std::to_string(buffer.strides[d]) +
                               " bytes, no multiple of its elements' " + std::to_string(buffer.bytes_each));
    }
  return finish(name, buffer.data, view);
}

array_view view_of(const char* name, const tensor& shown, elements wanted) {
  array_view view{};
  view.dtype = dtype_of(name, shown.type, wanted);
  view.dimensions = dimensions_of(name, shown.dimensions);
  if (view.dimensions > 0 && shown.shape == nullptr) throw no_sizes(name);
  for (int d = 0; d < view.dimensions; ++d) view.shape[d] = shown.shape[d];
  set_dense(name, shown.type.bits / 8, &view);
  if (shown.strides != nullptr)
    for (int d = 0; d < view.dimensions; ++d) view.stride[d] = shown.strides[d];
  // As numbers: the offset may be anything.
  const auto address = reinterpret_cast<std::uintptr_t>(shown.data);
  return finish(name, address != 0 ? reinterpret_cast<void*>(address + shown.byte_offset) : nullptr, view);
}

array_view view_of(const char* name, const versioned_tensor& shown, access how, elements wanted) {
  if (shown.version.major != dlpack_version::known_major)
    throw invalid_argument(std::string(name) + " is of DLPack " + std::to_string(shown.version.major) + "." +
                           std::to_string(shown.version.minor) + ", not of version 1");
  if (how == access::write && (shown.flags & versioned_tensor::read_only) != 0) throw read_only(name);
  if (how == access::write && (shown.flags & versioned_tensor::copied) != 0)
    throw invalid_argument(std::string(name) + " is shown as a copy, to which a fill would write in vain");
  return view_of(name, shown.shown, wanted);
}

library_error read_only(const char* name) {
  return invalid_argument(std::string(name) + " is read-only, and a fill writes to it: a writable array is wanted");
}

}  // namespace nsameta::python
