/// Any bytes as what a Python array tells of itself, by DLPack or the buffer protocol: a sentence that names the
/// argument, or a view of the very elements that were described. No array is behind it: nothing may be read through it.
#include <algorithm>
#include <array>
#include <cstring>

#include "array_view.h"
#include "fuzz.h"

namespace nsameta::test {
namespace {

using python::access;
using python::array_view;

__extension__ typedef __int128 wide;  // holds any product of what is described

constexpr const char* name = "seq_lens";

/// As many numbers as a description may have that is believed: two. More dimensions are refused unread.
using numbers = std::array<std::int64_t, 2>;

/// Mostly small, at times anything.
std::int64_t any_number(byte_reader& in) {
  const auto kind = in.take<std::uint8_t>();
  return kind < 0xe0 ? std::int64_t{kind} - 16 : in.take<std::int64_t>();
}

numbers any_numbers(byte_reader& in) { return {any_number(in), any_number(in)}; }

int any_dimensions(byte_reader& in) {
  const std::int64_t number = any_number(in);
  return static_cast<int>(number >= 0 ? number % 4 : number);
}

/// No two addresses of it are read or written.
void* any_address(byte_reader& in) {
  return reinterpret_cast<void*>(in.flag() ? std::uintptr_t{4096} : in.take<std::uintptr_t>());
}

/// What was described, in the terms of a view. Strides in bytes.
struct description {
  std::uintptr_t address;
  int dimensions;
  const std::int64_t *shape, *strides;
  std::int64_t stride_unit;  ///< bytes of what strides count
  bool int32, int64, boolean;
};

void check_view(const array_view& view, const description& of, elements wanted) {
  const std::int64_t bytes = element_bytes(view.dtype);
  require(wanted == elements::boolean ? of.boolean && bytes == 1
          : bytes == 8                ? of.int64 && wanted != elements::int32
                                      : of.int32 && wanted != elements::int64,
          "other elements than described");
  require(view.dimensions == of.dimensions && view.dimensions >= 0 && view.dimensions <= 2, "other dimensions");
  require(view.data != nullptr, "no data");
  wide dense = 1;
  bool empty = false;
  for (int d = 0; d < view.dimensions; ++d) {
    require(view.shape[d] >= 0, "a negative size");
    if (of.shape != nullptr) require(view.shape[d] == of.shape[d], "another size");
    empty = empty || view.shape[d] == 0;
  }
  for (int d = view.dimensions - 1; d >= 0; --d) {
    const wide described = of.strides != nullptr ? wide{of.strides[d]} * of.stride_unit : dense * bytes;
    if (view.shape[d] > 1)
      require(wide{view.stride[d]} * bytes == described, "another stride");
    else
      require(view.stride[d] == 1, "a stride between no two elements");
    if (!empty) require(view.stride[d] >= 0, "a negative stride");
    dense *= std::max<std::int64_t>(view.shape[d], 1);
  }
  require(dense * bytes <= INT64_MAX, "more elements than memory holds");
  if (!empty) require(reinterpret_cast<std::uintptr_t>(view.data) == of.address, "another address");
}

/// Calls the reader, which may refuse in words.
template <class Read>
void check(const description& of, elements wanted, Read read) {
  const auto require_sentence = [](const char* said) {
    require(std::string_view(said).starts_with(std::string(name) + " "), "a sentence that names no argument");
  };
  try {
    check_view(read(), of, wanted);
  } catch (const python::wrong_type& error) {
    require_sentence(error.what());
  } catch (const python::library_error& error) {
    require(error.status == NSAMETA_INVALID_ARGUMENT, "another status");
    require_sentence(error.what());
  }
}

void read_tensor(byte_reader& in, elements wanted) {
  numbers shape = any_numbers(in), strides = any_numbers(in);
  python::versioned_tensor versioned{};
  versioned.version = {in.flag() ? 1u : in.take<std::uint32_t>(), in.take<std::uint32_t>()};
  versioned.flags = in.take<std::uint8_t>();
  python::tensor& shown = versioned.shown;
  shown.data = any_address(in);
  shown.dimensions = any_dimensions(in);
  const auto bits = static_cast<std::uint8_t>(in.flag() ? 32 : in.flag() ? 64 : in.take<std::uint8_t>());
  shown.type = {static_cast<std::uint8_t>(in.flag() ? 0 : in.take<std::uint8_t>()), bits,
                static_cast<std::uint16_t>(in.flag() ? 1 : in.take<std::uint16_t>())};
  shown.shape = in.take<std::uint8_t>() < 0xf0 ? shape.data() : nullptr;
  shown.strides = in.flag() ? strides.data() : nullptr;
  shown.byte_offset = in.flag() ? 0 : in.take<std::uint64_t>();

  const bool integer = shown.type.code == 0 && shown.type.lanes == 1;
  const description of{reinterpret_cast<std::uintptr_t>(shown.data) + shown.byte_offset,
                       shown.dimensions,
                       shown.shape,
                       shown.strides,
                       bits / 8,
                       integer && bits == 32,
                       integer && bits == 64,
                       shown.type.code == 6 && shown.type.lanes == 1 && bits == 8};
  check(of, wanted, [&] { return python::view_of(name, shown, wanted); });
  const access how = in.flag() ? access::write : access::read;
  check(of, wanted, [&] {
    const array_view view = python::view_of(name, versioned, how, wanted);
    require(versioned.version.major == 1, "a layout that nobody knows");
    require(how == access::read || (versioned.flags & 3) == 0, "an output that cannot be written");
    return view;
  });
}

void read_buffer(byte_reader& in, elements wanted) {
  const numbers shape = any_numbers(in), strides = any_numbers(in), indirection = any_numbers(in);
  python::buffer_description buffer{};
  buffer.data = any_address(in);
  buffer.bytes = any_number(in);
  buffer.bytes_each = in.flag() ? 4 : in.flag() ? 8 : any_number(in);
  buffer.dimensions = any_dimensions(in);
  buffer.shape = in.take<std::uint8_t>() < 0xf0 ? shape.data() : nullptr;
  buffer.strides = in.flag() ? strides.data() : nullptr;
  buffer.indirection = in.take<std::uint8_t>() < 0xe0 ? nullptr : indirection.data();
  const std::string text(in.rest().begin(), in.rest().end());  // ends where a C string does
  buffer.format = text.empty() ? nullptr : text.c_str();

  std::string_view format = buffer.format != nullptr ? buffer.format : "";
  if (!format.empty() && std::strchr("@=<", format.front()) != nullptr) format.remove_prefix(1);
  const bool integer = format.size() == 1 && std::strchr("bhilqn", format.front()) != nullptr;
  const description of{reinterpret_cast<std::uintptr_t>(buffer.data),
                       buffer.dimensions,
                       buffer.shape,
                       buffer.strides,
                       1,
                       integer && buffer.bytes_each == 4,
                       integer && buffer.bytes_each == 8,
                       format == "?" && buffer.bytes_each == 1};
  check(of, wanted, [&] {
    const array_view view = python::view_of(name, buffer, wanted);
    for (int d = 0; d < view.dimensions && buffer.indirection != nullptr; ++d)
      require(buffer.indirection[d] < 0, "pointers to rows");
    if (view.dimensions == 1 && buffer.shape == nullptr)
      require(view.shape[0] == buffer.bytes / buffer.bytes_each, "another size than its bytes hold");
    return view;
  });
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nsameta;
  test::byte_reader in({data, size});
  const auto wanted = static_cast<elements>(in.between(0, 2));
  const bool has_buffer = in.flag();
  for (const elements each : {wanted, elements::boolean}) {
    test::byte_reader same = in;
    has_buffer ? test::read_buffer(same, each) : test::read_tensor(same, each);
  }
  return 0;
}
