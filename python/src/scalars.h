/// Arguments that are no arrays.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include <nanobind/nanobind.h>

#include "errors.h"

namespace nsameta::python {

inline std::string shown(const char* name, nb::handle value) {
  return std::string(name) + " is " + from_python(nb::repr(value));
}

/// The number that a Python object is, if `Integer` can hold it.
template <class Integer>
Integer to_integer(const char* name, nb::handle value) {
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));  // an int gives itself
  if (!index.is_valid()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
    PyErr_Clear();
    throw nb::type_error((shown(name, value) + ", not an integer").c_str());
  }
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0 || number < std::numeric_limits<Integer>::min() || number > std::numeric_limits<Integer>::max())
    throw invalid_argument(shown(name, value) + ", more than " + std::to_string(8 * sizeof(Integer)) + " bits hold");
  return static_cast<Integer>(number);
}

template <class Integer>
Integer to_natural(const char* name, nb::handle value) {
  const auto number = to_integer<Integer>(name, value);
  if (number < 0) throw invalid_argument(shown(name, value) + ", negative");
  return number;
}

/// `count` numbers of a sequence.
template <std::size_t count>
std::array<std::int32_t, count> to_integers(const char* name, nb::handle value) {
  if (PySequence_Check(value.ptr()) == 0 || nb::len(value) != count)
    throw nb::type_error((shown(name, value) + ", not a sequence of " + std::to_string(count) + " integers").c_str());
  std::array<std::int32_t, count> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers[i] = to_integer<std::int32_t>(name, value[i]);
  return numbers;
}

/// The place of a word among `words`.
inline int to_choice(const char* name, nb::handle value, std::span<const char* const> words) {
  if (nb::isinstance<nb::str>(value))
    for (std::size_t i = 0; i < words.size(); ++i)
      if (PyUnicode_CompareWithASCIIString(value.ptr(), words[i]) == 0) return static_cast<int>(i);
  std::string message = shown(name, value) + ", none of";
  for (const char* word : words) message += std::string(word == words[0] ? " " : ", ") + word;
  throw invalid_argument(message);
}

}  // namespace nsameta::python
