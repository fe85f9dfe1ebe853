#include "doors/console/passphrases.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "io/approvals/proof.h"

namespace pawl::console {
namespace {

std::unexpected<Error> crowded() {
  return fail(ErrorKind::environment, "many sign in at this moment: try again");
}

}  // namespace

// Whether there is room for one more; an unknown person may lose theirs for it.
bool Passphrases::find_room(const Typist& typist) {
  const auto theirs = [&](const Waiting& one) { return one.typist.source == typist.source; };
  const auto of_one = std::ranges::count_if(waiting_, theirs);
  if (of_one >= static_cast<std::ptrdiff_t>(waiting_of_one_max)) return false;
  if (waiting_.size() < waiting_max) return true;
  if (!typist.known) return false;
  for (auto last = waiting_.rbegin(); last != waiting_.rend(); ++last) {
    if (last->typist.known) continue;
    Completion<bool> turn = std::move(last->turn);
    waiting_.erase(std::next(last).base());
    tell_later(std::move(turn), false);
    return true;
  }
  return false;
}

void Passphrases::next() {
  busy_ = false;
  if (waiting_.empty()) return;
  const auto known =
      std::ranges::find_if(waiting_, [](const Waiting& one) { return one.typist.known; });
  const auto first = known == waiting_.end() ? waiting_.begin() : known;
  Completion<bool> turn = std::move(first->turn);
  waiting_.erase(first);
  busy_ = true;
  tell_later(std::move(turn), true);
}

// The end may come before that turn of the loop.
void Passphrases::tell_later(Completion<bool> turn, bool theirs) {
  std::erase_if(told_, [](const Completion<bool>& one) { return one.delivered(); });
  told_.push_back(turn);
  loop_.post([turn = std::move(turn), theirs]() mutable { turn.deliver(theirs); });
}

Task<Status> Passphrases::check(secrets::Credential passphrase, std::string verifier,
                                Typist typist) {
  using Ran = net::Aside::Ran;
  if (over_) co_return fail(ErrorKind::environment, "the node ends");
  if (busy_) {
    if (!find_room(typist)) co_return crowded();
    Completion<bool> turn;
    waiting_.push_back({std::move(typist), turn});
    const bool mine = co_await turn;
    if (!mine && over_) co_return fail(ErrorKind::environment, "the node ends");
    if (!mine) co_return crowded();
  }
  busy_ = true;
  const auto found = std::make_shared<std::optional<Status>>();
  const Ran ran = co_await aside_.run(
      [found, typed = std::move(passphrase), enrolled = std::move(verifier)]() mutable {
        found->emplace(check_passphrase(typed.bytes(), enrolled));
        typed = {};
      });
  if (ran != Ran::yes) co_return fail(ErrorKind::environment, "the node ends");
  next();
  co_return **found;
}

Task<bool> Passphrases::hold(std::string source, Duration wait) {
  std::size_t of_one = 0;
  Duration due{loop_.now().ns + wait.ns};
  for (const Held& one : held_) {
    if (one.source != source) continue;
    ++of_one;
    due = std::max(due, Duration{one.due.ns + wait.ns});
  }
  if (over_ || held_.size() >= held_max || of_one >= held_of_one_max) co_return false;
  Completion<bool> over;
  const auto held = held_.insert(held_.end(), Held{std::move(source), over, due, {}});
  held->timer = loop_.at(due, [over]() mutable { over.deliver(true); });
  const bool goes_on = co_await over;
  if (goes_on) held_.erase(held);
  co_return goes_on;
}

void Passphrases::finish() {
  over_ = true;
  for (Held& one : std::exchange(held_, {})) one.over.deliver(false);
  aside_.finish();
  for (auto& turn : std::exchange(told_, {})) turn.deliver(false);
  for (Waiting& one : std::exchange(waiting_, {})) one.turn.deliver(false);
}

}  // namespace pawl::console
