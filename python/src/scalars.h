/// Arguments that are no arrays.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include "errors.h"
#include "words.h"

namespace nsameta::python {

/// "page_size is 48", or of what type it is where that takes more than a line, or is an address.
inline std::string shown(const char* name, nb::handle value) {
  const std::string text = from_python(nb::repr(value));
  const bool tells = text.size() <= 100 && text.find('\n') == text.npos && text.find(" at 0x") == text.npos;
  return std::string(name) + " is " + (tells ? text : "of type " + from_python(value.type().attr("__name__")));
}

/// True and False are integers to Python, and so are torch's, but none that anybody means.
inline bool is_bool(nb::handle value) {
  if (PyLong_CheckExact(value.ptr())) return false;
  return PyBool_Check(value.ptr()) ||
         from_python(nb::str(nb::getattr(value, "dtype", nb::str()))).find("bool") != std::string::npos;
}

/// The number that a Python object is, if `Integer` can hold it.
template <class Integer>
Integer to_integer(const char* name, nb::handle value) {
  if (is_bool(value)) throw wrong_type(shown(name, value) + ", not an integer");
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));  // an int gives itself
  if (!index.is_valid()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
    PyErr_Clear();
    throw wrong_type(shown(name, value) + ", not an integer");
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
    throw wrong_type(shown(name, value) + ", not a sequence of " + std::to_string(count) + " integers");
  std::array<std::int32_t, count> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers[i] = to_integer<std::int32_t>(name, value[i]);
  return numbers;
}

/// "; did you mean decode?" where a word is near enough to `word` to be meant, or else "".
inline std::string suggestion(std::string_view word, std::span<const char* const> words) {
  std::string plain(word);
  std::ranges::replace_if(plain, [](char c) { return c == '-' || c == ' '; }, '_');
  const std::vector<std::string_view> names(words.begin(), words.end());
  const std::string nearest(nearest_word(plain, names));
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

/// The place of a word among `words`.
inline int to_choice(const char* name, nb::handle value, std::span<const char* const> words) {
  const bool text = nb::isinstance<nb::str>(value);
  if (text)
    for (std::size_t i = 0; i < words.size(); ++i)
      if (PyUnicode_CompareWithASCIIString(value.ptr(), words[i]) == 0) return static_cast<int>(i);
  std::string message = shown(name, value) + ", none of";
  for (const char* word : words) message += std::string(word == words[0] ? " " : ", ") + word;
  throw invalid_argument(message + (text ? suggestion(from_python(value), words) : ""));
}

/// A text that goes to C.
inline std::string to_text(const char* name, nb::handle value) {
  if (!nb::isinstance<nb::str>(value)) throw wrong_type(shown(name, value) + ", not a str");
  std::string text = from_python(value);
  if (text.find('\0') != std::string::npos)
    throw invalid_argument(shown(name, value) + ", which holds a null character");
  return text;
}

}  // namespace nsameta::python
