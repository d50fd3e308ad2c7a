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

/// Values side by side in words, for one collective to move together.
template <int count>
struct word_pack {
  unsigned word[count];

  /// Packs `value` at word `at`, which goes on to the next free one.
  template <class T>
  NSAMETA_DEVICE void put(int& at, const T& value) {
    __builtin_memcpy(word + at, &value, sizeof(T));
    at += sizeof(T) / 4;
  }
  /// Unpacks in the order of the puts.
  template <class T>
  NSAMETA_DEVICE void take(int& at, T& value) const {
    __builtin_memcpy(&value, word + at, sizeof(T));
    at += sizeof(T) / 4;
  }
};

/// Replaces each of `values` by what `move` makes of it; `move` is called once, with all of them.
template <class Move, class... T>
NSAMETA_DEVICE void move_together(Move move, T&... values) {
  static_assert(((sizeof(T) % 4 == 0) && ...));
  word_pack<static_cast<int>((sizeof(T) + ...) / 4)> all;
  int at = 0;
  (all.put(at, values), ...);
  all = move(all);
  at = 0;
  (all.take(at, values), ...);
}

}  // namespace nsameta::gpu
