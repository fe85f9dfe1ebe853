#include <algorithm>

#include "kernel/schema/node.h"

namespace pawl::schema {
namespace {

bool before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

void Names::add(std::string_view name, NodeId node, bool required) {
  all.push_back({std::string(name), node, required});
}

void Names::sort() {
  std::ranges::sort(all, [](const Named& a, const Named& b) { return before(a.name, b.name); });
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
  std::size_t low = 0;
  std::size_t high = all.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const std::string& there = all[middle].name;
    if (there.size() == name.size()) {
      const int order = there.compare(name);
      if (order == 0) return &all[middle];
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    } else if (there.size() < name.size()) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nullptr;
}

}  // namespace pawl::schema
