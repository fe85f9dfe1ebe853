// How a child is ended: one step after the other, and proof at the top.
#include <signal.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "io/net/child_state.h"

namespace pawl::net {
namespace {

// Between two looks at followers whose end is not announced.
constexpr Duration kLookFirst = Duration::milliseconds(2);
constexpr Duration kLookLast = Duration::milliseconds(50);

}  // namespace

Task<Exit> Child::State::wait(std::shared_ptr<State> self) {
  if (!self->over) {
    Completion<bool> told;
    self->waiters.push_back(told);
    co_await told;
  }
  co_return self->exit;
}

Task<bool> Child::State::emptied(std::shared_ptr<State> self, Duration at_most) {
  const Duration until = self->loop.now() + at_most;
  if (!self->over) {
    Completion<bool> told;
    self->waiters.push_back(told);
    const Timer timer = self->loop.after(at_most, [told]() mutable { told.deliver(false); });
    if (!co_await told) co_return false;
  }
  Duration pause = kLookFirst;
  while (!self->living().empty()) {
    const Duration left{until.ns - self->loop.now().ns};
    if (left.ns <= 0) co_return false;
    co_await self->loop.sleep(std::min(pause, left));
    pause = std::min(Duration{2 * pause.ns}, kLookLast);
  }
  co_return true;
}

Task<Ending> Child::State::climb(std::shared_ptr<State> self, Grace grace) {
  Ending ending;
  self->remember();
  ending.step =
      self->over && self->living().empty() ? StopStep::already_over : StopStep::input_closed;
  bool empty = co_await emptied(self, grace.after_input);
  for (const auto& [step, signal, patience] :
       {std::tuple(StopStep::terminated, SIGTERM, grace.after_terminate),
        {StopStep::killed, SIGKILL, kKillSettle}}) {
    if (empty) break;
    ending.step = step;
    self->kill_all(signal);
    empty = co_await emptied(self, patience);
  }
  if (!empty) ending.survivors = self->living();
  if (!self->over) {
    if (Result<ProcessStat> leader = read_stat(self->id.pid)) {
      if (leader->id == self->id) ending.survivors.push_back(*std::move(leader));
    }
  }
  self->reap_followers();
  if (self->over) self->reap();
  self->finished = self->over;
  ending.exit = self->exit;
  co_return ending;
}

}  // namespace pawl::net
