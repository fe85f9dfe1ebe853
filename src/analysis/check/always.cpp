// Conditions that are always true or never, and cases that never decide: by the entry's own
// constraints, by the schema of its tool, by what the file says of itself, or because their parts
// contradict each other.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "analysis/check/comparison.h"
#include "analysis/check/domain.h"
#include "analysis/check/parts.h"
#include "base/json.h"
#include "base/text.h"
#include "kernel/admit/admit.h"
#include "kernel/policy/commands.h"
#include "lang/cel/parser.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

constexpr std::size_t shown_bytes_max = 100;

std::string shown(const Condition& condition) {
  const std::string& text = condition.text();
  return escape_untrusted(text.size() <= shown_bytes_max ? text
                                                         : text.substr(0, shown_bytes_max) + "…");
}

void only(std::string_view text, Domain& domain) {
  std::string json;
  json::write_string(text, json);
  domain.present = true;
  if (!domain.among) domain.among.emplace();
  if (std::ranges::find(*domain.among, json) == domain.among->end()) {
    domain.among->push_back(std::move(json));
  }
}

// What the file says of itself.
Domains own_domains(const Policy& policy, const ToolRule& entry) {
  Domains out;
  only(policy.agent, out["agent"]);
  if (entry.environment_by == nullptr) {
    only(to_string(policy.environment), out["env"]);
  } else {
    for (const auto& [value, environment] : entry.environment_by->values) {
      only(to_string(environment), out["env"]);
    }
  }
  return out;
}

// What a condition does, for the sentence about it.
struct Role {
  std::string always, never;
};

Role role_of(const ToolRule& entry, std::uint16_t place) {
  if (entry.only_if == place) return {"so it denies nothing", "so every call is denied"};
  if (entry.approval_if == place) {
    return {"so every call is asked for: `requires_approval: true` says that",
            "so it never asks a reviewer"};
  }
  const auto has = [place](const Cases& cases) {
    return std::ranges::any_of(cases.list, [&](const Case& one) { return one.condition == place; });
  };
  const bool of_a_row = entry.commands != nullptr &&
                        std::ranges::any_of(entry.commands->rows,
                                            [&](const CommandRow& row) { return has(row.cases); });
  return has(entry.cases) || of_a_row
             ? Role{"so the case applies to every call", "so the case never applies"}
             : Role{"so the route always matches", "so the route never matches"};
}

class Looking {
 public:
  Looking(const Subject& subject, const ToolRule& entry) : subject_(subject), entry_(entry) {}

  void run() {
    const std::vector<const ToolDefinition*> offered = subject_.tools_of(entry_);
    for (const ToolDefinition* tool : offered) {
      const BoundTool bound = bind(subject_.policy, entry_,
                                   std::make_shared<const ToolDefinition>(*tool), subject_.now);
      look(bound.arguments, bound.shape(), tool->name);
    }
    if (offered.empty()) look(entry_.arguments, nullptr, {});
  }

 private:
  void look(const std::vector<ArgumentRule>& rules, const Shape* shape, std::string_view tool) {
    const Domains own = own_domains(subject_.policy, entry_);
    Domains ruled = own;
    add_rules(rules, ruled);
    Domains all = ruled;
    if (shape != nullptr) add_shape(*shape, all);
    const auto conditions = static_cast<std::uint16_t>(entry_.conditions.size());
    for (std::uint16_t i = 0; i < conditions; ++i) {
      if (entry_.records_by != i) condition(i, own, ruled, all, tool);
    }
    for (const Case& one : entry_.cases.list) mapping(one, all, tool);
  }

  void condition(std::uint16_t place, const Domains& own, const Domains& ruled, const Domains& all,
                 std::string_view tool) {
    const Condition& condition = *entry_.conditions[place];
    const auto tree = cel::parse({condition.text(), {}}, cel::policy_limits);
    if (!tree) return;
    const Answer answer = judge(*tree, all);
    if (answer == Answer::open) return;
    // A comparison with what is not there fails, and what that means depends on the condition.
    const bool failing_is_so =
        (condition.polarity() == Polarity::grants) == (answer == Answer::never);
    if (!failing_is_so && !all_present(*tree, all)) return;
    std::string why =
        fmt::format("the schema of `{}` leaves no other value", escape_untrusted(tool));
    if (judge(*tree, own) == answer) {
      why = answer == Answer::never ? "its parts, or what the file says of itself, contradict it"
                                    : "whatever a call says";
    } else if (judge(*tree, ruled) == answer) {
      why = "the entry's own constraints leave no other value";
    }
    const Role role = role_of(entry_, place);
    subject_.finding(warning, condition.rule().at,
                     fmt::format("`{}` is {} true ({}), {}", shown(condition),
                                 answer == Answer::always ? "always" : "never", why,
                                 answer == Answer::always ? role.always : role.never));
  }

  // A case with constraints: together with those of the entry they may leave nothing.
  void mapping(const Case& one, const Domains& all, std::string_view tool) {
    Domains with = all;
    add_rules(one.arguments, with);
    for (const ArgumentRule& rule : one.arguments) {
      const std::string name = "args." + to_string(rule.path);
      const auto found = with.find(name);
      if (found == with.end() || !found->second.empty()) continue;
      const auto before = all.find(name);
      if (before != all.end() && before->second.empty()) continue;  // not the fault of the case
      subject_.finding(
          warning, rule.rule.at,
          fmt::format("no value of `{}` is left for this case{}: it never applies",
                      escape_untrusted(to_string(rule.path)),
                      tool.empty() ? std::string(" by the entry's own constraints")
                                   : fmt::format(" in a call of `{}`", escape_untrusted(tool))));
    }
  }

  const Subject& subject_;
  const ToolRule& entry_;
};

// What a case asks of a call, so that two cases can be compared: parts joined by `&&`, each in one
// spelling, or rules about arguments.
using Asks = std::set<std::string>;

std::string spelled_part(const cel::Tree& tree, cel::NodeId id) {  // NOLINT(misc-no-recursion)
  const cel::Node& node = tree[id];
  std::string out =
      fmt::format("({}.{}.{}.{}{}{} {} {}", static_cast<int>(node.form),
                  static_cast<int>(node.literal), static_cast<int>(node.fold), node.receiver,
                  node.present, node.optional, node.text, literal_json(node).value_or(""));
  for (const std::string& variable : node.variables) out += " " + variable;
  for (const cel::NodeId part : node.parts) out += spelled_part(tree, part);
  return out + ")";
}

Asks asks_of(const ToolRule& entry, const Case& one) {
  Asks out;
  if (!one.condition) {
    for (const ArgumentRule& rule : one.arguments) out.insert(spelled_rules({rule}));
    return out;
  }
  const std::string& text = entry.conditions[*one.condition]->text();
  const auto tree = cel::parse({text, {}}, cel::policy_limits);
  if (!tree) return {text};
  const cel::Node& root = (*tree)[tree->root];
  if (root.form != cel::Form::all_of) return {spelled_part(*tree, tree->root)};
  for (const cel::NodeId part : root.parts) out.insert(spelled_part(*tree, part));
  return out;
}

bool says_more(const Case& one) {
  const ApprovalTerms& terms = one.approval;
  return one.action_class || terms.quorum || terms.within || !terms.reviewers.empty() ||
         !terms.routes.empty() || terms.deny_on_timeout || terms.typed || !one.words.say.empty() ||
         !one.limits.empty() || !one.words.instead.empty();
}

// Whether `wide` decides every call that `narrow` applies to, at least as strictly. What fails
// stops in one that stops and grants nothing in one that grants, so only the same kinds are
// compared.
bool shadows(const Case& wide, const Asks& of_wide, const Case& narrow, const Asks& of_narrow) {
  const bool alike = wide.polarity() == narrow.polarity() || wide.then >= Effect::hold;
  return alike && wide.then >= narrow.then && std::ranges::includes(of_narrow, of_wide) &&
         !says_more(narrow);
}

void check_shadows(const Subject& subject, const ToolRule& entry) {
  const std::vector<Case>& list = entry.cases.list;
  std::vector<Asks> asks;
  for (const Case& one : list) asks.push_back(asks_of(entry, one));
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::size_t j = 0; j < list.size(); ++j) {
      if (i == j || !shadows(list[j], asks[j], list[i], asks[i])) continue;
      const bool duplicate_keys = shadows(list[i], asks[i], list[j], asks[j]);
      if (duplicate_keys && j > i) continue;  // the later one of two is named
      subject.finding(
          warning, list[i].rule.at,
          fmt::format("this case never decides: the one in line {} applies to every call "
                      "of it and says `{}`",
                      list[j].rule.at.line, to_string(list[j].then)));
      break;
    }
  }
}

}  // namespace

void check_always(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    Looking(subject, entry).run();
    if (entry.commands == nullptr) check_shadows(subject, entry);
  }
}

}  // namespace pawl::checking
