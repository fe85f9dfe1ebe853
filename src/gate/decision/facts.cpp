#include "gate/decision/facts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernel/policy/commands.h"

namespace pawl {

namespace {

// A definition that the server replaced since this call was proposed is not what was asked for.
PinState pin_now(const GateRun& run, const Proposal& asked) {
  const PinState proposed = asked.pin;
  if (!asked.definition || proposed == PinState::unknown_tool) return proposed;
  const auto newest = run.offered.find(tool_key(asked.call.server, asked.call.tool));
  if (newest == run.offered.end()) return proposed;
  return newest->second == to_string(asked.definition->digest) ? proposed : PinState::changed;
}

void resolve_paths(const Proposal& asked, const BoundTool& tool, Facts& facts) {
  for (const auto& [pointer, path] : paths_to_resolve(tool, asked.call.arguments)) {
    facts.paths.push_back(asked.resolve ? asked.resolve(pointer, path) : PathFact{pointer, {}, {}});
  }
}

void read_sql(const Proposal& asked, const BoundTool& tool, Facts& facts) {
  for (const auto& [pointer, text] : sql_to_read(tool, asked.call.arguments)) {
    facts.sql.push_back(asked.read_sql
                            ? asked.read_sql(pointer, text)
                            : sql::Fact{pointer, "SQL is not understood at this door", {}});
  }
}

ModelFact with_budgets(const FactSources& what) {
  ModelFact request = *what.asked.model;
  const GateState& gate_state = what.gate_state;
  const Run* run = gate_state.state.run(what.asked.run);
  if (gate_state.budgets_of && run != nullptr) {
    request.budgets = gate_state.budgets_of(run->agent, gate_state.log.now());
  }
  return request;
}

}  // namespace

Facts gather(const FactSources& what, std::optional<ApprovalFact> approval) {
  const Proposal& asked = what.asked;
  const BoundTool* const tool = what.tool;
  Facts facts;
  facts.pin = pin_now(what.run, asked);
  if (asked.definition) facts.definition = to_string(asked.definition->digest);
  facts.approval = std::move(approval);
  facts.clock_suspect = clock_suspect(what.gate_state);
  facts.fault = what.gate_state.log.fault();
  if (asked.model) facts.model = with_budgets(what);
  if (tool == nullptr) return facts;
  resolve_paths(asked, *tool, facts);
  if (asked.find_program) {
    for (const std::string& word : programs_to_find(*tool, asked.call.arguments)) {
      facts.programs.push_back(asked.find_program(word, tool->entry->commands->directories));
    }
    facts.programs_known =
        tool->entry->commands != nullptr && !tool->entry->commands->directories.empty();
  }
  // What was found a moment ago is still so: a run only learns.
  if (tool->asks_origin) {
    facts.origins = what.ahead != nullptr
                        ? what.ahead->origins
                        : find_origins(*tool, asked.call.arguments, what.run.origins);
  }
  read_sql(asked, *tool, facts);
  return facts;
}

Facts gather(const CallContext& context, std::optional<ApprovalFact> approval) {
  FactSources what{context.gate_state, *context.run, context.asked, context.tool.get()};
  if (context.findings &&
      context.findings->is_of(context.tool.get(), context.asked.call.arguments)) {
    what.ahead = &context.findings->facts();
  }
  Facts facts = gather(what, std::move(approval));
  if (!context.mark.empty()) facts.repeats = context.state().repeats.of(context.mark);
  return facts;
}

Facts gather_resolved(const CallContext& context, const BoundTool& tool) {
  Facts facts;
  resolve_paths(context.asked, tool, facts);
  read_sql(context.asked, tool, facts);
  return facts;
}

namespace {

// Runs keep the values of those fields only that their policy refers to.
bool knows_sources(const Policy& in_force, const Policy& other) {
  return std::ranges::all_of(other.sources, [&in_force](const OriginSource& source) {
    return std::ranges::find(in_force.sources, source) != in_force.sources.end();
  });
}

bool same_directories(const BoundTool* one, const BoundTool& other) {
  return one != nullptr && one->entry->commands != nullptr && other.entry->commands != nullptr &&
         one->entry->commands->directories == other.entry->commands->directories;
}

void find_programs(const CallContext& context, const BoundTool& tool, Facts& facts) {
  if (same_directories(context.tool.get(), tool)) return;
  facts.programs.clear();
  const CommandRule* commands = tool.entry->commands.get();
  facts.programs_known = context.asked.find_program != nullptr && commands != nullptr &&
                         !commands->directories.empty();
  if (!context.asked.find_program || commands == nullptr) return;
  for (const std::string& word : programs_to_find(tool, context.asked.call.arguments)) {
    facts.programs.push_back(context.asked.find_program(word, commands->directories));
  }
}

}  // namespace

Result<Facts> gather_for_candidate(const CallContext& context, const BoundTool* tool,
                                   const Policy& policy, const Facts& known) {
  Facts facts = known;
  facts.approval.reset();
  if (tool == nullptr) return facts;
  const json::View arguments = context.asked.call.arguments;
  std::vector<std::pair<std::string, std::string>> resolved;
  if (context.tool) resolved = paths_to_resolve(*context.tool, arguments);
  for (const auto& wanted : paths_to_resolve(*tool, arguments)) {
    if (std::ranges::find(resolved, wanted) != resolved.end()) continue;
    const auto& [pointer, path] = wanted;  // below another directory it leads elsewhere
    std::erase_if(facts.paths, [&](const PathFact& fact) { return fact.pointer == wanted.first; });
    facts.paths.push_back(context.asked.resolve ? context.asked.resolve(pointer, path)
                                                : PathFact{pointer, {}, {}});
  }
  find_programs(context, *tool, facts);
  for (const auto& [pointer, text] : sql_to_read(*tool, arguments)) {
    if (std::ranges::find(facts.sql, pointer, &sql::Fact::pointer) != facts.sql.end()) continue;
    facts.sql.push_back(context.asked.read_sql
                            ? context.asked.read_sql(pointer, text)
                            : sql::Fact{pointer, "SQL is not understood at this door", {}});
  }
  if (!tool->asks_origin) return facts;
  if (!knows_sources(context.policy(), policy)) {
    return fail(ErrorKind::missing,
                "it asks where values came from, and the policy in force does not keep that");
  }
  facts.origins = find_origins(*tool, arguments, context.run->origins);
  return facts;
}

}  // namespace pawl
