#include "kernel/state/transitions.h"

#include <array>
#include <span>

namespace pawl {

namespace {

template <class Phase, class Event>
struct Row {
  Phase from;
  Event event;
  Phase to;
};

template <class Phase, class Event>
std::optional<Phase> look_up(std::span<const Row<Phase, Event>> table, Phase from, Event event) {
  for (const Row<Phase, Event>& row : table) {
    if (row.from == from && row.event == event) return row.to;
  }
  return std::nullopt;
}

using R = RunPhase;
constexpr std::array<Row<RunPhase, RunEvent>, 14> run_table = {{
    {R::open, RunEvent::halt, R::halted},
    {R::open, RunEvent::kill, R::killed},
    {R::open, RunEvent::close, R::closed},
    {R::halted, RunEvent::halt, R::halted},  // a second reason; the first one stands
    {R::halted, RunEvent::kill, R::killed},
    {R::halted, RunEvent::resume, R::open},
    {R::halted, RunEvent::close, R::closed},
    {R::killed, RunEvent::halt, R::killed},  // the halt is remembered under the kill
    {R::killed, RunEvent::kill, R::killed},
    {R::killed, RunEvent::lift, R::open},
    {R::killed, RunEvent::resume, R::killed},
    {R::killed, RunEvent::close, R::closed},
    {R::closed, RunEvent::halt, R::closed},  // a late settlement: the halt stays with the agent
    {R::closed, RunEvent::resume, R::closed},
}};

using C = CallPhase;
constexpr std::array<Row<CallPhase, CallEvent>, 10> call_table = {{
    {C::held, CallEvent::admit, C::admitted},
    {C::held, CallEvent::deny, C::denied},
    {C::held, CallEvent::hold, C::held},  // the question changed while it was open
    {C::held, CallEvent::cancel, C::cancelled},
    {C::held, CallEvent::abort, C::aborted},
    {C::admitted, CallEvent::complete, C::completed},
    {C::admitted, CallEvent::fail, C::failed},
    {C::admitted, CallEvent::cancel, C::cancelled},
    {C::admitted, CallEvent::abort, C::aborted},
    {C::admitted, CallEvent::lose, C::indeterminate},
}};

using A = ApprovalPhase;
constexpr std::array<Row<ApprovalPhase, ApprovalEvent>, 9> approval_table = {{
    {A::open, ApprovalEvent::grant, A::approved},
    {A::open, ApprovalEvent::reject, A::rejected},
    {A::open, ApprovalEvent::expire, A::expired},
    {A::open, ApprovalEvent::withdraw, A::withdrawn},
    {A::approved, ApprovalEvent::grant, A::approved},
    {A::approved, ApprovalEvent::reject, A::rejected},
    {A::approved, ApprovalEvent::expire, A::expired},
    {A::approved, ApprovalEvent::withdraw, A::withdrawn},
    {A::approved, ApprovalEvent::consume, A::consumed},
}};

}  // namespace

std::optional<RunPhase> next(RunPhase from, RunEvent event) {
  return look_up(std::span<const Row<RunPhase, RunEvent>>(run_table), from, event);
}

CallPhase first(CallEvent decision) {
  if (decision == CallEvent::admit) return CallPhase::admitted;
  return decision == CallEvent::hold ? CallPhase::held : CallPhase::denied;
}

std::optional<CallPhase> next(CallPhase from, CallEvent event) {
  return look_up(std::span<const Row<CallPhase, CallEvent>>(call_table), from, event);
}

std::optional<CallEvent> outcome_event(std::string_view word) {
  if (word == "completed") return CallEvent::complete;
  if (word == "failed") return CallEvent::fail;
  if (word == "cancelled") return CallEvent::cancel;
  if (word == "aborted") return CallEvent::abort;
  if (word == "indeterminate") return CallEvent::lose;
  return std::nullopt;
}

std::optional<CallEvent> decision_event(std::string_view effect) {
  if (effect == "allow" || effect == "notify") return CallEvent::admit;
  if (effect == "hold") return CallEvent::hold;
  if (effect == "deny") return CallEvent::deny;
  return std::nullopt;
}

std::optional<ApprovalPhase> next(ApprovalPhase from, ApprovalEvent event) {
  return look_up(std::span<const Row<ApprovalPhase, ApprovalEvent>>(approval_table), from, event);
}

std::optional<ApprovalEvent> ending_event(std::string_view how) {
  if (how == "approved") return ApprovalEvent::grant;
  if (how == "rejected") return ApprovalEvent::reject;
  if (how == "expired") return ApprovalEvent::expire;
  if (how == "withdrawn") return ApprovalEvent::withdraw;
  if (how == "consumed") return ApprovalEvent::consume;
  return std::nullopt;
}

}  // namespace pawl
