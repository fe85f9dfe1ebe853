#include "gate/execute.h"

#include <algorithm>
#include <utility>

#include "gate/decide.h"
#include "gate/observe.h"
#include "gate/part.h"

namespace pawl {

namespace {

bool still_granted(const Run& run, std::string_view grant, Instant now) {
  const auto found = std::ranges::find(run.grants, grant, &Grant::id);
  return found != run.grants.end() && now < found->until;
}

}  // namespace

Next unless_gone(Ticket& ticket, Next next) {
  if (!ticket.caller.gone()) return next;
  if (next == Next::wait) wake(ticket);  // nobody says so a second time
  if (next != Next::execute) return next;
  end_unsent(ticket);
  ticket.reply().kind = Settled::Kind::gone;
  return Next::reply;
}

Next last_look(Ticket& ticket, const Status& durable) {
  GateState& gate_state = ticket.gate_state;
  if (!durable || gate_state.journal.failed()) {
    // Nothing can be recorded any more; the next start finds a call that was let through and has no
    // end, and treats it as one whose outcome nobody knows.
    return refuse(ticket, denial(ticket, Code::audit_unavailable,
                                 "the decision did not reach the disk: " + gate_state.fault()));
  }
  if (unless_gone(ticket, Next::execute) != Next::execute) return Next::reply;
  const Run& run = ticket.state();
  const bool killed = run.phase == RunPhase::killed ||
                      gate_state.state.killed(run.agent, run.id, ticket.asked.call.name()) != nullptr;
  if (killed) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::killed, "the kill switch was set meanwhile"));
  }
  if (run.phase != RunPhase::open || gate_state.state.halt_of(run.agent, run.sponsor) != nullptr) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::run_halted, "the run was stopped meanwhile"));
  }
  if (ticket.asked.part && ticket.asked.part->over()) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::not_granted, "the sub-run ended meanwhile"));
  }
  if (!ticket.grant.empty() && !still_granted(run, ticket.grant, gate_state.now())) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::not_granted,
                                 "what people had granted ended before it was sent"));
  }
  if (ticket.other_policy_now()) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::cancelled,
                                 "the policy became stricter before it was sent; called again, it "
                                 "is judged anew"));
  }
  if (ticket.watched && enforcement(gate_state, run.agent) == Enforcement::enforced) {
    end_unsent(ticket);
    return refuse(ticket, denial(ticket, Code::cancelled,
                                 "watching without enforcing ended before it was sent; called "
                                 "again, it is judged anew"));
  }
  return Next::execute;
}

void sending(Ticket& ticket) {
  ticket.phase = Ticket::Phase::executing;
  ticket.since = ticket.gate_state.clock.boot();
}

void cancel(Ticket& ticket) {
  if (ticket.cancelled) return;
  ticket.cancelled = true;
  ticket.upstream.cancel();
}

// The door is in the middle of something of its own when it says that the client left.
void cancel_later(Ticket& ticket) {
  ticket.gate_state.later([gate_state = &ticket.gate_state, run = ticket.asked.run, call = ticket.call] {
    const auto known = gate_state->runs.find(run);
    if (known == gate_state->runs.end()) return;
    const auto& live = known->second.live;
    const auto found = std::ranges::find_if(live, [&](const Ticket* other) {
      return other->call == call && other->phase == Ticket::Phase::executing;
    });
    if (found != live.end()) cancel(**found);
  });
}

void end_unsent(Ticket& ticket) {
  ticket.phase = Ticket::Phase::over;
  abort_call(ticket.gate_state, ticket.call, ticket.asked.run);
}

void abort_call(GateState& gate_state, const std::string& call, const std::string& run) {
  CallEnded ended;
  ended.call = call;
  ended.run = run;
  ended.outcome = "aborted";
  (void)gate_state.append(std::move(ended), {.urgency = Urgency::reserve});
}

}  // namespace pawl
