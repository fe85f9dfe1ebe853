// Finds two keys of one object that are the same name: byte by byte, or after folding.
//
// Used inside the parser. Names are pushed as they come; because objects nest, the names of the
// object that closes are always the last ones on the stack. Nothing is allocated after warm-up
// while names are ASCII and objects are small; large objects cost a sort, never a square.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace pawl::json {

class DuplicateKeyCheck {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;

  // Forgets everything; names stay valid until the next `begin`. `arena` holds all names.
  void begin(DuplicateKeys duplicate_keys, std::string_view arena);

  std::uint32_t mark() const { return static_cast<std::uint32_t>(names_.size()); }

  // A name at `offset` of the arena. At least 8 readable bytes must follow the arena's end.
  void push(std::uint32_t offset, std::uint32_t size);

  // Ends the object whose first name was pushed at `mark`. False if two names are equal.
  bool close(std::uint32_t mark);

  // The two equal names after `close` said so, in the order of the text.
  const Pair& found() const { return found_; }

 private:
  struct Name {
    std::uint64_t signature;  // equal for equal names; different names seldom share one
    std::uint32_t offset;
    std::uint32_t size;
  };

  std::string_view text(const Name& name) const { return arena_.substr(name.offset, name.size); }
  bool same(const Name& a, const Name& b) const;
  bool search_small(std::size_t first);
  bool search_large(std::size_t first);
  bool search_folded(std::size_t first);

  DuplicateKeys duplicate_keys_ = DuplicateKeys::refuse;
  std::string_view arena_;
  std::vector<Name> names_;
  Pair found_;
  std::size_t first_not_ascii_ = SIZE_MAX;  // index of the first such name on the stack
};

}  // namespace pawl::json
