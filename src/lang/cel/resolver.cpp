#include "lang/cel/resolver.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "lang/cel/functions.h"

namespace pawl::cel {
namespace {

// What a subtree depends on. It is constant where it has no variable and no local from outside.
struct Depends {
  bool variable = false;
  std::size_t outermost = SIZE_MAX;  // the lowest place in the scope of a local that it uses

  void add(const Depends& other) {
    variable = variable || other.variable;
    outermost = std::min(outermost, other.outermost);
  }
};

class Resolver {
 public:
  Resolver(Tree& tree, const Environment& environment, const Source& source, const Limits& limits,
           Errors& errors)
      : tree_(tree), environment_(environment), source_(source), limits_(limits), errors_(errors) {}

  Depends visit(NodeId id) {
    const Depends found = parts_of(id);
    tree_[id].constant = !found.variable && found.outermost >= scope_.size();
    return found;
  }

 private:
  Depends parts_of(NodeId id) {
    switch (tree_[id].form) {
      case Form::name:
        return name(id);
      case Form::select:
        if (auto found = dotted_name(id)) return *found;
        break;
      case Form::call:
        qualify(id);
        break;
      case Form::fold:
      case Form::bind:
      case Form::map_option:
        return binding(id);
      case Form::literal:
      case Form::variable:
      case Form::local:
      case Form::type_name:
      case Form::list:
      case Form::map:
      case Form::all_of:
      case Form::any_of:
      case Form::choice:
        break;
    }
    Depends all;
    for (const NodeId part : tree_[id].parts) all.add(visit(part));
    return all;
  }

  std::optional<std::size_t> local(std::string_view name) const {
    for (std::size_t i = scope_.size(); i-- > 0;) {
      if (scope_[i] == name) return i;
    }
    return {};
  }

  // Makes the node a variable or a type, where the environment knows the name.
  std::optional<Depends> known(Node& node, std::string_view name, bool absolute) {
    for (const std::string& candidate : environment_.candidates(name, absolute)) {
      if (const Variable* variable = environment_.find(candidate)) {
        node.form = Form::variable;
        node.slot = environment_.slot_of(*variable);
        node.parts.clear();
        return Depends{.variable = true};
      }
    }
    const std::string_view type = type_value(name);
    if (type.empty()) return {};
    node.form = Form::type_name;
    node.text = type;
    node.parts.clear();
    return Depends{};
  }

  Depends name(NodeId id) {
    Node& node = tree_[id];
    const auto place = node.absolute ? std::nullopt : local(node.text);
    if (place) {
      node.form = Form::local;
      node.slot = static_cast<std::uint32_t>(*place);
      return {.outermost = *place};
    }
    // An unknown name may be known where the expression runs again: not constant.
    return known(node, node.text, node.absolute).value_or(Depends{.variable = true});
  }

  // `a.b.c` as it may be written in a declaration; empty where it is anything else, or where it
  // begins with a local.
  std::string dotted(NodeId id, bool& absolute) const {
    const Node& node = tree_[id];
    if (node.form == Form::name) {
      absolute = node.absolute;
      return !absolute && local(node.text) ? std::string() : node.text;
    }
    if (node.form != Form::select || node.present || node.optional) return {};
    std::string left = dotted(node.parts[0], absolute);
    return left.empty() ? left : left + "." + node.text;
  }

  std::optional<Depends> dotted_name(NodeId id) {
    bool absolute = false;
    const std::string name = dotted(id, absolute);
    if (name.empty()) return {};
    return known(tree_[id], name, absolute);
  }

  // `math.greatest(...)` is a function and not a member of `math`.
  void qualify(NodeId id) {
    Node& node = tree_[id];
    if (!node.receiver) return;
    bool absolute = false;
    const std::string target = dotted(node.parts[0], absolute);
    if (target.empty()) return;
    for (const std::string& candidate :
         environment_.candidates(target + "." + node.text, absolute)) {
      const bool declared = std::ranges::any_of(environment_.functions(), [&](const Declared& f) {
        return f.name == candidate && !f.receiver;
      });
      if (!declared && find_function(candidate) == nullptr) continue;
      node.text = candidate;
      node.receiver = false;
      node.parts.erase(node.parts.begin());
      return;
    }
  }

  Depends binding(NodeId id) {
    Depends all = visit(tree_[id].parts[0]);
    const bool fold = tree_[id].form == Form::fold;
    folds_ += fold ? 1 : 0;
    const std::uint32_t most = std::min(limits_.folds_max, folds_room);
    if (folds_ > most) {
      errors_.push_back(
          error_at(source_, tree_[id].offset,
                   fmt::format("macros over lists are at most {} inside each other", most)));
    }
    for (const std::string& name : tree_[id].variables) {
      tree_[id].frame_slots.push_back(static_cast<std::uint32_t>(scope_.size()));
      scope_.push_back(name);
    }
    const auto used = static_cast<std::uint32_t>(scope_.size());
    tree_.frame_size = std::max(tree_.frame_size, used);
    for (std::size_t i = 1; i < tree_[id].parts.size(); ++i) all.add(visit(tree_[id].parts[i]));
    scope_.resize(scope_.size() - tree_[id].variables.size());
    folds_ -= fold ? 1 : 0;
    return all;
  }

  Tree& tree_;
  const Environment& environment_;
  const Source& source_;
  const Limits& limits_;
  Errors& errors_;
  std::vector<std::string> scope_;
  std::uint32_t folds_ = 0;
};

}  // namespace

void resolve(Tree& tree, const Environment& environment, const Source& source, const Limits& limits,
             Errors& errors) {
  Resolver(tree, environment, source, limits, errors).visit(tree.root);
}

}  // namespace pawl::cel
