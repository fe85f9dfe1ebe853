#include "doors/console/passphrases.h"

#include <memory>
#include <optional>
#include <utility>

#include "io/approvals/proof.h"

namespace pawl::console {
namespace {

std::unexpected<Error> node_ends() {
  return fail(Fault::environment, "the node ends");
}

}  // namespace

Task<Status> Passphrases::check(secrets::Credential passphrase, std::string verifier) {
  if (over_) co_return node_ends();
  if (busy_) {
    if (waiting_.size() >= waiting_max) {
      co_return fail(Fault::environment, "many sign in at this moment: try again");
    }
    Completion<bool> turn;
    waiting_.push_back(turn);
    if (!co_await turn) co_return node_ends();
  }
  busy_ = true;
  Completion<bool> done;
  running_ = done;
  const auto found = std::make_shared<std::optional<Status>>();
  thread_ = std::jthread([loop = &loop_, done, found, typed = std::move(passphrase),
                          enrolled = std::move(verifier)]() mutable {
    found->emplace(check_passphrase(typed.bytes(), enrolled));
    typed = {};
    loop->post([done]() mutable { done.deliver(true); });
  });
  if (!co_await done) co_return node_ends();
  thread_.join();
  running_.reset();
  busy_ = false;
  if (!waiting_.empty()) {
    Completion<bool> next = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    loop_.post([next]() mutable { next.deliver(true); });
  }
  co_return **found;
}

void Passphrases::finish() {
  over_ = true;
  for (auto& turn : std::exchange(waiting_, {})) turn.deliver(false);
  // What is under way is waited for: it holds a passphrase, and whoever asked holds this.
  if (thread_.joinable()) thread_.join();
  if (auto running = std::exchange(running_, {})) running->deliver(false);
}

}  // namespace pawl::console
