#include "doors/mcp/session/handshake.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"
#include "kernel/policy/policy.h"

namespace pawl::mcp {
namespace {

// How long a server may think about `server/discover` before it hears `initialize`.
constexpr Duration discover_patience = Duration::seconds(5);
constexpr Duration listen_again = Duration::seconds(1);
constexpr Duration listen_again_max = Duration::seconds(60);

bool serves_stateless_after_all(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  if (!document) return false;
  const json::View code = document->root()["code"];
  if (!code.is_integer() || code.integer() != unsupported_version) return false;
  for (const json::View one : document->root()["data"]["supported"].elements()) {
    if (one.is_string() && one.string() == stateless_revision) return true;
  }
  return false;
}

std::string wanted_changes(json::View capabilities) {
  json::Writer out;
  out.object();
  const std::pair<std::string_view, std::string_view> lists[] = {
      {"tools", "toolsListChanged"},
      {"prompts", "promptsListChanged"},
      {"resources", "resourcesListChanged"},
  };
  for (const auto& [capability, member] : lists) {
    if (capabilities[capability]["listChanged"].exists()) out.key(member).boolean(true);
  }
  out.end();
  return out.take();
}

}  // namespace

void Handshake::client_initialized() {
  if (std::exchange(initialized, true)) return;
  if (server_era != Era::stateless)
    session_.to_server(notification_line("notifications/initialized", {}));
  if (has_tools) start(session_.shared_from_this(), session_.lists.reload_tools(false));
}

Task<void> Handshake::initialize(std::string id, std::shared_ptr<json::Document> document,
                                 json::View params) {
  const Hello hello = hello_of(params);
  session_.client.offers = offers_of(hello.capabilities);
  session_.restart.remember_hello(hello);
  const bool ready = co_await ensure_open(false, hello);
  const std::string_view revision = hello.revision;  // a name of the table, not of the document
  document.reset();
  if (!ready) {
    session_.to_client(raw_error_line(id, refusal().text), id);
    co_return;
  }
  const bool own = server_era == Era::stateless || session_.spec.one_for_all;
  const std::string_view spoken = own ? revision : std::string_view();
  session_.to_client(result_line(id, initialize_result(server_hello.root(), session_.shown(),
                                                       instructions_accepted(), spoken)),
                     id);
}

Task<bool> Handshake::ensure_open(bool stateless, Hello hello) {
  if (opening == Opening::open) co_return true;
  if (opening == Opening::under_way) {
    Completion<bool> ready;
    waiting_for_server.push_back(ready);
    co_return co_await ready;
  }
  const bool again = session_.server_gone && session_.spec.start_again && !session_.closing;
  if (opening == Opening::failed || (session_.server_gone && !again)) co_return false;
  opening = Opening::under_way;
  envelope = std::make_shared<const std::string>(envelope_for_server(
      hello.capabilities, hello.client, *session_.spec.policy, session_.spec.server));
  bool fine = !again || co_await session_.restart.start_again();
  if (fine) fine = co_await negotiate(stateless, hello, again);
  // One that a session of the stateful era cannot use is no server; another start may make one.
  const bool useless =
      !fine && session_.spec.start_again && (again || !stateless) && !session_.closing;
  if (useless && !session_.server_gone) session_.server_closed("it refused to be opened");
  // What one stateless client says of itself and the server refuses must not bind the next one, and
  // one that ended may be started again.
  const bool next = session_.server_gone ? bool(session_.spec.start_again) : stateless;
  opening = fine ? Opening::open : next ? Opening::closed : Opening::failed;
  if (fine) {
    has_tools = server_hello.root()["capabilities"]["tools"].is_object();
    // Compared before its tools are: those of a server whose instructions changed are not callable.
    (void)instructions_accepted();
    if (server_era == Era::stateless) listen_for_changes();
    if (again) {
      co_await session_.restart.restore();
      fine = !session_.server_gone;
    } else if (stateless) {
      // A stateless client will not say it.
      client_initialized();
    }
  }
  if (fine) session_.restart.ever_there = true;
  if (again) session_.restart.announce_availability(fine);
  if (fine) session_.restart.why_absent.clear();
  if (!fine) session_.restart.schedule_retry();
  for (auto& waiting : std::exchange(waiting_for_server, {})) waiting.deliver(fine);
  co_return fine;
}

Task<bool> Handshake::negotiate(bool stateless, const Hello& hello, bool again) {
  // A client that opens a server waits as long as it likes; here it would be a call that waits.
  net::Timer patience;
  if (again) {
    patience = session_.loop.after(opened_again_within, [self = session_.weak_from_this()] {
      if (auto session = self.lock()) session->server_closed("it did not say what it is in time");
    });
  }
  bool fine = stateless && co_await try_discover();
  if (!fine) fine = co_await try_initialize(hello);
  // It refused, so it is there: perhaps one that speaks nothing but the stateless era.
  if (!fine && !server_refusal.empty()) fine = co_await try_discover();
  if (!fine && again) {
    session_.restart.why_absent = server_refusal.empty()
                                      ? "it did not say what it is"
                                      : "it refused to be opened: " + message_of(server_refusal);
  }
  co_return fine;
}

Task<Answer> Handshake::discover_once() {
  auto ticket = session_.server_requests->send("server/discover", with_meta("{}", *envelope));
  Completion<Answer> waiting = ticket.answer;
  const net::Timer silence = session_.loop.after(discover_patience, [waiting]() mutable {
    waiting.deliver({Answer::Kind::lost, "the server did not answer `server/discover` in time"});
  });
  co_return co_await ticket.answer;
}

Task<bool> Handshake::try_discover() {
  Answer answer = co_await discover_once();
  // A server that names the revision among those it serves is asked for it once more.
  if (answer.kind == Answer::Kind::error && serves_stateless_after_all(answer.text)) {
    answer = co_await discover_once();
  }
  if (answer.kind != Answer::Kind::result) co_return false;
  const auto result = json::parse(answer.text, as_it_came);
  const std::string text = result ? said_in_discover(result->root()) : std::string();
  auto parsed = json::parse(text, as_it_came);
  if (text.empty() || !parsed) co_return false;
  server_hello = std::move(*parsed);
  server_era = Era::stateless;
  co_return true;
}

Task<bool> Handshake::try_initialize(const Hello& hello) {
  auto ticket = session_.server_requests->send(
      "initialize", initialize_params(hello, *session_.spec.policy, session_.spec.server));
  // There are servers that are installed first.
  const net::Timer patience =
      session_.server.answered_within(ticket.id, session_.spec.call_deadline);
  const Answer answer = co_await ticket.answer;
  if (answer.kind == Answer::Kind::error) server_refusal = answer.text;
  auto result = json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
  if (!result || !result->root().is_object()) co_return false;
  server_hello = std::move(*result);
  server_era = Era::stateful;
  co_return true;
}

std::string Handshake::params_for_server(std::string params) const {
  return server_era == Era::stateless ? with_meta(params, *envelope) : params;
}

Reply Handshake::refusal() const {
  if (!server_refusal.empty()) return {Reply::Kind::error, server_refusal};
  return {Reply::Kind::error,
          error_object(invalid_request, "the tool server did not answer `initialize`")};
}

bool Handshake::instructions_accepted() {
  if (!instructions_fine_) {
    const bool production = session_.spec.policy->environment == Environment::production;
    instructions_fine_ = session_.lists.catalog.instructions(
        server_hello.root().text("instructions").value_or(""), production);
  }
  return *instructions_fine_;
}

void Handshake::forget() {
  instructions_fine_.reset();
  if (opening != Opening::under_way) opening = Opening::closed;
}

// Changes of a stateless server come by a subscription of ours. One that ends is opened again; what
// changed meanwhile is read.
void Handshake::listen_for_changes() {
  const std::string changes = wanted_changes(server_hello.root()["capabilities"]);
  if (changes == "{}" || session_.closing || session_.server_gone) return;
  auto ticket = session_.server_requests->send(
      "subscriptions/listen",
      with_meta(fmt::format(R"({{"notifications":{}}})", changes), *envelope));
  spawn([](std::shared_ptr<Session::Impl> session, Requests::Ticket open) -> Task<void> {
    const Answer answer = co_await open.answer;
    if (answer.kind == Answer::Kind::error || session->closing || session->server_gone) co_return;
    // Over HTTP the way to the server may be broken for a while.
    const bool lost = answer.kind == Answer::Kind::lost;
    const Duration pause = lost ? session->handshake.listen_pause_ : listen_again;
    session->handshake.listen_pause_ =
        lost ? std::min(Duration{pause.ns * 2}, listen_again_max) : listen_again;
    const std::weak_ptr<Session::Impl> self = session;
    session->handshake.listen_timer_ = session->loop.after(pause, [self] {
      auto later = self.lock();
      if (!later || later->closing) return;
      later->handshake.listen_for_changes();
      if (later->handshake.has_tools) start(later, later->lists.reload_tools(true));
    });
  }(session_.shared_from_this(), std::move(ticket)));
}

}  // namespace pawl::mcp
