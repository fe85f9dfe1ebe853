// `cases` and `else` of an entry.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

constexpr std::string_view kIf = "if";
constexpr std::string_view kThen = "then";

class CaseReader {
 public:
  // `extra` are the variables that its expression may use besides the usual ones.
  CaseReader(Build& build, const yaml::Node& node, ToolRule& rule, Condition::Extra extra = {})
      : build_(build), node_(node), rule_(rule), extra_(extra) {
    case_.rule = {fmt::format("{}/cases/{}", rule.rule.path, rule.cases.list.size() + 1), node.at};
  }

  void read();

  void read_then(const yaml::Entry& key) { then_ = read_effect(build_, key); }
  void read_class(const yaml::Entry& key) {
    read_stated_class(build_, key, case_.rule.path, case_.action_class, case_.class_rule);
  }
  void read_terms(const yaml::Entry& key) {
    case_.approval = read_approval(build_, key.value, case_.rule.path, rule_.conditions);
  }
  void read_say(const yaml::Entry& key) { lines<&Words::say>(build_, case_.words, key); }
  void read_instead(const yaml::Entry& key) { lines<&Words::instead>(build_, case_.words, key); }
  // An upper bound in this situation. What is counted over calls belongs to the entry.
  void read_most(const yaml::Entry& key) {
    if (!extra_.empty()) {
      build_.reading.mistake(
          key.key_at,
          fmt::format("`{}` cannot stand in a case of a row, which is about a command: say it at "
                      "the entry, or with `if`",
                      escape_untrusted(key.key)));
      return;
    }
    if (key.key.find("_per_") != std::string::npos) {
      build_.reading.mistake(
          key.key_at, fmt::format("`{}` cannot stand in a case: calls and records are counted "
                                  "over all situations of a tool, so it belongs to the entry",
                                  escape_untrusted(key.key)));
      return;
    }
    ToolRule inner;
    read_limit(build_, key, case_.rule.path, inner);
    for (ArgumentRule& limit : inner.arguments) case_.limits.push_back(std::move(limit));
  }

 private:
  // A mapping that says how people are asked asks them.
  void settle_effect() {
    const yaml::Entry* approval = node_.entry(kApproval);
    case_.then = then_.value_or(approval == nullptr ? Effect::allow : Effect::hold);
    if (approval != nullptr && then_ && *then_ != Effect::hold) {
      build_.reading.mistake(approval->key_at,
                             fmt::format("`approval` asks people, and `then` in line {} says `{}`",
                                         node_.entry(kThen)->key_at.line, to_string(*then_)));
    }
  }

  void read_if(const yaml::Entry& key) {
    const std::string path = case_.rule.path + "/if";
    if (!key.value.is_map()) {
      case_.condition = add_condition(
          rule_.conditions,
          read_expression(build_, key, path, case_.polarity(), cel::TypeKind::boolean, extra_));
      return;
    }
    if (!extra_.empty()) {
      build_.reading.mistake(key.value.at, "`if` of a row is an expression, such as `!cmd.force`");
      return;
    }
    ToolRule inner;
    read_arguments(build_, key, path, inner);
    case_.arguments = std::move(inner.arguments);
    for (ArgumentRule& argument : case_.arguments) check_argument(argument);
  }

  void check_argument(ArgumentRule& argument) {
    const bool origin = !argument.from.empty() || !argument.or_from.empty();
    if (case_.polarity() == Polarity::stops && origin) {
      build_.reading.mistake(
          argument.rule.at,
          fmt::format("where a value came from cannot decide what is stopped, because what was not "
                      "seen would pass: let a case with it run, and say `else: {}`",
                      to_string(case_.then)));
    }
    if (argument.may_hold()) {
      build_.reading.mistake(argument.rule.at,
                             "`else` has no place in the condition of a case, whose `then` and "
                             "whose neighbours say what happens");
    }
    for (Check& check : argument.checks) {
      if (case_.polarity() == Polarity::stops && !traits(check.kind).tells_apart) {
        build_.reading.mistake(
            check.rule.at,
            fmt::format("`{}` cannot decide what is stopped, because a spelling that it does not "
                        "accept would pass: let a case with it run, and say `else: {}`",
                        to_string(check.kind), to_string(case_.then)));
      }
      if (check.kind == CheckKind::path && check.path && !check.path->base.empty()) {
        build_.reading.mistake(check.rule.at,
                               "`base` of a case is not possible: it belongs to the entry's own "
                               "`args`, and holds for its cases too");
      }
    }
  }

  Build& build_;
  const yaml::Node& node_;
  ToolRule& rule_;
  Condition::Extra extra_;
  Case case_;
  std::optional<Effect> then_;
};

constexpr auto kCaseKeys = section_keys<Build, CaseReader>(
    Section::situation,
    {
        {kIf, "expression or mapping of arguments", "required", 7,
         "When the case applies; a mapping has constraints, all of which must hold.", read_later},
        {kThen, "`allow`, `notify`, `hold` or `deny`", "allow, or hold beside `approval`", 2,
         "What happens to such a call, unless something else is stricter.",
         method<&CaseReader::read_then>},
        {"class", "words", "the entry's", 11,
         "The class of such a call; of several cases that match the more dangerous.",
         method<&CaseReader::read_class>},
        {kApproval, mapping(Section::approval), "the entry's", 10,
         "How people are asked in this case.", method<&CaseReader::read_terms>},
        {"say", "text", "the entry's", 0, "Words for the agent and the reviewer.",
         method<&CaseReader::read_say>},
        {"instead", "text", "the entry's", 0, "What the agent may do instead.",
         method<&CaseReader::read_instead>},
        {"max_X", "number", "no limit", 5,
         "Upper bound of the argument `X` or its singular in this situation; a case that fails "
         "bounds "
         "too.",
         method<&CaseReader::read_most>},
        {"contain", "mapping", "", 0, "Runs the call in a sandbox."},
        {"rehearse", "text", "", 0, "Tries the call first."},
        {"accept_risk", "text", "", 11, "Accepts a risk in place; use the file's key."},
    });

void CaseReader::read() {
  if (!read_section(build_, node_, kCaseKeys, *this)) return;
  const auto& stated = case_.action_class;
  if (stated && stated->reversibility == Reversibility::irreversible) {
    refuse_wider(build_, case_.approval, wider_is_for_what_can_be_undone);
  }
  settle_effect();
  // What it means where it fails depends on the rest.
  if (const yaml::Entry* key = node_.entry(kIf)) read_if(*key);
  rule_.cases.list.push_back(std::move(case_));
}

// Relative paths start where the entry's own rule says.
void inherit_bases(Build& build, ToolRule& rule) {
  for (Case& one : rule.cases.list) {
    for (ArgumentRule& argument : one.arguments) {
      const auto own = std::ranges::find_if(rule.arguments, [&](const ArgumentRule& other) {
        return other.plural.empty() && to_string(other.path) == to_string(argument.path);
      });
      if (own == rule.arguments.end()) continue;
      for (Check& check : argument.checks) {
        if (check.kind != CheckKind::path || !check.path) continue;
        for (const Check& other : own->checks) {
          if (other.kind != CheckKind::path || !other.path || other.path->base.empty()) continue;
          PathCheck path = *check.path;
          path.base = other.path->base;
          check.path = std::make_shared<const PathCheck>(std::move(path));
          if (const Status again = compile(check); !again) {
            build.reading.mistake(check.rule.at, again.error().message);
          }
        }
      }
    }
  }
}

}  // namespace

std::optional<Effect> read_effect(Build& build, const yaml::Entry& key) {
  static const std::vector<std::string> words = {"allow", "notify", "hold", "deny"};
  static constexpr Effect effects[] = {Effect::allow, Effect::notify, Effect::hold, Effect::deny};
  const auto word = build.reading.word(key.value, key.key, words, {"contain"});
  return word ? std::optional(effects[*word]) : std::nullopt;
}

void read_case_list(Build& build, const yaml::Node& list, ToolRule& rule, Condition::Extra extra) {
  build.reading.items(list, kCases, [&](const yaml::Node& item) {
    if (rule.cases.list.size() < cases_max) {
      CaseReader(build, item, rule, extra).read();
    } else if (&item == &list.items[cases_max]) {
      build.reading.mistake(item.at, fmt::format("more than {} cases", cases_max));
    }
  });
}

void list_case_keys(std::vector<Key>& into) {
  kCaseKeys.list(into);
}

void read_cases(Build& build, const yaml::Node& entry, ToolRule& rule) {
  const yaml::Entry* cases = entry.entry(kCases);
  const yaml::Entry* otherwise = entry.entry(kElse);
  if (otherwise != nullptr && cases == nullptr) {
    build.reading.mistake(otherwise->key_at,
                          "`else` says what holds where no case applies, and "
                          "there are no `cases`");
  }
  if (otherwise != nullptr) {
    rule.cases.otherwise = read_effect(build, *otherwise).value_or(Effect::deny);
  }
  if (cases == nullptr) return;
  rule.cases.otherwise_rule = {rule.rule.path + "/cases", cases->key_at};
  if (otherwise != nullptr) {
    rule.cases.otherwise_rule = {rule.rule.path + "/else", otherwise->key_at};
  }
  read_case_list(build, cases->value, rule, {});
  inherit_bases(build, rule);
}

}  // namespace pawl
