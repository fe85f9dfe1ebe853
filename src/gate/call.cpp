// The life of a call, in one straight line. Each step is a small function in a file of its name.
#include <utility>

#include "gate/call_context.h"
#include "gate/decide.h"
#include "gate/execute.h"
#include "gate/gate.h"
#include "gate/grants.h"
#include "gate/hold.h"
#include "gate/offload.h"
#include "gate/settle.h"

namespace pawl {

namespace {

void mark(CallContext& context, Duration CallTimes::* moment) {
  if (context.times) (*context.times).*moment = context.gate_state.clock.boot();
}

// From the grant to the reply. A frame of its own, which a call that waits for a person does not
// have yet: a hundred thousand of those must be cheap.
Task<void> carry_out(CallContext& context) {
  Journal& journal = context.gate_state.journal;
  if (context.effect) {
    const Status durable = co_await journal.durable(context.decided);
    // Nothing waits between this look and the server.
    if (last_look(context, durable) != Next::execute) co_return;
  }
  sending(context);
  mark(context, &CallTimes::sent);
  Outcome outcome =
      asks_people_for_access(context)
          ? make_grant(context)
          : co_await context.upstream.execute(context.asked.call.tool, context.forwarded);
  mark(context, &CallTimes::answered);
  if (large_result(context, outcome)) co_await read_result(context, outcome);
  Status recorded = settle(context, std::move(outcome));  // projection, charges, the last record
  if (recorded && context.effect) recorded = co_await journal.durable(context.decided);
  deliver(context, recorded);
}

}  // namespace

Task<Settled> Gate::handle(Proposal proposal, Upstream& upstream, Caller& caller) {
  CallContext context(*gate_state_, proposal, upstream, caller);
  const bool large = large_arguments(context);
  if (large) co_await look_ahead(context);
  Next next = begin(context);  // facts, the kernel's verdict, its record
  if (large) next = unless_gone(context, next);
  mark(context, &CallTimes::decided);
  while (next == Next::wait) {
    co_await *context.woken;        // a person, the clock, the switch, nobody any more
    next = after_waiting(context);  // facts and verdict again, and their record
  }
  mark(context, &CallTimes::released);
  if (next == Next::execute) co_await carry_out(context);
  co_return std::move(context.reply());
}

}  // namespace pawl
