#include "doors/console/passphrases.h"

#include <memory>
#include <optional>
#include <utility>

#include "io/approvals/proof.h"

namespace pawl::console {

Task<Status> Passphrases::check(secrets::Credential passphrase, std::string verifier) {
  using Ran = net::Aside::Ran;
  const auto found = std::make_shared<std::optional<Status>>();
  const Ran ran = co_await aside_.run(
      [found, typed = std::move(passphrase), enrolled = std::move(verifier)]() mutable {
        found->emplace(check_passphrase(typed.bytes(), enrolled));
        typed = {};
      });
  if (ran == Ran::yes) co_return **found;
  co_return fail(Fault::environment,
                 ran == Ran::crowded ? "many sign in at this moment: try again" : "the node ends");
}

}  // namespace pawl::console
