/// The sentence of the last failed call, word by word.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "nsameta/nsameta.h"

namespace nsameta::test {

inline void expect_words(const std::string& sentence, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    CHECK_MESSAGE(sentence.find(word) != std::string::npos, "\"", word, "\" is not in: ", sentence);
  }
}

inline void expect_failure(nsameta_status got, nsameta_status wanted, std::initializer_list<const char*> words) {
  CHECK(std::string(nsameta_status_name(got)) == nsameta_status_name(wanted));
  expect_words(nsameta_last_error(), words);
}

}  // namespace nsameta::test
