/// Collectives move 32-bit words; larger values go through them word by word, in registers.
#pragma once

#include "common/annotations.h"

namespace nsameta::gpu {

/// `value` after `move` was applied to each of its words.
template <class T, class Move>
NSAMETA_DEVICE T by_words(const T& value, Move move) {
  static_assert(sizeof(T) % 4 == 0);
  unsigned words[sizeof(T) / 4];
  __builtin_memcpy(words, &value, sizeof(T));
  for (unsigned& word : words) word = move(word);
  T moved;
  __builtin_memcpy(&moved, words, sizeof(T));
  return moved;
}

}  // namespace nsameta::gpu
