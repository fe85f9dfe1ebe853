// An immutable table from names to positions, built once and asked on the path of every call.
//
// Open addressing over 64-bit hashes; a question costs one hash and, mostly, one comparison, and
// allocates nothing. The names come from the policy, so nobody else chooses what is in the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl {

class NameTable {
 public:
  // The first value of a name stays.
  void add(std::string_view name, std::uint32_t value);
  std::optional<std::uint32_t> find(std::string_view name) const;
  bool empty() const { return names_.empty(); }
  std::size_t size() const { return names_.size(); }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t name = 0;  // 1-based position in `names_`; 0: free
    std::uint32_t value = 0;
  };
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half full
  std::vector<std::string> names_;
};

}  // namespace pawl
