// Conditions that let more through than they seem to: patterns that are found anywhere, and `all`
// over a list that may be empty.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "kernel/expr/parser.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;
using expr::Form;

bool anchored(std::string_view pattern) {
  const bool begins = pattern.starts_with("^") || pattern.starts_with("\\A");
  const bool ends =
      (pattern.ends_with("$") && !pattern.ends_with("\\$")) || pattern.ends_with("\\z");
  // `^a|b$` binds each mark to one side only.
  return begins && ends && !pattern.contains('|');
}

bool grouped(std::string_view pattern) {
  return pattern.starts_with("^(") && pattern.ends_with(")$");
}

class Reader {
 public:
  Reader(const Subject& subject, const ToolRule& entry, const Condition& condition)
      : subject_(subject), entry_(entry), condition_(condition) {}

  void run() {
    const auto tree = expr::parse({condition_.text(), {}}, expr::policy_limits);
    if (!tree) return;
    tree_ = &*tree;
    look(tree->root, condition_.polarity() == Polarity::grants);
  }

 private:
  void found(std::string message) const {
    subject_.finding(warning, condition_.rule().at, std::move(message));
  }

  // `allows`: more calls run where this part is true.
  void look(expr::NodeId id, bool allows) {  // NOLINT(misc-no-recursion)
    const expr::Node& node = (*tree_)[id];
    if (node.form == Form::call && node.text == "!_") return look(node.parts[0], !allows);
    if (allows && node.form == Form::call && node.text == "matches") look_at_pattern(node);
    if (allows && node.form == Form::fold && node.fold == expr::Fold::all) look_at_all(node);
    for (const expr::NodeId part : node.parts) look(part, allows);
  }

  void look_at_pattern(const expr::Node& call) const {
    const expr::Node& pattern = (*tree_)[call.parts.back()];
    if (pattern.form != Form::literal || pattern.literal != expr::Literal::string) return;
    if (anchored(pattern.text) || grouped(pattern.text)) return;
    found(fmt::format("the pattern `{}` is found anywhere in the text: `^(…)$` makes it the whole",
                      visible(pattern.text)));
  }

  // `args.to` where the range is that argument.
  std::string argument_of(expr::NodeId id) const {
    const expr::Node& node = (*tree_)[id];
    if (node.form != Form::select) return {};
    const expr::Node& left = (*tree_)[node.parts[0]];
    return left.form == Form::name && left.text == "args" ? node.text : std::string();
  }

  // An entry that names the argument refuses empty lists of it by itself.
  bool never_empty(const std::string& argument) const {
    return std::ranges::any_of(entry_.arguments, [&](const ArgumentRule& rule) {
      return rule.path.size() == 1 && rule.path.front().name == argument && rule.min_items > 0 &&
             rule.required;
    });
  }

  void look_at_all(const expr::Node& fold) const {
    const std::string argument = argument_of(fold.parts[0]);
    if (!argument.empty() && never_empty(argument)) return;
    if (condition_.text().find("size(") != std::string::npos) return;
    const std::string list = argument.empty() ? "LIST" : "args." + visible(argument);
    found(fmt::format("`all` is true for an empty list: `size({}) > 0 && …` asks for one element",
                      list));
  }

  const Subject& subject_;
  const ToolRule& entry_;
  const Condition& condition_;
  const expr::Tree* tree_ = nullptr;
};

}  // namespace

void check_conditions(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    for (const auto& condition : entry.conditions) Reader(subject, entry, *condition).run();
  }
}

}  // namespace pawl::checking
