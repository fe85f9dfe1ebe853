// Schemas about the same value make a graph. It may have no circle, because a circle would check
// the same value for ever; circles through members and elements end where the value ends.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lang/json_schema/address.h"
#include "lang/json_schema/reader.h"

namespace pawl::json_schema {
namespace {

std::vector<NodeId> in_place(const Compiled& compiled, const Node& node) {
  std::vector<NodeId> out;
  if (node.in_place) {
    const InPlace& rules = *node.in_place;
    for (NodeId one : {rules.reference, rules.dynamic, rules.negated, rules.condition, rules.then,
                       rules.otherwise}) {
      if (one != no_node) out.push_back(one);
    }
    for (const auto* list : {&rules.all_of, &rules.any_of, &rules.one_of}) {
      out.insert(out.end(), list->begin(), list->end());
    }
    if (rules.dynamic_anchor) {
      for (const auto& place : compiled.anchors[*rules.dynamic_anchor].places) {
        out.push_back(place.node);
      }
    }
  }
  if (node.object) {
    for (const Dependent& dependent : node.object->dependents) {
      if (dependent.schema != no_node) out.push_back(dependent.schema);
    }
  }
  return out;
}

// Depth first without recursion. `depth` of a node is known once it is left.
struct Visit {
  NodeId node;
  std::vector<NodeId> below;
  std::size_t next = 0;
};
enum class Seen : std::uint8_t { no, open, left };

class Walk {
 public:
  explicit Walk(const Compiled& compiled)
      : compiled_(compiled), seen_(compiled.nodes.size()), depth_(compiled.nodes.size(), 1) {}

  Status from(NodeId start) {
    if (seen_[start] == Seen::no) enter(start);
    while (!path_.empty()) {
      Visit& at = path_.back();
      if (at.next < at.below.size()) {
        const NodeId below = at.below[at.next++];
        if (seen_[below] == Seen::open) return wrong(at.node, "comes back to itself");
        if (seen_[below] == Seen::no) enter(below);
        continue;
      }
      for (NodeId below : at.below) depth_[at.node] = std::max(depth_[at.node], depth_[below] + 1);
      if (depth_[at.node] > compiled_.limits.in_place_depth_max) {
        return wrong(at.node, "refers to schemas through too many others");
      }
      seen_[at.node] = Seen::left;
      path_.pop_back();
    }
    return {};
  }

 private:
  void enter(NodeId node) {
    seen_[node] = Seen::open;
    path_.push_back({node, in_place(compiled_, compiled_.nodes[node])});
  }
  std::unexpected<Error> wrong(NodeId node, std::string_view says) const {
    const std::string pointer = pointer_of(compiled_.document, compiled_.nodes[node].place);
    const std::string place = pointer.empty() ? "it" : "`" + escape_untrusted(pointer) + "`";
    return fail(ErrorKind::invalid, fmt::format("{} {} without going into the value", place, says));
  }

  const Compiled& compiled_;
  std::vector<Seen> seen_;
  std::vector<std::size_t> depth_;
  std::vector<Visit> path_;
};

}  // namespace

Status refuse_loops(const Compiled& compiled) {
  Walk walk(compiled);
  for (NodeId node = 0; node < compiled.nodes.size(); ++node) {
    if (const Status ends = walk.from(node); !ends) return ends;
  }
  return {};
}

}  // namespace pawl::json_schema
