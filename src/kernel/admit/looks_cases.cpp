// What expressions and cases saw.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "kernel/admit/call_values.h"
#include "kernel/admit/judge_cases.h"
#include "kernel/admit/layers.h"
#include "kernel/admit/looks.h"
#include "kernel/admit/stages.h"
#include "kernel/constraint/in_words.h"
#include "lang/cel/text_value.h"

namespace pawl {

namespace {

std::string argument_shown(const Situation& s, const std::string& path) {
  json::View at = s.call.arguments;
  const auto steps = parse_argument_path(path);
  std::string last = path;
  for (std::size_t i = 0; steps && i < steps->size(); ++i) {
    if ((*steps)[i].each) break;
    last = (*steps)[i].name;
    at = at.is_object() ? at[last] : json::View();
  }
  return at.exists() ? shown_value(last, at) : "absent";
}

std::vector<std::string> values_of(const Situation& s, const Condition& condition) {
  std::vector<std::string> seen;
  for (const cel::Reference& reference : condition.program().references()) {
    if (reference.variable == "args" && seen.size() < seen_values_max) {
      seen.push_back(fmt::format("{} = {}", escape_untrusted(reference.path),
                                 argument_shown(s, reference.path)));
    }
  }
  for (std::size_t i = 1; i < known_count; ++i) {
    const auto which = static_cast<Known>(i);
    if (!condition.reads(which) || which == Known::run_records || which == Known::run_seen)
      continue;
    const cel::Value value = s.values->see(which);
    const std::string text = value.failed() || value.is(cel::ValueKind::string)
                                 ? escape_untrusted(value.text())
                                 : cel::scalar_text(value);
    seen.push_back(fmt::format("{} = {}", name_of(which), text));
  }
  for (const CountAsked& asked : condition.counts()) {
    seen.push_back(
        fmt::format("run.{}[{}] = {}", asked.records ? "records" : "seen",
                    asked.name.empty() ? "tool" : "\"" + escape_untrusted(asked.name) + "\"",
                    s.values->see(asked)));
  }
  return seen;
}

std::string outcome_of(const cel::Value& result) {
  if (result.is_true()) return "true";
  if (result.is_false()) return "false";
  return result.failed() ? fmt::format("it fails: {}", escape_untrusted(result.text()))
                         : "no boolean";
}

}  // namespace

namespace {

ExplainedStep look_of(const Situation& s, const Condition& condition, std::string about) {
  ExplainedStep out;
  out.rule = &condition.rule();
  out.about = std::move(about);
  out.seen = values_of(s, condition);
  out.wants = "`" + escape_untrusted(condition.text()) + "`";
  out.says = outcome_of(condition.evaluate(*s.values));
  return out;
}

}  // namespace

ExplainedStep look_of_condition(const Situation& s, std::uint16_t place, std::string about) {
  return look_of(s, condition_of(s, place), std::move(about));
}

std::vector<ExplainedStep> looks_of_layers(const Situation& s, bool that_deny) {
  std::vector<ExplainedStep> out;
  if (s.values == nullptr) return out;
  for (const Layer& layer : s.policy.layers) {
    for (const Requirement& row : layer.requirements) {
      if (that_deny != (row.then == Effect::deny)) continue;
      ExplainedStep look =
          look_of(s, *row.condition,
                  fmt::format("layer `{}`, {}", escape_untrusted(layer.name), to_string(row.then)));
      look.rule = &row.rule;
      const Effect asked = asked_by(s, layer, row);
      look.says += asked < row.then && row.condition->holds(*s.values)
                       ? fmt::format(", and an exception leaves `{}`", to_string(asked))
                   : asked == Effect::allow ? ", so it asks nothing"
                                            : fmt::format(", so `{}`", to_string(asked));
      out.push_back(std::move(look));
    }
  }
  return out;
}

std::vector<ExplainedStep> looks_of_cases(const Situation& s) {
  std::vector<ExplainedStep> out;
  const ToolRule& entry = *s.tool->entry;
  if (s.values == nullptr) return out;
  if (entry.only_if) out.push_back(look_of_condition(s, *entry.only_if, "if"));
  if (entry.cases.empty()) return out;
  const CasesJudged judged = judge_cases(s, entry.cases, class_of(s));
  for (std::size_t i = 0; i < entry.cases.list.size(); ++i) {
    const Case& one = entry.cases.list[i];
    ExplainedStep look;
    const std::string about = fmt::format("case {}, {}", i + 1, to_string(one.then));
    if (one.condition) {
      look = look_of_condition(s, *one.condition, about);
    } else {
      look.about = about;
      for (const ArgumentRule& rule : one.arguments) {
        const std::string path = to_string(rule.path);
        look.seen.push_back(
            fmt::format("{} = {}", escape_untrusted(path), argument_shown(s, path)));
        for (const Check& check : rule.checks) {
          look.wants += fmt::format("{}`{}` {}", look.wants.empty() ? "" : "; ",
                                    escape_untrusted(path), in_words(check, Entries::counted));
        }
      }
    }
    look.rule = &one.rule;
    const bool applies = (judged.apply >> i & 1U) != 0;
    look.says += fmt::format("{}{}", look.says.empty() ? "" : ", so ",
                             applies ? "it applies" : "it does not apply");
    out.push_back(std::move(look));
    if ((judged.bounded >> i & 1U) == 0 || i >= s.tool->case_limits.size()) continue;
    for (const ArgumentRule& limit : s.tool->case_limits[i])
      out.push_back(argument_look(s, limit, false));
  }
  return out;
}

}  // namespace pawl
