#include "gate/origins.h"

namespace pawl {

RunOrigins origins_for(const Policy& policy) {
  RunOrigins origins(policy.sources);
  origins.add_words(policy.task_words);
  return origins;
}

void learn_origins(CallContext& context) {
  const Call& call = context.asked.call;
  const ToolRule* entry = context.policy().find(call.server, call.tool);  // as it stands by now
  if (entry == nullptr || entry->untrusted || context.reply().kind != Settled::Kind::result ||
      !context.run->origins.wants(call.server, call.tool)) {
    return;
  }
  GateState& gate_state = context.gate_state;
  // Two keys of one name would have two readings: such a result is no origin.
  if (!gate_state.parser.parse(context.reply().text, gate_state.parsed)) return;
  context.run->origins.add_result(call.server, call.tool, context.call, gate_state.parsed.root());
}

}  // namespace pawl
