// A set of texts for the hot path: a few are compared in a row, many are hashed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pawl {

class TextSet {
 public:
  void insert(std::string_view text);
  bool contains(std::string_view text) const;
  bool empty() const { return few_.empty() && many_.empty(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  static constexpr std::size_t few_max = 8;

  std::vector<std::string> few_;
  std::unordered_set<std::string, Hash, std::equal_to<>> many_;
};

}  // namespace pawl
