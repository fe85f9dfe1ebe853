// Joins instructions into probes (code.h).
//
// Only what was emitted in one piece and without a jump is joined, so nothing can land inside.
#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/cel/compiling.h"

namespace pawl::cel {
namespace {

bool includes(const Type& type, std::string_view text) {
  if (type.kind != TypeKind::string) return false;
  return type.choices.empty() || std::ranges::find(type.choices, text) != type.choices.end();
}

}  // namespace

// The path of a place that `count` instructions load: itself, or a variable and what is expected of
// it.
std::optional<std::uint32_t> Compiling::path_loaded(std::uint32_t from, std::uint32_t count) {
  const Instruction* const at = &code_->instructions[from];
  if (count == 1 && at[0].op == Op::path) return at[0].c;
  const bool variable =
      at[0].op == Op::variable && (count == 1 || (count == 2 && at[1].op == Op::expect));
  if (!variable) return {};
  Path path;
  path.slot = at[0].c;
  if (count == 2) path.expectation = static_cast<std::int32_t>(at[1].c);
  code_->paths.push_back(std::move(path));
  return static_cast<std::uint32_t>(code_->paths.size() - 1);
}

// What a place is asked, by the instructions behind the one that loads it.
std::optional<Probe> Compiling::asked(std::uint32_t from) const {
  const auto& all = code_->instructions;
  if (here() < from + 2) return {};
  const Instruction& last = all.back();
  const Instruction& before = all[all.size() - 2];
  Probe probe{.how = last.a, .fuel = here() - from, .constant = last.c};
  if (last.op == Op::less_than) {
    probe.kind = Probe::Kind::order;
  } else if (last.op == Op::equal_to) {
    probe.kind = Probe::Kind::equality;
  } else if (last.op == Op::in_list) {
    probe.kind = Probe::Kind::in_list;
  } else if (last.op == Op::call && last.b == 2 && before.op == Op::constant &&
             here() >= from + 3 && !code_->constants[before.c].failed()) {
    probe.kind = Probe::Kind::call;
    probe.constant = before.c;
    probe.function = last.c;
  } else {
    return {};
  }
  return probe;
}

// The short way of a probe, where it has one.
void Compiling::shorten(Probe& probe) const {
  const std::int32_t index = code_->paths[probe.path].expectation;
  const Expectation* expected =
      index < 0 ? nullptr : &code_->expectations[static_cast<std::size_t>(index)];
  const Value& constant = code_->constants[probe.constant];
  if (probe.kind == Probe::Kind::order && constant.is(ValueKind::integer) &&
      (expected == nullptr || expected->plain == ValueKind::integer)) {
    probe.way = Probe::Way::integers;
    probe.plain = ValueKind::integer;
  } else if (probe.kind == Probe::Kind::equality && constant.is(ValueKind::string) &&
             constant.size <= TextWords::whole_bytes_max &&
             (expected == nullptr || includes(*expected->type, constant.text()))) {
    probe.way = Probe::Way::same_text;
    probe.plain = ValueKind::string;
    probe.words = TextWords::of(constant.text());
  } else if (probe.kind == Probe::Kind::call && expected != nullptr &&
             expected->plain != ValueKind::error) {
    probe.way = Probe::Way::called;
    probe.plain = expected->plain;
  }
}

// Makes a probe of what was emitted since `from`, where it is one.
void Compiling::join(std::uint32_t from) {
  std::optional<Probe> probe = asked(from);
  if (!probe) return;
  const std::uint32_t behind = probe->kind == Probe::Kind::call ? 2 : 1;
  const auto path = path_loaded(from, here() - from - behind);
  if (!path) return;
  probe->path = *path;
  shorten(*probe);
  code_->probes.push_back(*probe);
  code_->instructions.resize(from);
  add(Op::probe, static_cast<std::uint32_t>(code_->probes.size() - 1));
}

// The probe on the right of an `&&` or `||`, and the jump before it: one instruction.
bool Compiling::join_condition(std::uint32_t skip, bool all) {
  if (here() != skip + 2 || code_->instructions.back().op != Op::probe) return false;
  const std::uint32_t probe = code_->instructions.back().c;
  if (probe > std::numeric_limits<std::uint16_t>::max()) return false;
  code_->instructions.resize(skip);
  --depth_;
  add(all ? Op::and_probe : Op::or_probe, 0, probe);
  return true;
}

// What an expression reads of its variables, for those who check policies.

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
