// What an expression reads of its variables, for those who check policies.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/cel/compiling.h"

namespace pawl::cel {
namespace {

class Collector {
 public:
  Collector(const Tree& tree, const Environment& environment)
      : tree_(tree), environment_(environment), locals_(tree.frame_size) {}

  std::vector<Reference> run() {
    visit(tree_.root);
    return std::move(found_);
  }

 private:
  using Place = std::optional<Reference>;

  static Reference behind(Reference place, std::string_view step) {
    if (!place.path.empty() && !step.starts_with('[')) place.path += '.';
    place.path += step;
    return place;
  }

  void note(const Place& place) {
    if (!place) return;
    if (std::ranges::find(found_, *place) == found_.end()) found_.push_back(*place);
  }

  // Where a value comes from, without noting it yet; visits everything beside the way there.
  Place place_of(NodeId id) {
    const Node& node = tree_[id];
    if (node.form == Form::variable) {
      return Reference{environment_.variables()[node.slot].name, "", false};
    }
    if (node.form == Form::local) return locals_[node.slot];
    if (node.form == Form::select) {
      Place place = place_of(node.parts[0]);
      if (!place) return {};
      place = behind(std::move(*place), node.text);
      place->present = node.present;
      return place;
    }
    if (node.form == Form::call && (node.text == "_[_]" || node.text == "_[?_]")) {
      Place place = place_of(node.parts[0]);
      const Node& key = tree_[node.parts[1]];
      const bool field = key.form == Form::literal && key.literal == Literal::string;
      if (!field) visit(node.parts[1]);
      if (!place) return {};
      return behind(std::move(*place), field ? std::string_view(key.text) : "[]");
    }
    parts(node);
    return {};
  }

  void visit(NodeId id) { note(place_of(id)); }

  void parts(const Node& node) {
    const bool binds =
        node.form == Form::fold || node.form == Form::bind || node.form == Form::map_option;
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      if (i > 0 || !binds) {
        visit(node.parts[i]);
        continue;
      }
      const Place range = place_of(node.parts[0]);
      note(range);
      for (const std::uint32_t slot : node.frame_slots) locals_[slot].reset();
      if (!range) continue;
      const bool element = node.form == Form::fold;
      locals_[node.frame_slots.back()] = element ? behind(*range, "[]") : *range;
    }
  }

  const Tree& tree_;
  const Environment& environment_;
  std::vector<Place> locals_;
  std::vector<Reference> found_;
};

}  // namespace

std::vector<Reference> Compiling::references() const {
  return Collector(tree_, environment_).run();
}

}  // namespace pawl::cel
