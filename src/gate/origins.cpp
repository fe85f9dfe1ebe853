#include "gate/origins.h"

namespace pawl {

RunOrigins origins_for(const Policy& policy) {
  RunOrigins origins(policy.sources);
  origins.add_words(policy.task_words);
  return origins;
}

void learn_origins(Ticket& ticket) {
  const Call& call = ticket.asked.call;
  const ToolRule* entry = ticket.policy().find(call.server, call.tool);  // as it stands by now
  if (entry == nullptr || entry->untrusted || ticket.reply().kind != Settled::Kind::result ||
      !ticket.run->origins.wants(call.server, call.tool)) {
    return;
  }
  GateState& gate_state = ticket.gate_state;
  // Two keys of one name would have two readings: such a result is no origin.
  if (!gate_state.parser.parse(ticket.reply().text, gate_state.parsed)) return;
  ticket.run->origins.add_result(call.server, call.tool, ticket.call, gate_state.parsed.root());
}

}  // namespace pawl
