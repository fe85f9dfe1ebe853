// A server that ended, and the one that is started in its place.
//
// Nothing of the old one counts for the new one: what it was asked is lost, what it asked is
// withdrawn, ids go on. It is opened with the client's own words, its instructions and tools are
// compared, and what the client had it keep (subscriptions, the level of its log) is said again.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/session/session_impl.h"

namespace pawl::mcp {
namespace {

constexpr unsigned waits_doubled_max = 8;

Duration wait_before_start(unsigned in_a_row) {
  if (in_a_row == 0) return {};
  if (in_a_row >= starts_in_a_row_max) return start_wait_exhausted;
  const unsigned doubled = std::min(in_a_row - 1, waits_doubled_max);
  return std::min(Duration{start_wait_first.ns << doubled}, start_wait_max);
}

}  // namespace

void Session::Impl::remember(const Hello& hello) {
  if (!spec.start_again) return;
  json::Writer out;
  out.object().key("protocolVersion").string(hello.revision).key("capabilities");
  hello.capabilities.exists() ? out.value(hello.capabilities) : out.raw("{}");
  if (hello.client.exists()) out.key("clientInfo").value(hello.client);
  out.end();
  auto parsed = json::parse(out.text());
  if (parsed) hello_said = std::make_shared<const json::Document>(std::move(*parsed));
}

// Everybody who waited for it was told.
void Session::Impl::server_left(const std::string& reason) {
  transports.server->stop_hearing();
  life.reset();
  const bool soon = loop.now().ns - started.ns < server_lives_long.ns;
  ends_in_a_row = soon ? ends_in_a_row + 1 : 0;
  not_before = loop.now() + wait_before_start(ends_in_a_row);
  if (ever_there) {
    (void)gate.note(
        spec.run, "server ended",
        fmt::format("{}: {}; it is started again for what it is asked next", spec.server, reason));
  } else {
    why_absent = reason;
    (void)gate.note(spec.run, "server absent",
                    fmt::format("{}: {}; it is tried again", spec.server, reason));
  }
  catalog.forget();
  instructions_fine.reset();
  cursor_names.clear();
  cursors.clear();
  addresses_shown.clear();
  if (opening != Opening::under_way) opening = Opening::closed;
  // Questions of a modern client went with their calls.
  for (const auto& [theirs, ours] : std::exchange(asked_client, {})) {
    if (ours == 0) continue;
    to_client(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", ours)));
    (void)at_client->deliver(std::to_string(ours), {Answer::Kind::lost, "the server ended"});
  }
  if (std::exchange(server_crowded, false)) transports.client->resume();
}

Task<bool> Session::Impl::server_there() {
  if (!server_gone) co_return true;
  if (!spec.start_again || closing || !hello_said) co_return false;
  const auto said_then = hello_said;  // another client's words may come meanwhile
  co_return co_await open_server(client_era == Era::stateless, hello_of(said_then->root()));
}

Task<bool> Session::Impl::tools_known() {
  if (!has_tools || (catalog.read() && !reloading)) co_return !server_gone;
  co_return co_await shelf_ready();
}

std::string Session::Impl::absence() const {
  const std::string name =
      spec.server.empty() ? "the tool server" : "server `" + escape_untrusted(spec.server) + "`";
  if (!server_gone) return name + " did not say what it offers; nothing was sent";
  if (!ever_there && spec.start_again) {
    return fmt::format("{} is not there yet: {}; nothing was sent", name,
                       why_absent.empty() ? "it did not start" : why_absent);
  }
  if (!spec.start_again || why_absent.empty()) return name + " has ended; nothing was sent";
  return fmt::format("{} has ended and is not there again: {}; nothing was sent", name, why_absent);
}

void Session::Impl::refuse_absent(const PendingPtr& entry, const std::string& what, bool call) {
  const Settled settled = refuse(Code::upstream_failed, what, absence());
  settle(entry, call ? Reply{Reply::Kind::result, refused_result(settled)}
                     : Reply{Reply::Kind::error, refused_error(settled)});
}

// False: it cannot be started, or not yet; `why_absent` says why.
Task<bool> Session::Impl::start_again() {
  const Duration left{not_before.ns - loop.now().ns};
  if (left > start_awaited_max) {
    why_absent =
        fmt::format("it ended right after its start, {} times in a row, and is tried again in {}",
                    ends_in_a_row, to_string(Duration::seconds(left.ns / 1'000'000'000 + 1)));
    co_return false;
  }
  if (left.ns > 0) co_await loop.sleep(left);
  if (closing) co_return false;
  Result<Program> program = co_await spec.start_again();
  if (closing) co_return false;
  started = loop.now();
  if (!program) {
    not_before = loop.now() + wait_before_start(++ends_in_a_row);
    why_absent = program.error().message;
    co_return false;
  }
  if (!ever_there) opened = started;
  ++incarnation;
  transports.server = std::move(program->transport);
  life = std::move(program->life);
  at_server->again();
  server_gone = false;
  server_era = Era::unknown;
  server_refusal.clear();
  transports.server->open(server_events());
  if (client_crowded) transports.server->pause();
  co_return true;
}

void Session::Impl::look_for_it() {
  if (ever_there || closing || !server_gone || !spec.start_again || !hello_said) return;
  const Duration left{std::max(not_before.ns - loop.now().ns, std::int64_t{0})};
  start_timer = loop.after(left, [self = weak_from_this()] {
    const auto room = self.lock();
    if (!room || room->closing) return;
    start(room, [](std::shared_ptr<Impl> later) -> Task<void> {
      (void)co_await later->server_there();
    }(room));
  });
}

// It is open: before anything else is said to it, what it offers is compared with what was.
Task<void> Session::Impl::meet_again() {
  (void)with_instructions();
  if (server_era != Era::stateless) to_server(notification_line("notifications/initialized", {}));
  initialized = true;
  if (has_tools) co_await tools_known();
  if (server_gone) co_return;
  const std::set<std::string> uris = [&] {
    std::set<std::string> all = kept_subscriptions;
    for (const Subscription& open : subscriptions) all.insert(open.uris.begin(), open.uris.end());
    return all;
  }();
  resources_heard.clear();
  for (const std::string& uri : uris) {
    if (!granted(shown(), "mcp:resources/subscribe")) break;
    spawn([](std::shared_ptr<Impl> room, std::string name) -> Task<void> {
      json::Writer arguments;
      arguments.object().key("uri").string(name).end();
      (void)co_await room->subscribe_at_server(arguments.text());
    }(shared_from_this(), uri));
  }
  if (server_era != Era::stateless && client_era != Era::stateless && !log_level.empty() &&
      granted(shown(), "mcp:logging/setLevel")) {
    (void)at_server->send("logging/setLevel", fmt::format(R"({{"level":"{}"}})", log_level));
  }
}

// The client hears of lists that are not what they were.
void Session::Impl::tell_presence(bool there) {
  const bool was_absent = std::exchange(absent, !there);
  if (!there) {
    if (!was_absent && has_tools) announce("notifications/tools/list_changed");
    return;
  }
  if (has_tools && (was_absent || catalog.differs())) announce("notifications/tools/list_changed");
  // Of the other lists nobody knows what they were.
  const json::View offered = said.root()["capabilities"];
  if (offered["prompts"].exists() && granted(shown(), "mcp:prompts/get")) {
    announce("notifications/prompts/list_changed");
  }
  if (offered["resources"].exists() && granted(shown(), "mcp:resources/read")) {
    announce("notifications/resources/list_changed");
  }
}

// What a client of the older era has its server keep, to be said again to another.
void Session::Impl::keep_for_server(std::string_view method, json::View params) {
  if (client_era == Era::stateless) return;
  if (method == "resources/unsubscribe") {
    kept_subscriptions.erase(std::string(params.text("uri").value_or("")));
  } else if (method == "logging/setLevel" && gravity(params.text("level").value_or("")) >= 0) {
    log_level = std::string(*params.text("level"));
  }
}

// Before the server is asked: it may tell of the resource before it answers.
void Session::Impl::keep_subscription(Pending& entry, std::string_view arguments) {
  const auto document = json::parse(arguments);
  const auto uri = document ? document->root().text("uri") : std::nullopt;
  if (client_era == Era::stateless || !uri || uri->size() > resource_uri_bytes_max) return;
  if (kept_subscriptions.size() >= resources_heard_max) return;
  if (kept_subscriptions.emplace(*uri).second) entry.keeps = *uri;
}

// What the server refused is neither heard nor said again.
void Session::Impl::forget_refused(const Pending& entry) {
  if (!entry.keeps.empty()) kept_subscriptions.erase(entry.keeps);
}

}  // namespace pawl::mcp
