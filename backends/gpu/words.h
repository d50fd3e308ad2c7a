/// Collectives move 32-bit words; larger values go through them word by word, in registers.
#pragma once

#include "common/annotations.h"

namespace nsameta::gpu {

/// `value` after `move` was applied to each of its words.
template <class V, class Move>
NSAMETA_DEVICE V by_words(const V& value, Move move) {
  static_assert(sizeof(V) % 4 == 0);
  unsigned words[sizeof(V) / 4];
  __builtin_memcpy(words, &value, sizeof(V));
  for (unsigned& word : words) word = move(word);
  V moved;
  __builtin_memcpy(&moved, words, sizeof(V));
  return moved;
}

/// Values side by side in words, for one collective to move together.
template <int count>
struct word_pack {
  unsigned word[count];

  /// Packs `value` at word `at`, which goes on to the next free one.
  template <class V>
  NSAMETA_DEVICE void put(int& at, const V& value) {
    __builtin_memcpy(word + at, &value, sizeof(V));
    at += sizeof(V) / 4;
  }
  /// Unpacks in the order of the puts.
  template <class V>
  NSAMETA_DEVICE void take(int& at, V& value) const {
    __builtin_memcpy(&value, word + at, sizeof(V));
    at += sizeof(V) / 4;
  }
};

/// Replaces each of `values` by what `move` makes of it; `move` is called once, with all of them.
template <class Move, class... V>
NSAMETA_DEVICE void move_together(Move move, V&... values) {
  static_assert(((sizeof(V) % 4 == 0) && ...));
  word_pack<static_cast<int>((sizeof(V) + ...) / 4)> all;
  int at = 0;
  (all.put(at, values), ...);
  all = move(all);
  at = 0;
  (all.take(at, values), ...);
}

}  // namespace nsameta::gpu
