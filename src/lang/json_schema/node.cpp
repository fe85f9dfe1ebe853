#include <algorithm>
#include <bit>
#include <compare>

#include "base/text_key.h"
#include "lang/json_schema/node.h"

namespace pawl::json_schema {

NameKey NameKey::of(std::string_view name) {
  const TextKey key = TextKey::of(name);
  return {key.size, std::byteswap(key.head), std::byteswap(key.tail)};
}

void Names::add(std::string_view name, NodeId node, bool required) {
  all.push_back({std::string(name), NameKey::of(name), node, required});
}

void Names::sort() {
  // Of one size and with the same beginning: the rest of them, in full.
  std::ranges::sort(all, [](const Named& a, const Named& b) {
    return a.key.size != b.key.size ? a.key.size < b.key.size : a.name < b.name;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && all[kept - 1].name == all[i].name) {
      Named& same = all[kept - 1];
      if (same.node == no_node) same.node = all[i].node;
      same.required |= all[i].required;
      continue;
    }
    if (kept != i) all[kept] = std::move(all[i]);
    ++kept;
  }
  all.resize(kept);
}

const Named* Names::find(std::string_view name) const {
  const NameKey key = NameKey::of(name);
  std::size_t low = 0;
  std::size_t high = all.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Named& there = all[middle];
    std::strong_ordering order = there.key.size <=> key.size;
    if (order == 0) order = there.key.head <=> key.head;
    if (order == 0) {
      // Behind the first eight bytes of a long name others come before its last eight.
      order =
          key.size > TextKey::exact_bytes_max ? there.name <=> name : there.key.tail <=> key.tail;
    }
    if (order == 0) return &there;
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return nullptr;
}

}  // namespace pawl::json_schema
