#include "kernel/admit/explain_stages.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "kernel/admit/access.h"
#include "kernel/admit/argument_at.h"
#include "kernel/admit/call_values.h"
#include "kernel/admit/counting.h"
#include "kernel/admit/judge_cases.h"
#include "kernel/admit/layers.h"
#include "kernel/admit/model_room.h"
#include "kernel/admit/stages.h"
#include "kernel/constraint/in_words.h"
#include "kernel/constraint/origin_check.h"
#include "kernel/definition/secret_names.h"
#include "kernel/policy/commands.h"
#include "lang/cel/text_value.h"

namespace pawl {

std::string shown_value(std::string_view name, json::View value) {
  if (names_secret(name)) return "(a secret, not shown)";
  if (value.is_string() && looks_like_secret(value.string())) return "(looks like a secret)";
  if (value.is_array() || value.is_object()) {
    return fmt::format("{} of {}", value.is_array() ? "a list" : "a mapping", value.size());
  }
  std::string shown = escape_untrusted(json::write(value));
  if (shown.size() <= seen_bytes_max) return shown;
  return fmt::format("{} ({} bytes)", utf8::shortened(shown, seen_bytes_max), shown.size());
}

namespace {

ExplainedStep step_of(const Rule* rule, std::string about, std::string seen, std::string wants) {
  ExplainedStep out;
  out.rule = rule;
  out.about = std::move(about);
  if (!seen.empty()) out.seen.push_back(std::move(seen));
  out.wants = std::move(wants);
  return out;
}

ExplainedStep step_of(const Rule& rule, std::string about, std::string seen) {
  ExplainedStep out;
  out.rule = &rule;
  out.about = std::move(about);
  out.seen.push_back(std::move(seen));
  return out;
}

// After the cases were judged.
Class class_in_force(const Situation& s) {
  const Cases& cases = s.tool->entry->cases;
  return cases.empty() ? class_of(s) : judge_cases(s, cases, class_of(s)).action_class;
}

std::string used(const Count& count) {
  if (count.reserved == 0) return std::to_string(count.settled);
  return fmt::format("{} and {} in flight", count.settled, count.reserved);
}

// Every value that a path leads to, as far as they are shown.
void reach(json::View at, std::span<const Step> path, std::vector<json::View>& out) {
  if (out.size() > seen_values_max || !at.exists()) return;
  if (at.is_array()) {
    const std::size_t skip = !path.empty() && path.front().each ? 1 : 0;
    for (json::View element : at.elements()) reach(element, path.subspan(skip), out);
    return;
  }
  if (path.empty()) {
    out.push_back(at);
  } else if (!path.front().each) {
    reach(at[path.front().name], path.subspan(1), out);
  }
}

std::string last_name(const ArgumentRule& rule) {
  for (auto step = rule.path.rbegin(); step != rule.path.rend(); ++step) {
    if (!step->each) return step->name;
  }
  return rule.plural;
}

std::vector<std::string> seen_by(const ArgumentRule& rule, json::View arguments) {
  std::vector<json::View> values;
  if (rule.plural.empty()) {
    reach(arguments, rule.path, values);
  } else {
    for (const std::string& name : singulars(rule.plural)) {
      if (arguments[name].exists()) reach(arguments[name], {}, values);
    }
  }
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < values.size() && i < seen_values_max; ++i) {
    shown.push_back(shown_value(last_name(rule), values[i]));
  }
  if (values.size() > seen_values_max) shown.emplace_back("and more");
  if (shown.empty()) shown.emplace_back("absent or empty");
  return shown;
}

std::string wants_of(const ArgumentRule& rule) {
  std::string out;
  for (const Check& check : rule.checks) {
    out += (out.empty() ? "" : "; ") + in_words(check, Entries::counted);
  }
  if (!rule.or_from.empty()) out += ", or from " + spoken(rule.or_from);
  if (!rule.from.empty()) out += (out.empty() ? "from " : "; from ") + spoken(rule.from);
  if (!rule.required) out += out.empty() ? "may be absent" : "; may be absent";
  return out.empty() ? "present" : out;
}

ExplainedStep argument_step(const Situation& s, const ArgumentRule& rule, bool that_hold) {
  ExplainedStep one;
  one.rule = &rule.rule;
  one.about = escape_untrusted(rule.name());
  one.wants = wants_of(rule);
  if (!s.call.arguments.is_object()) return one;
  one.seen = seen_by(rule, s.call.arguments);
  std::vector<Rewrite> rewrites;
  const auto violation = evaluate(rule, s.call.arguments, s.tool->shape(), s.facts.paths, rewrites,
                                  s.facts.sql, s.facts.origins);
  if (!violation || violation->hold != that_hold) return one;
  one.answer = that_hold ? ExplainedStep::Answer::asks : ExplainedStep::Answer::objects;
  one.rule = violation->rule;
  one.says = fmt::format("`{}` {}", escape_untrusted(violation->argument),
                         escape_untrusted(violation->says));
  return one;
}

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

ExplainedStep condition_step(const Situation& s, const Condition& condition, std::string about) {
  ExplainedStep out;
  out.rule = &condition.rule();
  out.about = std::move(about);
  out.seen = values_of(s, condition);
  out.wants = "`" + escape_untrusted(condition.text()) + "`";
  out.says = outcome_of(condition.evaluate(*s.values));
  return out;
}

ExplainedStep condition_step(const Situation& s, std::uint16_t place, std::string about) {
  return condition_step(s, condition_of(s, place), std::move(about));
}

ExplainedSteps layers(const Situation& s, bool that_deny) {
  ExplainedSteps out;
  if (s.values == nullptr) return out;
  for (const Layer& layer : s.policy.layers) {
    for (const Requirement& row : layer.requirements) {
      if (that_deny != (row.then == Effect::deny)) continue;
      ExplainedStep step = condition_step(
          s, *row.condition,
          fmt::format("layer `{}`, {}", escape_untrusted(layer.name), to_string(row.then)));
      step.rule = &row.rule;
      const Effect asked = asked_by(s, layer, row);
      step.says += asked < row.then && row.condition->holds(*s.values)
                       ? fmt::format(", and an exception leaves `{}`", to_string(asked))
                   : asked == Effect::allow ? ", so it asks nothing"
                                            : fmt::format(", so `{}`", to_string(asked));
      out.push_back(std::move(step));
    }
  }
  return out;
}

ExplainedSteps freezes(const Situation& s, bool that_hold) {
  ExplainedSteps out;
  for (const Freeze& freeze : s.policy.freezes) {
    if ((freeze.then == Effect::hold) != that_hold) continue;
    std::string stopped;
    for (const Reversibility mark : freeze.stop) {
      stopped += (stopped.empty() ? "" : ", ") + std::string(to_string(mark));
    }
    out.push_back(
        step_of(&freeze.rule, fmt::format("freeze `{}`", escape_untrusted(freeze.name)),
                fmt::format("{}, {}", to_string(s.now), to_string(class_in_force(s).reversibility)),
                freeze.weekly ? fmt::format("not {} in its window of every week", stopped)
                              : fmt::format("not {} from {} until {}", stopped,
                                            to_string(freeze.from), to_string(freeze.until))));
  }
  return out;
}

ExplainedSteps outside(const Situation& s) {
  if (!s.tool->action_class.external_sink) return {};
  const ToolRule& entry = *s.tool->entry;
  const Rule* rule = entry.secrets ? &entry.secrets_rule : &s.policy.secrets.rule;
  return {step_of(rule->at.line > 0 ? rule : &entry.rule, "secrets in the arguments",
                  std::string(to_string(s.policy.secrets_of(entry))),
                  "no credential, no listed text, no long encoded text")};
}

ExplainedSteps request_or_grant(const Situation& s) {
  const Rule& rule = s.tool->entry->rule;
  if (s.tool->wanted_entry != nullptr) {
    return {step_of(rule, "request",
                    "`" + escape_untrusted(s.tool->line->what.key) + "` may be asked for")};
  }
  std::string why;
  const Grant* grant = grant_for(s, why);
  ExplainedStep out = step_of(
      rule, "grant", grant == nullptr ? why : grant->id + " until " + to_string(grant->until));
  out.wants = "one that people gave and that covers this call";
  return {std::move(out)};
}

}  // namespace

ExplainedSteps explain_kill(const Situation& s) {
  return {step_of(nullptr, "kill switch", fmt::format("{} set", s.state.kills().size()),
                  "none that covers this call")};
}

ExplainedSteps explain_run_state(const Situation& s) {
  return {step_of(nullptr, "the run", std::string(to_string(s.run.phase)), "open")};
}

ExplainedSteps explain_identity(const Situation& s) {
  ExplainedSteps out{step_of(&s.policy.agent_rule, "agent of the run",
                             escape_untrusted(s.run.agent),
                             fmt::format("`{}`", escape_untrusted(s.policy.agent)))};
  if (!s.policy.identity.empty()) {
    out.push_back(step_of(&s.policy.agent_rule, "identity of the run",
                          escape_untrusted(s.run.identity),
                          fmt::format("`{}`", escape_untrusted(s.policy.identity))));
  }
  return out;
}

ExplainedSteps explain_run_ceilings(const Situation& s) {
  const Ceilings& c = s.policy.ceilings;
  ExplainedSteps out;
  if (c.steps) {
    out.push_back(step_of(&c.steps_rule, "steps of the run", used(s.run.steps),
                          fmt::format("at most {}", *c.steps)));
  }
  if (c.denials) {
    out.push_back(step_of(&c.denials_rule, "denials of the run", used(s.run.denials),
                          fmt::format("at most {}", *c.denials)));
  }
  if (c.wall_clock) {
    out.push_back(step_of(&c.wall_clock_rule, "wall clock of the run",
                          to_string(s.run.clock(s.now)),
                          fmt::format("at most {}", to_string(*c.wall_clock))));
  }
  return out;
}

namespace {

ExplainedSteps repeats_below(const Situation& s, std::uint64_t factor) {
  const Ceilings& c = s.policy.ceilings;
  if (!c.repeats) return {};
  return {step_of(&c.repeats_rule, "repetitions without a new result",
                  std::to_string(s.facts.repeats),
                  fmt::format("fewer than {}", factor * *c.repeats))};
}

}  // namespace

ExplainedSteps explain_repeats_that_halt(const Situation& s) {
  return repeats_below(s, 2);
}
ExplainedSteps explain_repeats_that_hold(const Situation& s) {
  return repeats_below(s, 1);
}

ExplainedSteps explain_blocked(const Situation& s) {
  if (s.policy.blocked.empty()) return {};
  const BlockedName* by = s.policy.blocks(s.call.server, s.call.tool);
  const Rule* rule = by == nullptr ? nullptr : &by->rule;
  return {step_of(rule, "blocked names", escape_untrusted(s.call.name()),
                  fmt::format("none of {}", s.policy.blocked.size()))};
}

ExplainedSteps explain_grant(const Situation& s) {
  if (s.tool != nullptr && s.tool->line != nullptr) return request_or_grant(s);
  const bool granted = s.tool != nullptr && s.tool->entry != nullptr;
  return {step_of(granted ? &s.tool->entry->rule : &s.policy.default_rule, "entry",
                  granted ? fmt::format("`{}`", escape_untrusted(s.tool->entry->key))
                          : fmt::format("none of {}", s.policy.tools.size()),
                  granted ? "" : "one that grants it")};
}

ExplainedSteps explain_environment(const Situation& s) {
  const EnvironmentBy* by = s.tool->entry->environment_by.get();
  if (by == nullptr) return {};
  const std::string path = to_string(by->argument);
  const json::View at = argument_at(s.call.arguments, by->argument);
  ExplainedStep out = step_of(by->rule, "environment by `" + escape_untrusted(path) + "`",
                              at.exists() ? shown_value(path, at) : "absent");
  out.wants = fmt::format("one of {} values", by->values.size());
  return {std::move(out)};
}

ExplainedSteps explain_credential(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  const CredentialBy* by = entry.credential_by.get();
  if (by == nullptr) {
    if (entry.credential.empty()) return {};
    return {step_of(entry.rule, "credential", "`" + escape_untrusted(entry.credential) + "`")};
  }
  const std::string path = to_string(by->argument);
  const json::View at = argument_at(s.call.arguments, by->argument);
  const std::string* found = at.is_string() ? by->find(at.string()) : nullptr;
  std::string seen = at.exists() ? shown_value(path, at) : "absent";
  if (found != nullptr) seen += ", so `" + escape_untrusted(*found) + "`";
  ExplainedStep out =
      step_of(by->rule, "credential by `" + escape_untrusted(path) + "`", std::move(seen));
  out.wants = fmt::format("one of {} values", by->values.size());
  return {std::move(out)};
}

ExplainedSteps explain_pin(const Situation& s) {
  const bool none = s.facts.pin == PinState::none;
  return {step_of(&s.tool->entry->rule, "definition",
                  none ? "nothing is pinned at this door" : std::string(to_string(s.facts.pin)),
                  none ? "" : "accepted")};
}

ExplainedSteps explain_schema(const Situation& s) {
  const ToolDefinition* definition = s.tool->definition.get();
  const bool known = definition != nullptr && definition->validator != nullptr;
  return {step_of(
      &s.tool->entry->rule, "arguments",
      known ? fmt::format("{} given", s.call.arguments.size()) : "no schema of the tool is known",
      known ? "valid against the tool's schema" : "")};
}

ExplainedSteps explain_constraints(const Situation& s) {
  ExplainedSteps out;
  const BoundTool& tool = *s.tool;
  for (const ArgumentRule& rule : tool.arguments) out.push_back(argument_step(s, rule, false));
  if (!s.call.arguments.is_object()) return out;
  ExplainedStep rest =
      step_of(&tool.entry->rule, "every other argument", "", "known, of one line, exact");
  if (const auto violation =
          evaluate_unnamed(s.call.arguments, tool.shape(), tool.named, tool.entry->rule)) {
    rest.answer = ExplainedStep::Answer::objects;
    rest.says = fmt::format("`{}` {}", escape_untrusted(violation->argument),
                            escape_untrusted(violation->says));
  }
  out.push_back(std::move(rest));
  return out;
}

ExplainedSteps explain_held_arguments(const Situation& s) {
  ExplainedSteps out;
  for (const ArgumentRule& rule : s.tool->arguments) {
    if (rule.may_hold()) out.push_back(argument_step(s, rule, true));
  }
  return out;
}

ExplainedSteps explain_access(const Situation& s) {
  if (s.tool->wanted_entry == nullptr) return {};
  ExplainedStep out = step_of(s.tool->entry->rule, "asks for", access_sentence(s));
  out.wants = "no more than its line, and a person who grants it";
  return {std::move(out)};
}

ExplainedSteps explain_cases(const Situation& s) {
  ExplainedSteps out;
  const ToolRule& entry = *s.tool->entry;
  if (s.values == nullptr) return out;
  if (entry.only_if) out.push_back(condition_step(s, *entry.only_if, "if"));
  if (entry.cases.empty()) return out;
  const CasesJudged judged = judge_cases(s, entry.cases, class_of(s));
  for (std::size_t i = 0; i < entry.cases.list.size(); ++i) {
    const Case& one = entry.cases.list[i];
    ExplainedStep step;
    const std::string about = fmt::format("case {}, {}", i + 1, to_string(one.then));
    if (one.condition) {
      step = condition_step(s, *one.condition, about);
    } else {
      step.about = about;
      for (const ArgumentRule& rule : one.arguments) {
        const std::string path = to_string(rule.path);
        step.seen.push_back(
            fmt::format("{} = {}", escape_untrusted(path), argument_shown(s, path)));
        for (const Check& check : rule.checks) {
          step.wants += fmt::format("{}`{}` {}", step.wants.empty() ? "" : "; ",
                                    escape_untrusted(path), in_words(check, Entries::counted));
        }
      }
    }
    step.rule = &one.rule;
    const bool applies = (judged.apply >> i & 1U) != 0;
    step.says += fmt::format("{}{}", step.says.empty() ? "" : ", so ",
                             applies ? "it applies" : "it does not apply");
    out.push_back(std::move(step));
    if ((judged.bounded >> i & 1U) == 0 || i >= s.tool->case_limits.size()) continue;
    for (const ArgumentRule& limit : s.tool->case_limits[i])
      out.push_back(argument_step(s, limit, false));
  }
  return out;
}

// The rows of a line decide together; the stage itself says which of them, and about what.
ExplainedSteps explain_commands(const Situation& s) {
  const CommandRule* rule = s.tool->entry->commands.get();
  if (rule == nullptr) return {};
  const std::string_view name = command_line_name(*rule, s.tool->command_line, s.call.arguments);
  const json::View value = s.call.arguments[name];
  return {step_of(&rule->rule, name.empty() ? "command line" : escape_untrusted(name),
                  value.exists() ? shown_value(name, value) : "absent",
                  fmt::format("every command of it covered by one of {} rows", rule->rows.size()))};
}

ExplainedSteps explain_layers_that_deny(const Situation& s) {
  return layers(s, true);
}

ExplainedSteps explain_layers_that_ask(const Situation& s) {
  return layers(s, false);
}

ExplainedSteps explain_outside_that_denies(const Situation& s) {
  return s.policy.secrets_of(*s.tool->entry) == Effect::deny ? outside(s) : ExplainedSteps();
}

ExplainedSteps explain_outside_that_holds(const Situation& s) {
  return s.policy.secrets_of(*s.tool->entry) == Effect::deny ? ExplainedSteps() : outside(s);
}

ExplainedSteps explain_freezes_that_deny(const Situation& s) {
  return freezes(s, false);
}

ExplainedSteps explain_freezes_that_hold(const Situation& s) {
  return freezes(s, true);
}

ExplainedSteps explain_limits(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  const auto found = s.run.entries.find(entry.key);
  const EntryCounts unused;
  const EntryCounts& counts = found == s.run.entries.end() ? unused : found->second;
  ExplainedSteps out;
  if (entry.max_calls_per_run) {
    out.push_back(step_of(&entry.max_calls_rule, "calls in this run", used(counts.calls),
                          fmt::format("at most {}", *entry.max_calls_per_run)));
  }
  if (entry.max_records_per_run) {
    const auto records = records_of(s);
    out.push_back(step_of(&entry.max_records_rule, "records in this run",
                          fmt::format("{}, and this call {}", used(counts.records),
                                      records ? std::to_string(*records) : "cannot be counted"),
                          fmt::format("at most {}", *entry.max_records_per_run)));
  }
  if (entry.max_calls_per_minute) {
    out.push_back(step_of(&entry.max_rate_rule, "calls in the last minute",
                          std::to_string(counts.last_minute(s.now)),
                          fmt::format("at most {}", *entry.max_calls_per_minute)));
  }
  return out;
}

ExplainedSteps explain_counters(const Situation& s) {
  ExplainedSteps out;
  const ToolRule& entry = *s.tool->entry;
  for (const CounterRule& counter : entry.counters) {
    const Counting call = counting_of(s, counter);
    ExplainedStep step;
    step.rule = &counter.rule;
    step.about = fmt::format("sum of `{}`", escape_untrusted(added_by(counter, entry)));
    step.wants = fmt::format("at most {} {}", to_string(counter.max), extent_of(counter));
    const std::string adds = call.add ? to_string(*call.add) : "no amount";
    if (!call.key) {
      step.seen = {fmt::format("this call {}, and no single value tells its sum apart", adds)};
    } else if (call.reserved.nano > 0) {
      step.seen = {fmt::format("{} and {} in flight, and this call {}", to_string(call.settled),
                               to_string(call.reserved), adds)};
    } else {
      step.seen = {fmt::format("{}, and this call {}", to_string(call.settled), adds)};
    }
    out.push_back(std::move(step));
  }
  return out;
}

ExplainedSteps explain_model(const Situation& s) {
  ExplainedSteps out;
  if (!s.facts.model) return out;
  for (const ModelLimit& limit : model_limits(s)) {
    ExplainedStep step;
    step.rule = limit.rule;
    step.about = fmt::format("spent {}", limit.whose);
    step.seen = {limit.reserved == 0
                     ? limit.shown(limit.settled)
                     : fmt::format("{} and {} in flight", limit.shown(limit.settled),
                                   limit.shown(limit.reserved))};
    step.wants = fmt::format("at most {}", limit.shown(limit.most));
    out.push_back(std::move(step));
  }
  return out;
}

ExplainedSteps explain_requires_approval(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  if (entry.approval_if) return {condition_step(s, *entry.approval_if, "requires_approval")};
  return {step_of(entry.requires_approval ? &entry.approval_rule : &entry.rule, "requires_approval",
                  entry.requires_approval ? "true" : "not stated", "")};
}

ExplainedSteps explain_class_and_stage(const Situation& s) {
  const bool claimed = s.policy.default_stage.has_value();
  const Stage stage = claimed ? s.policy.stage_of(*s.tool->entry) : Stage::established;
  if (s.tool->entry->commands != nullptr) {
    return {step_of(&s.tool->entry->rule, "class",
                    fmt::format("that of the rows, stage {}, environment {}", to_string(stage),
                                to_string(s.policy.environment)),
                    "")};
  }
  return {step_of(&s.tool->entry->rule, "class",
                  fmt::format("{} ({}), stage {}, environment {}", to_string(class_in_force(s)),
                              escape_untrusted(s.tool->class_source), to_string(stage),
                              to_string(s.policy.environment)),
                  "")};
}

}  // namespace pawl
