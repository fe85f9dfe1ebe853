// Expressions and cases of an entry, for one tool.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "kernel/policy/fit.h"

namespace pawl {
namespace {

using Found = std::vector<std::pair<std::string, std::string>>;

// What one pointer leads to is found out once; what is beyond `most` has no fact.
void add_new(Found& all, Found more, std::size_t most) {
  std::set<std::string, std::less<>> known;
  for (const auto& [pointer, text] : all) known.insert(pointer);
  for (auto& one : more) {
    if (all.size() >= most) return;
    if (known.insert(one.first).second) all.push_back(std::move(one));
  }
}

}  // namespace

void type_conditions(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  bound.conditions = entry.conditions;
  if (entry.conditions.empty() || !tool.has_schema) return;
  const auto document = json::parse(tool.text, {.duplicate_keys = json::DuplicateKeys::permit});
  if (!document) {
    bound.misfits.push_back({ErrorKind::invalid, "its definition cannot be read", entry.rule.at});
    return;
  }
  const cel::TypeRef types = cel::type_of_schema(document->root()["inputSchema"]);
  for (auto& condition : bound.conditions) {
    auto typed = condition->retyped(types);
    if (typed) {
      condition = std::move(*typed);
      continue;
    }
    for (const Error& error : typed.error()) {
      bound.misfits.push_back({error.fault,
                               fmt::format("an expression does not fit `{}`: {}",
                                           escape_untrusted(tool.name), error.message),
                               error.at});
    }
  }
}

Found paths_to_resolve(const BoundTool& tool, json::View arguments) {
  Found found = paths_to_resolve(tool.arguments, arguments, tool.shape());
  for (const Case& one : tool.entry->cases.list) {
    if (one.arguments.empty()) continue;
    add_new(found, paths_to_resolve(one.arguments, arguments, tool.shape()), paths_resolved_max);
  }
  return found;
}

Found sql_to_read(const BoundTool& tool, json::View arguments) {
  Found found = sql_to_read(tool.arguments, arguments);
  for (const Case& one : tool.entry->cases.list) {
    if (one.arguments.empty()) continue;
    add_new(found, sql_to_read(one.arguments, arguments), sql_texts_max);
  }
  return found;
}

std::vector<OriginFact> find_origins(const BoundTool& tool, json::View arguments,
                                     const RunOrigins& known) {
  std::vector<OriginFact> found = find_origins(tool.arguments, arguments, known);
  for (const Case& one : tool.entry->cases.list) {
    for (OriginFact& fact : find_origins(one.arguments, arguments, known)) {
      const bool there = std::ranges::any_of(found, [&](const OriginFact& other) {
        return other.pointer == fact.pointer && other.part == fact.part &&
               other.source == fact.source;
      });
      if (!there) found.push_back(std::move(fact));
    }
  }
  return found;
}

}  // namespace pawl
