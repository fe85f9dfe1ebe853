// Conditions that let more through than they seem to: patterns that are found anywhere, beginnings
// and ends of names that others may share, and `all` over a list that may be empty. Where there is
// one, a value that passes and should not is part of the finding (case L09).
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "analysis/check/parts.h"
#include "base/text.h"
#include "lang/cel/parser.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;
using cel::Form;

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

bool alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A text that such a pattern finds in a longer one; empty where the pattern is not a plain text.
std::string found_in(std::string_view pattern) {
  const bool begins = pattern.starts_with("^");
  if (begins) pattern.remove_prefix(1);
  const bool ends = pattern.ends_with("$") && !pattern.ends_with("\\$");
  if (ends) pattern.remove_suffix(1);
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = pattern[i] == '\\' && i + 1 < pattern.size();
    const char c = pattern[escaped ? ++i : i];
    // Of letters and digits an escape is a class of characters.
    const bool plain = alphanumeric(c) ? !escaped : std::string_view("@.-_/: ").contains(c);
    if (!plain) return {};
    text += c;
  }
  return (begins ? "" : "evil") + text + (ends ? "" : ".evil");
}

// What a name, a path or an address is made of besides letters and digits.
bool names_a_place(std::string_view text) {
  return text.find_first_of("@./:") != std::string_view::npos;
}

class Reader {
 public:
  Reader(const Subject& subject, const ToolRule& entry, const Condition& condition)
      : subject_(subject), entry_(entry), condition_(condition) {}

  void run() {
    const auto tree = cel::parse({condition_.text(), {}}, cel::policy_limits);
    if (!tree) return;
    tree_ = &*tree;
    look(tree->root, condition_.polarity() == Polarity::grants);
  }

 private:
  void found(std::string message) const {
    subject_.finding(warning, condition_.rule().at, std::move(message));
  }

  // `allows`: more calls run where this part is true.
  void look(cel::NodeId id, bool allows) {  // NOLINT(misc-no-recursion)
    const cel::Node& node = (*tree_)[id];
    if (node.form == Form::call && node.text == "!_") return look(node.parts[0], !allows);
    if (allows && node.form == Form::call && node.text == "matches") look_at_pattern(node);
    if (allows && node.form == Form::call) look_at_ends(node);
    if (allows && node.form == Form::fold && node.fold == cel::Fold::all) look_at_all(node);
    for (const cel::NodeId part : node.parts) look(part, allows);
  }

  void look_at_pattern(const cel::Node& call) const {
    const cel::Node& pattern = (*tree_)[call.parts.back()];
    if (pattern.form != Form::literal || pattern.literal != cel::Literal::string) return;
    if (anchored(pattern.text) || grouped(pattern.text)) return;
    const std::string witness = found_in(pattern.text);
    found(
        fmt::format("the pattern `{}` is found anywhere in the text{}: `^(…)$` makes it the whole",
                    escape_untrusted(pattern.text),
                    witness.empty() ? "" : fmt::format(", as in `{}`", escape_untrusted(witness))));
  }

  // `endsWith("myco.example")` and its like: the name goes on where the text begins or ends.
  void look_at_ends(const cel::Node& call) const {
    if (call.parts.size() != 2) return;
    const cel::Node& part = (*tree_)[call.parts[1]];
    if (part.form != Form::literal || part.literal != cel::Literal::string) return;
    const std::string& text = part.text;
    if (text.empty() || !names_a_place(text)) return;
    std::string witness;
    if (call.text == "endsWith" && alphanumeric(text.front())) {
      witness = "evil" + text;
    } else if (call.text == "startsWith" && alphanumeric(text.back())) {
      witness = text + ".evil";
    } else if (call.text == "contains") {
      witness = "evil" + text + ".evil";
    } else {
      return;
    }
    found(fmt::format("`{}(\"{}\")` also holds for `{}`", call.text, escape_untrusted(text),
                      escape_untrusted(witness)));
  }

  // `args.to` where the range is that argument.
  std::string argument_of(cel::NodeId id) const {
    const cel::Node& node = (*tree_)[id];
    if (node.form != Form::select) return {};
    const cel::Node& left = (*tree_)[node.parts[0]];
    return left.form == Form::name && left.text == "args" ? node.text : std::string();
  }

  // An entry that names the argument refuses empty lists of it by itself.
  bool never_empty(const std::string& argument) const {
    return std::ranges::any_of(entry_.arguments, [&](const ArgumentRule& rule) {
      return rule.path.size() == 1 && rule.path.front().name == argument && rule.min_items > 0 &&
             rule.required;
    });
  }

  void look_at_all(const cel::Node& fold) const {
    const std::string argument = argument_of(fold.parts[0]);
    if (!argument.empty() && never_empty(argument)) return;
    if (condition_.text().find("size(") != std::string::npos) return;
    const std::string list = argument.empty() ? "LIST" : "args." + escape_untrusted(argument);
    found(fmt::format("`all` is true for an empty list: `size({}) > 0 && …` asks for one element",
                      list));
  }

  const Subject& subject_;
  const ToolRule& entry_;
  const Condition& condition_;
  const cel::Tree* tree_ = nullptr;
};

}  // namespace

void check_conditions(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    for (const auto& condition : entry.conditions) Reader(subject, entry, *condition).run();
  }
}

}  // namespace pawl::checking
