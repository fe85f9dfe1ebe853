// People for whom a provider vouches: the browser goes there and comes back with a code.
//
// `state` is a ticket for the key that the page has made, and what comes back is signed with that
// key: a code that another person's browser was given signs no one in, here or there. The nonce and
// PKCE's verifier follow from the ticket, so nothing is kept of a person who goes and never comes
// back.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "doors/console/console_impl.h"
#include "io/http/peer_key.h"

namespace pawl::console {
namespace {

constexpr std::string_view kToComeBack = "sign-in with a provider";
constexpr std::size_t kCodeBytesMax = 4096;

// This machine is one peer, whichever address of its loopback is used.
std::string peer_of(const http::Request& request) {
  if (!request.remote) return {};
  const std::string& address = request.remote->address;
  const bool own = address == "::1" || address.starts_with("127.");
  return own ? std::string("loopback") : http::peer_key(address);
}

std::string came_back_text(std::string_view origin, std::string_view state) {
  return fmt::format("pawl console sign-in v1\n{}\n{}\n", origin, state);
}

}  // namespace

void Console::Impl::ways(Visit& visit) {
  json::Writer out;
  out.object().key("provider").string(ports.provider ? ports.provider() : std::string()).end();
  visit.answer(200, out.take());
}

ProviderSignIn Console::Impl::provider_sign_in_of(const http::Request& request,
                                                  std::string state) const {
  ProviderSignIn asked;
  asked.redirect = origin_of(request) + std::string(page_root);
  asked.nonce = tickets.secret_for(state, "nonce");
  asked.verifier = tickets.secret_for(state, "verifier");
  asked.began = Instant{ports.now().ns - tickets.age(state, ports.boot()).ns};
  asked.state = std::move(state);
  return asked;
}

Task<void> Console::Impl::provider_begin(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto body = body_of(*visit);
  if (!body) co_return visit->refuse(body.error());
  const auto key = key_in(body->root());
  if (!key) co_return visit->refuse(key.error());
  if (!ports.provider || ports.provider().empty()) {
    co_return visit->refuse(404, "the deployment file names no provider");
  }
  const std::string state =
      tickets.give(kToComeBack, key->thumbprint(), ports.random(ticket_random_bytes), ports.boot());
  const auto address = co_await ports.provider_address(provider_sign_in_of(visit->request, state));
  if (over) co_return visit->refuse(503, "the node ends");
  if (!address) co_return visit->refuse(address.error());
  json::Writer out;
  out.object().key("open").string(*address).key("state").string(state).end();
  visit->answer(200, out.take());
}

Task<void> Console::Impl::provider_sign_in(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto body = body_of(*visit);
  if (!body) co_return visit->refuse(body.error());
  const json::View root = body->root();
  auto key = key_in(root);
  if (!key) co_return visit->refuse(key.error());
  const std::string state(root.text("state").value_or(""));
  const std::string code(root.text("code").value_or(""));
  const auto signature = bytes_member(root, "signature");
  if (code.empty() || code.size() > kCodeBytesMax || !signature || !ports.provider_redeem) {
    co_return visit->refuse(400, "no sign-in of our page");
  }
  if (!tickets.good(state, kToComeBack, key->thumbprint(), ports.boot())) {
    co_return visit->refuse(409, "this took too long, or came before: try again");
  }
  if (!key->verifies(came_back_text(origin_of(visit->request), state), *signature)) {
    ports.note("sign-in refused", "what came back from the provider is not of who went there");
    co_return visit->refuse(403, "this page did not begin this sign-in");
  }
  // Before the provider is asked: a request that is sent twice asks once.
  switch (returns.begin(state, peer_of(visit->request), ports.boot())) {
    case Returns::Turn::goes:
      break;
    case Returns::Turn::before:
      co_return visit->refuse(409, "this took too long, or came before: try again");
    case Returns::Turn::waits:
      co_return visit->refuse(429, "too many sign-ins come from where you are: try again soon");
  }
  const auto who = co_await ports.provider_redeem(provider_sign_in_of(visit->request, state), code,
                                                  std::string(root.text("iss").value_or("")));
  if (over) co_return visit->refuse(503, "the node ends");
  const bool counts =
      returns.ended(state, who ? std::string_view(who->person) : std::string_view(), ports.boot());
  if (!who) {
    ports.note("sign-in refused", "with a provider at the console: " + who.error().message);
    co_return visit->refuse(who.error());
  }
  if (!counts) co_return visit->refuse(429, "you signed in too often: try again soon");
  const auto known = ports.person(who->person);
  if (!known || !known->by(who->way)) {
    co_return visit->refuse(403, "the provider knows you, and this deployment does not");
  }
  welcome(*visit, who->person, *known, who->way, *std::move(key));
}

}  // namespace pawl::console
