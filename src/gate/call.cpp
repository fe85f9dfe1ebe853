// The life of a call, in one straight line. Each step is a small function in a file of its name.
#include <utility>

#include "gate/decide.h"
#include "gate/execute.h"
#include "gate/gate.h"
#include "gate/hold.h"
#include "gate/settle.h"
#include "gate/ticket.h"

namespace pawl {

Task<Settled> Gate::handle(Proposal proposal, Upstream& upstream, Caller& caller) {
  Ticket ticket(*desk_, proposal, upstream, caller);
  Journal& journal = ticket.desk.journal;

  Next next = begin(ticket);  // facts, the kernel's verdict, its record
  while (next == Next::wait) {
    co_await ticket.woken;         // a person, the clock, the switch, nobody any more
    next = after_waiting(ticket);  // facts and verdict again, and their record
  }
  if (next == Next::execute && ticket.effect) {
    const Status durable = co_await journal.durable(ticket.decided);
    next = last_look(ticket, durable);  // nothing waits between here and the server
  }
  if (next != Next::execute) co_return std::move(ticket.reply);

  sending(ticket);
  Outcome outcome = co_await upstream.execute(proposal.call.tool, ticket.forwarded);
  Status recorded = settle(ticket, std::move(outcome));  // projection, charges, the last record
  if (recorded && ticket.effect) recorded = co_await journal.durable(ticket.decided);
  deliver(ticket, recorded);
  co_return std::move(ticket.reply);
}

}  // namespace pawl
