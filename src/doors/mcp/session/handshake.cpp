// How the server is opened: which era it speaks, and what it says about itself.
//
// For a client of the older era a server hears `initialize` first, as it would without pawl, and is
// asked for the newer one only where it refuses that. For a modern client it is the other way
// around: `server/discover` in place, then `initialize` where the server does not answer it as a
// modern server does, or not soon. There are servers that end themselves when they hear anything
// before `initialize`: a client that asks in a process of its own finds out by that, as it does
// without pawl.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/protocol/message.h"
#include "doors/mcp/session/session_impl.h"

namespace pawl::mcp {
namespace {

// How long a server may think about `server/discover` before it hears `initialize`.
constexpr Duration discover_patience = Duration::seconds(5);
constexpr Duration listen_again = Duration::seconds(1);
constexpr Duration listen_again_max = Duration::seconds(60);

bool serves_modern_after_all(std::string_view error) {
  const auto document = json::parse(error, as_it_came);
  if (!document) return false;
  const json::View code = document->root()["code"];
  if (!code.is_integer() || code.integer() != unsupported_version) return false;
  for (const json::View one : document->root()["data"]["supported"].elements()) {
    if (one.is_string() && one.string() == modern_revision) return true;
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

Task<bool> Session::Impl::open_server(bool modern, Hello hello) {
  if (opening == Opening::open) co_return true;
  if (opening == Opening::under_way) {
    Completion<bool> ready;
    waiting_for_server.push_back(ready);
    co_return co_await ready;
  }
  const bool again = server_gone && spec.start_again && !closing;
  if (opening == Opening::failed || (server_gone && !again)) co_return false;
  opening = Opening::under_way;
  envelope = std::make_shared<const std::string>(
      envelope_for_server(hello.capabilities, hello.client, *spec.policy, spec.server));
  bool fine = !again || co_await start_again();
  if (fine) fine = co_await find_era(modern, hello, again);
  // One that a session of the older era cannot use is no server; another start may make one.
  const bool useless = !fine && spec.start_again && (again || !modern) && !closing;
  if (useless && !server_gone) server_closed("it refused to be opened");
  // What one modern client says of itself and the server refuses must not bind the next one, and
  // one that ended may be started again.
  const bool next = server_gone ? bool(spec.start_again) : modern;
  opening = fine ? Opening::open : next ? Opening::closed : Opening::failed;
  if (fine) {
    has_tools = said.root()["capabilities"]["tools"].is_object();
    // Compared before its tools are: those of a server whose instructions changed are not callable.
    (void)with_instructions();
    if (server_era == Era::stateless) hear_changes();
    if (again) {
      co_await meet_again();
      fine = !server_gone;
    } else if (modern) {
      // A modern client will not say it.
      initialized_by_client();
    }
  }
  if (fine) ever_there = true;
  if (again) tell_presence(fine);
  if (fine) why_absent.clear();
  if (!fine) look_for_it();
  for (auto& waiting : std::exchange(waiting_for_server, {})) waiting.deliver(fine);
  co_return fine;
}

Task<bool> Session::Impl::find_era(bool modern, const Hello& hello, bool again) {
  // A client that opens a server waits as long as it likes; here it would be a call that waits.
  net::Timer patience;
  if (again) {
    patience = loop.after(opened_again_within, [self = weak_from_this()] {
      if (auto room = self.lock()) room->server_closed("it did not say what it is in time");
    });
  }
  bool fine = modern && co_await try_discover();
  if (!fine) fine = co_await try_initialize(hello);
  // It refused, so it is there: perhaps one that speaks nothing but the newer era.
  if (!fine && !server_refusal.empty()) fine = co_await try_discover();
  if (!fine && again) {
    why_absent = server_refusal.empty() ? "it did not say what it is" : "it refused to be opened";
  }
  co_return fine;
}

Task<Answer> Session::Impl::discover_once() {
  auto ticket = at_server->send("server/discover", with_meta("{}", *envelope));
  Completion<Answer> waiting = ticket.answer;
  const net::Timer silence = loop.after(discover_patience, [waiting]() mutable {
    waiting.deliver({Answer::Kind::lost, "the server did not answer `server/discover` in time"});
  });
  co_return co_await ticket.answer;
}

Task<bool> Session::Impl::try_discover() {
  Answer answer = co_await discover_once();
  // A server that names the revision among those it serves is asked for it once more.
  if (answer.kind == Answer::Kind::error && serves_modern_after_all(answer.text)) {
    answer = co_await discover_once();
  }
  if (answer.kind != Answer::Kind::result) co_return false;
  const auto result = json::parse(answer.text, as_it_came);
  const std::string text = result ? said_in_discover(result->root()) : std::string();
  auto parsed = json::parse(text, as_it_came);
  if (text.empty() || !parsed) co_return false;
  said = std::move(*parsed);
  server_era = Era::stateless;
  co_return true;
}

Task<bool> Session::Impl::try_initialize(const Hello& hello) {
  auto ticket = at_server->send("initialize", initialize_params(hello, *spec.policy, spec.server));
  // There are servers that are installed first.
  const net::Timer patience = answered_within(ticket.id, spec.call_deadline);
  const Answer answer = co_await ticket.answer;
  if (answer.kind == Answer::Kind::error) server_refusal = answer.text;
  auto result = json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
  if (!result || !result->root().is_object()) co_return false;
  said = std::move(*result);
  server_era = Era::stateful;
  co_return true;
}

std::string Session::Impl::for_server(std::string params) const {
  return server_era == Era::stateless ? with_meta(params, *envelope) : params;
}

Reply Session::Impl::refusal_of_server() const {
  if (!server_refusal.empty()) return {Reply::Kind::error, server_refusal};
  return {Reply::Kind::error,
          error_object(invalid_request, "the tool server did not answer `initialize`")};
}

bool Session::Impl::with_instructions() {
  if (!instructions_fine) {
    const bool production = spec.policy->environment == Environment::production;
    instructions_fine =
        catalog.instructions(said.root().text("instructions").value_or(""), production);
  }
  return *instructions_fine;
}

// Changes of a modern server come by a subscription of ours. One that ends is opened again; what
// changed meanwhile is read.
void Session::Impl::hear_changes() {
  const std::string changes = wanted_changes(said.root()["capabilities"]);
  if (changes == "{}" || closing || server_gone) return;
  auto ticket =
      at_server->send("subscriptions/listen",
                      with_meta(fmt::format(R"({{"notifications":{}}})", changes), *envelope));
  spawn([](std::shared_ptr<Impl> room, Requests::Ticket open) -> Task<void> {
    const Answer answer = co_await open.answer;
    if (answer.kind == Answer::Kind::error || room->closing || room->server_gone) co_return;
    // Over HTTP the way to the server may be broken for a while.
    const bool lost = answer.kind == Answer::Kind::lost;
    const Duration pause = lost ? room->listen_pause : listen_again;
    room->listen_pause = lost ? std::min(Duration{pause.ns * 2}, listen_again_max) : listen_again;
    const std::weak_ptr<Impl> self = room;
    room->listen_timer = room->loop.after(pause, [self] {
      auto later = self.lock();
      if (!later || later->closing) return;
      later->hear_changes();
      if (later->has_tools) start(later, later->reload(true));
    });
  }(shared_from_this(), std::move(ticket)));
}

}  // namespace pawl::mcp
