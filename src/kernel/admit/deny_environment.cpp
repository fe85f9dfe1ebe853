// Which environment a call works in and which credential it uses, where an argument says so.
#include <algorithm>
#include <string>

#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"

namespace pawl {

namespace {

json::View argument_at(json::View arguments, const ArgumentPath& path) {
  json::View at = arguments;
  for (const Step& step : path) {
    if (!at.is_object()) return {};
    at = at[step.name];
  }
  return at;
}

}  // namespace

// Anything else than a listed value, or nothing at all, names no environment.
bool deny_environment(const Situation& s, Verdict& v) {
  const EnvironmentBy* by = s.tool->entry->environment_by.get();
  if (by == nullptr) return false;
  // Until it is known it is the strictest.
  v.environment = Environment::production;
  const json::View value = argument_at(s.call.arguments, by->argument);
  const auto found = value.is_string() ? by->find(value.string()) : std::nullopt;
  if (!found) {
    object(v, Code::constraint, &by->rule, "does not name an environment that the policy knows");
    v.reason.argument = to_string(by->argument);
    return true;
  }
  v.environment = *found;
  if (s.values != nullptr) s.values->in_force(v.environment);
  return false;
}

// A call that names no credential would run with none, or with somebody's default.
bool deny_credential(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  const CredentialBy* by = entry.credential_by.get();
  if (by == nullptr) {
    if (!entry.credential.empty()) v.credential = &entry.credential;
    return false;
  }
  const json::View value = argument_at(s.call.arguments, by->argument);
  v.credential = value.is_string() ? by->find(value.string()) : nullptr;
  if (v.credential != nullptr) return false;
  object(v, Code::constraint, &by->rule, "does not name a credential that the policy knows");
  v.reason.argument = to_string(by->argument);
  return true;
}

}  // namespace pawl
