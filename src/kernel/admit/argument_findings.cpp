#include "kernel/admit/argument_findings.h"

#include <utility>

#include "kernel/policy/policy.h"

namespace pawl {
namespace {

// In one spelling, to be compared.
std::string spelled_facts(const Facts& facts) {
  Facts these;
  these.paths = facts.paths;
  these.sql = facts.sql;
  these.origins = facts.origins;
  return to_json(these);
}

// Whether a call of this tool may turn out to carry data outside.
bool may_leave(const Policy& policy, const BoundTool& tool) {
  const Effect wanted = policy.secrets_of(*tool.entry);
  if (wanted != Effect::deny && wanted != Effect::hold) return false;
  return tool.action_class.external_sink || !tool.by_call.empty() || !tool.entry->cases.empty();
}

}  // namespace

ArgumentFindings::ArgumentFindings(LookedAhead about)
    : about_(std::move(about)), facts_(spelled_facts(about_.facts)) {
  const BoundTool& tool = *about_.tool;
  const json::View arguments = about_.arguments;
  if (!arguments.is_object() || tool.entry == nullptr) return;
  const ToolDefinition* definition = tool.definition.get();
  if (definition != nullptr && definition->validator != nullptr) {
    schema_ = definition->validator->validate(arguments, tool.trusted);
  }
  for (const ArgumentRule& rule : tool.arguments) look_at(rule);
  for (const Case& one : tool.entry->cases.list) {
    for (const ArgumentRule& rule : one.arguments) look_at(rule);
  }
  unnamed_ = evaluate_unnamed(arguments, tool.shape(), tool.named, tool.entry->rule);
  if (may_leave(*about_.policy, tool)) leaves_ = leaving(*about_.policy, tool, arguments);
}

void ArgumentFindings::look_at(const ArgumentRule& rule) {
  Judged& judged = rules_[&rule];
  judged.violation = evaluate(rule, about_.arguments, about_.tool->shape(), about_.facts.paths,
                              judged.rewrites, about_.facts.sql, about_.facts.origins);
}

bool ArgumentFindings::is_of(const BoundTool* tool, json::View arguments) const {
  return tool == about_.tool.get() && tool != nullptr && tool->entry != nullptr &&
         arguments.is_object() && arguments.document() == about_.arguments.document() &&
         arguments.index() == about_.arguments.index();
}

bool ArgumentFindings::about(const BoundTool* tool, json::View arguments,
                             const Facts& facts) const {
  return is_of(tool, arguments) && spelled_facts(facts) == facts_;
}

const ArgumentFindings::Judged* ArgumentFindings::rule(const ArgumentRule& rule) const {
  const auto found = rules_.find(&rule);
  return found == rules_.end() ? nullptr : &found->second;
}

std::optional<Violation> violation_of(const Situation& s, const ArgumentRule& rule,
                                      std::vector<Rewrite>& rewrites) {
  const auto* judged = s.findings == nullptr ? nullptr : s.findings->rule(rule);
  if (judged != nullptr) {
    rewrites.insert(rewrites.end(), judged->rewrites.begin(), judged->rewrites.end());
    return judged->violation;
  }
  return evaluate(rule, s.call.arguments, s.tool->shape(), s.facts.paths, rewrites, s.facts.sql,
                  s.facts.origins);
}

std::optional<Violation> unnamed_violation_of(const Situation& s) {
  if (s.findings != nullptr) return s.findings->unnamed();
  return evaluate_unnamed(s.call.arguments, s.tool->shape(), s.tool->named, s.tool->entry->rule);
}

std::optional<json_schema::Violation> schema_violation_of(const Situation& s) {
  if (s.findings != nullptr) return s.findings->schema();
  return s.tool->definition->validator->validate(s.call.arguments, s.tool->trusted);
}

std::optional<std::string> leaving_of(const Situation& s) {
  if (s.findings != nullptr && s.findings->leaves()) return *s.findings->leaves();
  return leaving(s.policy, *s.tool, s.call.arguments);
}

}  // namespace pawl
