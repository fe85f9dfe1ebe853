#include "gate/facts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gate/people.h"
#include "kernel/policy/commands.h"

namespace pawl {

namespace {

// A definition that the server replaced since this call was proposed is not what was asked for.
PinState pin_now(const RunDesk& run, const Proposal& asked) {
  const PinState proposed = asked.pin;
  if (!asked.definition || proposed == PinState::unknown_tool) return proposed;
  std::string key(asked.call.server);
  key.append("\n").append(asked.call.tool);
  const auto newest = run.offered.find(key);
  if (newest == run.offered.end()) return proposed;
  return newest->second == spelled(asked.definition->digest) ? proposed : PinState::changed;
}

}  // namespace

Facts gather(const LookedAt& what, std::optional<ApprovalFact> approval) {
  const Proposal& asked = what.asked;
  const BoundTool* const tool = what.tool;
  Facts facts;
  facts.pin = pin_now(what.run, asked);
  if (asked.definition) facts.definition = spelled(asked.definition->digest);
  facts.approval = std::move(approval);
  facts.clock_suspect = what.desk.clock_suspect();
  facts.fault = what.desk.fault();
  if (tool == nullptr) return facts;
  for (const auto& [pointer, path] : paths_to_resolve(*tool, asked.call.arguments)) {
    facts.paths.push_back(asked.resolve ? asked.resolve(pointer, path) : PathFact{pointer, {}, {}});
  }
  if (asked.find_program) {
    for (const std::string& word : programs_to_find(*tool, asked.call.arguments)) {
      facts.programs.push_back(asked.find_program(word, tool->entry->commands->directories));
    }
    facts.programs_known =
        tool->entry->commands != nullptr && !tool->entry->commands->directories.empty();
  }
  if (tool->asks_origin) {
    facts.origins = find_origins(*tool, asked.call.arguments, what.run.origins);
  }
  for (const auto& [pointer, text] : sql_to_read(*tool, asked.call.arguments)) {
    facts.sql.push_back(asked.read_sql
                            ? asked.read_sql(pointer, text)
                            : SqlFact{pointer, "SQL is not understood at this door", {}});
  }
  return facts;
}

Facts gather(const Ticket& ticket, std::optional<ApprovalFact> approval) {
  return gather(LookedAt{ticket.desk, *ticket.run, ticket.asked, ticket.tool.get()},
                std::move(approval));
}

std::optional<ApprovalFact> approval_fact(const Desk& desk, const Approval& approval) {
  ApprovalFact fact;
  fact.approval = approval.asked.approval;
  fact.binding = approval.binding();
  fact.expired = approval.phase == ApprovalPhase::expired || time_is_over(desk, approval);
  switch (approval.phase) {
    case ApprovalPhase::open:
    case ApprovalPhase::expired:
      if (!fact.expired) return std::nullopt;
      return fact;
    case ApprovalPhase::approved:
      if (fact.expired) return fact;
      if (const std::string missing = no_longer_entitled(desk, approval); !missing.empty()) {
        fact.rejected_by = missing;
        fact.reason = "`" + missing + "` approved it and may not answer such a question any more";
        return fact;
      }
      fact.granted = true;
      return fact;
    case ApprovalPhase::rejected:
      for (const Answer& answer : approval.answers) {
        if (answer.answer != "reject") continue;
        fact.rejected_by = answer.person;
        fact.reason = answer.reason;
      }
      return fact;
    case ApprovalPhase::withdrawn:
    case ApprovalPhase::consumed:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace pawl
