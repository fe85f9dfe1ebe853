// Which environment a call works in and which credential it uses, where an argument says so.
#include <algorithm>
#include <optional>
#include <string>

#include "kernel/admit/argument_at.h"
#include "kernel/admit/call_values.h"
#include "kernel/admit/environment.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// Anything else than a listed value, or nothing at all, names no environment.
std::optional<Environment> named_by(const EnvironmentBy& by, json::View arguments) {
  const json::View value = argument_at(arguments, by.argument);
  return value.is_string() ? by.find(value.string()) : std::nullopt;
}

[[gnu::noinline]] bool names_none(const Situation& s, const EnvironmentBy* by, Verdict& v) {
  // Until it is known it is the strictest.
  v.environment = Environment::production;
  const auto found = named_by(*by, s.call.arguments);
  if (!found) {
    object(v, Code::constraint, &by->rule, "does not name an environment that the policy knows");
    v.reason.argument = to_string(by->argument);
    return true;
  }
  v.environment = *found;
  if (s.values != nullptr) s.values->in_force(v.environment);
  return false;
}

// A call that names no credential would run with none, or with a default that was not decided.
[[gnu::noinline]] bool names_no_credential(const Situation& s, const CredentialBy* by, Verdict& v) {
  const json::View value = argument_at(s.call.arguments, by->argument);
  v.credential = value.is_string() ? by->find(value.string()) : nullptr;
  if (v.credential != nullptr) return false;
  object(v, Code::constraint, &by->rule, "does not name a credential that the policy knows");
  v.reason.argument = to_string(by->argument);
  return true;
}

}  // namespace

Environment environment_of(const Policy& policy, const ToolRule& entry, json::View arguments) {
  if (entry.environment_by == nullptr) return policy.environment;
  return named_by(*entry.environment_by, arguments).value_or(Environment::production);
}

bool deny_environment(const Situation& s, Verdict& v) {
  const EnvironmentBy* by = s.tool->entry->environment_by.get();
  return by != nullptr && names_none(s, by, v);
}

bool deny_credential(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  const CredentialBy* by = entry.credential_by.get();
  if (by == nullptr && !entry.credential.empty()) v.credential = &entry.credential;
  return by != nullptr && names_no_credential(s, by, v);
}

}  // namespace pawl
