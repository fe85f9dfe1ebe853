// An immutable table from names to positions, built once and asked on the path of every call.
//
// Open addressing over the names' keys; a question costs one hash and, mostly, one comparison, and
// allocates nothing. The names come from the policy, so no agent or server chooses what is in the
// table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_key.h"

namespace pawl {

class NameTable {
 public:
  // The first value of a name stays.
  void add(std::string_view name, std::uint32_t value);
  std::optional<std::uint32_t> find(std::string_view name) const;
  // The same for a name of at most `TextKey::exact_bytes_max` bytes, which its key says in full.
  std::optional<std::uint32_t> find_short(const TextKey& key) const;
  bool empty() const { return names_.empty(); }
  std::size_t size() const { return names_.size(); }

 private:
  struct Slot {
    TextKey key;
    std::uint32_t name = 0;  // 1-based position in `names_`; 0: free
    std::uint32_t value = 0;
  };
  void grow();
  void place(const Slot& slot);

  std::vector<Slot> slots_;  // a power of two of them, at most half full
  std::vector<std::string> names_;
};

}  // namespace pawl
