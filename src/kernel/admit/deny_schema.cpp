// The arguments against the tool's own schema.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "kernel/admit/argument_findings.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"
#include "lang/json_schema/schema.h"

namespace pawl {

namespace {

// `/edits/2/path` in these arguments as constraints write it: `edits[2].path`.
std::string argument_at(json::View at, std::string_view pointer) {
  std::string out;
  if (pointer.empty()) return out;
  for (std::string_view token : split(pointer.substr(1), '/')) {
    if (at.is_array()) {
      out.append("[").append(token).append("]");
      std::uint32_t index = 0;
      for (json::View element : at.elements()) {
        if (std::to_string(index++) != token) continue;
        at = element;
        break;
      }
      continue;
    }
    std::string name;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool escaped = token[i] == '~' && i + 1 < token.size();
      name += escaped ? (token[++i] == '0' ? '~' : '/') : token[i];
    }
    at = at[name];
    out.append(out.empty() ? "" : ".").append(name);
  }
  return out;
}

bool violates(const json_schema::Violation& violation, const Situation& s, Verdict& v) {
  std::string argument = argument_at(s.call.arguments, violation.pointer);
  std::string says;
  if (!violation.member.empty()) {
    argument.append(argument.empty() ? "" : ".").append(violation.member);
    says = "is missing";
  } else {
    says = (argument.empty() ? "its arguments: " : "") + violation.says;
  }
  says += fmt::format(" (`{}` of the tool's schema)", violation.keyword);
  object(v, Code::schema, &s.tool->entry->rule, std::move(says));
  v.reason.argument = std::move(argument);
  return true;
}

[[gnu::cold, gnu::noinline]] bool uncheckable(const Situation& s, std::string_view why,
                                              std::string_view detail, Verdict& v) {
  return object(v, Code::schema, &s.tool->entry->rule, std::string(why).append(detail));
}

[[gnu::noinline]] bool violated(const Situation& s, Verdict& v) {
  const auto violation = schema_violation_of(s);
  return violation && violates(*violation, s, v);
}

}  // namespace

// A schema that cannot be checked denies every call until a person looks at it.
bool deny_schema(const Situation& s, Verdict& v) {
  const ToolDefinition* definition = s.tool->definition.get();
  if (definition != nullptr && !definition->validator_fault.empty()) {
    return uncheckable(s, "the tool's schema cannot be checked: ", definition->validator_fault, v);
  }
  if (!s.tool->misfits.empty()) {
    return uncheckable(s, "the policy does not fit the tool: ", s.tool->misfits.front().message, v);
  }
  const bool unknown = definition == nullptr || definition->validator == nullptr;
  // What is not an object has its own denial.
  if (unknown || !s.call.arguments.is_object()) return false;
  return violated(s, v);
}

}  // namespace pawl
