// The life of a call, in one straight line. Each step is a small function in a file of its name.
#include <utility>

#include "gate/decide.h"
#include "gate/execute.h"
#include "gate/gate.h"
#include "gate/grants.h"
#include "gate/hold.h"
#include "gate/offload.h"
#include "gate/settle.h"
#include "gate/ticket.h"

namespace pawl {

namespace {

void mark(Ticket& ticket, Duration CallTimes::* moment) {
  if (ticket.times) (*ticket.times).*moment = ticket.gate_state.clock.boot();
}

// From the grant to the reply. A frame of its own, which a call that waits for a person does not
// have yet: a hundred thousand of those must be cheap.
Task<void> carry_out(Ticket& ticket) {
  Journal& journal = ticket.gate_state.journal;
  if (ticket.effect) {
    const Status durable = co_await journal.durable(ticket.decided);
    // Nothing waits between this look and the server.
    if (last_look(ticket, durable) != Next::execute) co_return;
  }
  sending(ticket);
  mark(ticket, &CallTimes::sent);
  Outcome outcome = asks_people_for_access(ticket) ? make_grant(ticket)
                                                   : co_await ticket.upstream.execute(
                                                         ticket.asked.call.tool, ticket.forwarded);
  mark(ticket, &CallTimes::answered);
  if (large_result(ticket, outcome)) co_await read_result(ticket, outcome);
  Status recorded = settle(ticket, std::move(outcome));  // projection, charges, the last record
  if (recorded && ticket.effect) recorded = co_await journal.durable(ticket.decided);
  deliver(ticket, recorded);
}

}  // namespace

Task<Settled> Gate::handle(Proposal proposal, Upstream& upstream, Caller& caller) {
  Ticket ticket(*gate_state_, proposal, upstream, caller);
  const bool large = large_arguments(ticket);
  if (large) co_await look_ahead(ticket);
  Next next = begin(ticket);  // facts, the kernel's verdict, its record
  if (large) next = unless_gone(ticket, next);
  mark(ticket, &CallTimes::decided);
  while (next == Next::wait) {
    co_await *ticket.woken;        // a person, the clock, the switch, nobody any more
    next = after_waiting(ticket);  // facts and verdict again, and their record
  }
  mark(ticket, &CallTimes::released);
  if (next == Next::execute) co_await carry_out(ticket);
  co_return std::move(ticket.reply());
}

}  // namespace pawl
