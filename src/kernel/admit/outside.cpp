// What leaves with a call that can carry data outside (case P15): credentials, texts that the
// policy lists, and long data in an encoding. By default people look; the policy may deny. Only
// calls with the mark pay for it.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "kernel/admit/argument_findings.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"
#include "lang/secret/secret.h"

namespace pawl {

namespace {

// The names on the way to a value, elements of arrays without one: `edits[].text` is edits, text.
using Names = std::vector<std::string_view>;

bool is_about(const ArgumentPath& path, const Names& names) {
  std::size_t at = 0;
  for (const Step& step : path) {
    if (step.each) continue;
    if (at == names.size() || step.name != names[at]) return false;
    ++at;
  }
  return at == names.size();
}

bool permits_length(const Check& check) {
  return check.kind == CheckKind::max_length && check.count > encoded_chars_max;
}

class Baggage {
 public:
  Baggage(const BoundTool& tool, const ListedTexts* listed) : tool_(tool), search_(listed) {}

  // What should not leave, in words that hold no bytes of the arguments but names.
  std::optional<std::string> find(json::View arguments) {
    for (const auto [key, value] : arguments.members()) {
      search_.begin();
      text(key);
      names_.push_back(key);
      look(value);
      if (!found_ && search_.encoded() > encoded_chars_max) {
        found_ = quoted(key) + " holds more than " + std::to_string(encoded_chars_max) +
                 " characters that look encoded, and no greater `max_length` says that it may";
      }
      names_.pop_back();
      if (found_) break;
    }
    return found_;
  }

 private:
  static std::string quoted(std::string_view name) { return "`" + escape_untrusted(name) + "`"; }

  void look(json::View value) {
    if (value.is_string()) return text(value.string());
    for (const json::View element : value.elements()) look(element);
    for (const auto [key, member] : value.members()) {
      text(key);  // a name carries as much as a value
      names_.push_back(key);
      look(member);
      names_.pop_back();
    }
  }

  void text(std::string_view text) {
    if (found_) return;
    if (!may_be_long()) search_.weigh(text);
    if (const auto what = search_.find(text)) {
      found_ = names_.empty() ? "a name of an argument is " + *what
                              : quoted(names_.front()) + " holds " + *what;
    }
  }

  // The policy says how long the argument may be, and that it is longer than what is looked for.
  bool may_be_long() const {
    return std::ranges::any_of(tool_.arguments, [&](const ArgumentRule& rule) {
      return std::ranges::any_of(rule.checks, permits_length) && is_about(rule.path, names_);
    });
  }

  const BoundTool& tool_;
  SecretSearch search_;
  Names names_;
  std::optional<std::string> found_;
};

const Rule& rule_of(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  if (entry.secrets) return entry.secrets_rule;
  return s.policy.secrets.rule.at.line > 0 ? s.policy.secrets.rule : entry.rule;
}

[[gnu::noinline]] bool refused_outside(const Situation& s, Verdict& v) {
  if (s.policy.secrets_of(*s.tool->entry) != Effect::deny) return false;
  auto what = leaving_of(s);
  return what && object(v, Code::constraint, &rule_of(s), std::move(*what));
}

[[gnu::noinline]] void look_inside(const Situation& s, Asked& asked) {
  if (s.policy.secrets_of(*s.tool->entry) != Effect::hold) return;
  if (const auto what = leaving_of(s)) {
    asked.ask(&rule_of(s), *what + ", and it can carry data outside");
    asked.by_value = true;
  }
}

}  // namespace

std::optional<std::string> leaving(const Policy& policy, const BoundTool& tool,
                                   json::View arguments) {
  return Baggage(tool, policy.secrets.listed.get()).find(arguments);
}

bool deny_outside(const Situation& s, Verdict& v) {
  return v.action_class.external_sink && refused_outside(s, v);
}

void ask_outside(const Situation& s, Asked& asked) {
  if (asked.action_class.external_sink) look_inside(s, asked);
}

}  // namespace pawl
