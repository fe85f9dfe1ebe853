#include "gate/facts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gate/people.h"
#include "kernel/policy/commands.h"

namespace pawl {

namespace {

// A definition that the server replaced since this call was proposed is not what was asked for.
PinState pin_now(const Ticket& ticket) {
  const PinState proposed = ticket.asked.pin;
  if (!ticket.asked.definition || proposed == PinState::unknown_tool) return proposed;
  std::string key(ticket.asked.call.server);
  key.append("\n").append(ticket.asked.call.tool);
  const auto newest = ticket.run->offered.find(key);
  if (newest == ticket.run->offered.end()) return proposed;
  return newest->second == spelled(ticket.asked.definition->digest) ? proposed : PinState::changed;
}

}  // namespace

Facts gather(const Ticket& ticket, std::optional<ApprovalFact> approval) {
  Facts facts;
  facts.pin = pin_now(ticket);
  if (ticket.asked.definition) facts.definition = spelled(ticket.asked.definition->digest);
  facts.approval = std::move(approval);
  facts.clock_suspect = ticket.desk.clock_suspect();
  facts.fault = ticket.desk.fault();
  if (!ticket.tool) return facts;
  for (const auto& [pointer, path] : paths_to_resolve(*ticket.tool, ticket.asked.call.arguments)) {
    facts.paths.push_back(ticket.asked.resolve ? ticket.asked.resolve(pointer, path)
                                               : PathFact{pointer, {}, {}});
  }
  if (ticket.asked.find_program) {
    for (const std::string& word : programs_to_find(*ticket.tool, ticket.asked.call.arguments)) {
      facts.programs.push_back(
          ticket.asked.find_program(word, ticket.tool->entry->commands->directories));
    }
    facts.programs_known = ticket.tool->entry->commands != nullptr &&
                           !ticket.tool->entry->commands->directories.empty();
  }
  if (ticket.tool->asks_origin) {
    facts.origins = find_origins(*ticket.tool, ticket.asked.call.arguments, ticket.run->origins);
  }
  for (const auto& [pointer, text] : sql_to_read(*ticket.tool, ticket.asked.call.arguments)) {
    facts.sql.push_back(ticket.asked.read_sql
                            ? ticket.asked.read_sql(pointer, text)
                            : SqlFact{pointer, "SQL is not understood at this door", {}});
  }
  return facts;
}

std::optional<ApprovalFact> approval_fact(const Desk& desk, const Approval& approval) {
  ApprovalFact fact;
  fact.approval = approval.asked.approval;
  fact.binding = approval.asked.binding;
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
