// A set of texts for the hot path: a few are compared in a row, many are hashed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/text_key.h"

namespace pawl {

class TextSet {
 public:
  void insert(std::string_view text);
  bool contains(std::string_view text) const { return contains(text, TextKey::of(text)); }
  // The same where the key is there already.
  bool contains(std::string_view text, const TextKey& key) const {
    if (!many_.empty()) return contains_among_many(text);
    for (const Few& one : few_) {
      if (one.key == key && (key.exact() || one.text == text)) return true;
    }
    return false;
  }
  bool empty() const { return few_.empty() && many_.empty(); }

 private:
  struct Few {
    TextKey key;
    std::string text;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  static constexpr std::size_t few_max = 8;

  bool contains_among_many(std::string_view text) const;

  std::vector<Few> few_;
  std::unordered_set<std::string, Hash, std::equal_to<>> many_;
};

}  // namespace pawl
