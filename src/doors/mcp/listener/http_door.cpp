#include "doors/mcp/listener/http_door.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/listener/http_door_impl.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/transport/http_answers.h"
#include "doors/mcp/transport/http_fields.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t session_id_bytes = 16;
constexpr Duration minute = Duration::seconds(60);

bool older_revision(std::string_view version) {
  return std::ranges::find(revisions, version) != std::end(revisions);
}

http::Refusal no_such_session() {
  return {404, "there is no such session: begin a new one with `initialize`"};
}

}  // namespace

void HttpDoor::State::serve(std::string role, http::Request request, http::Responder responder) {
  // Beside the frame of the task, which would be too large for the quick lists of malloc.
  auto asking = std::make_unique<Asking>(std::move(role), std::move(request), std::move(responder));
  if (asking->request.method == "POST" && !weighed(*asking)) return;
  spawn(handle(shared_from_this(), std::move(asking)));
}

Task<void> HttpDoor::State::handle(std::shared_ptr<State> self, std::unique_ptr<Asking> asking) {
  auto caller = co_await self->ports.identify(asking->request, asking->role);
  if (!caller) {
    std::move(asking->responder).answer(std::move(caller.error()));
    co_return;
  }
  if (self->ending) {
    std::move(asking->responder).answer(http::respond({503, "the node ends"}));
    co_return;
  }
  asking->caller = std::move(*caller);
  if (!self->counted(*asking)) co_return;
  if (asking->request.method == "POST") {
    self->post(*asking);
  } else if (asking->request.method == "GET") {
    self->get(*asking);
  } else {
    self->end_session(*asking);
  }
}

void HttpDoor::State::post(Asking& asking) {
  const http::Headers& headers = asking.request.headers;
  if (!is_json(headers)) {
    return say_no(asking, {415, "the body has to be `application/json`"});
  }
  const Taken taken = taken_of(headers);
  if (!taken.json && !taken.events) {
    return say_no(asking, {406, "answers are `application/json` or `text/event-stream`"});
  }
  const Field session = field_of(headers, session_field);
  const Field version = field_of(headers, version_field);
  if (session.twice || version.twice) {
    return say_no(asking, {400, "a header field of the protocol stands there twice"});
  }
  asking.document = reading->document_for(asking.request.body.size());
  const auto message =
      read_message(asking.request.body, Side::client, reading->parser, *asking.document);
  if (!message) return unreadable(asking, session, message.error().message);
  if (!borne(asking, *message)) return;
  put_on_one_line(asking.request.body);
  if (is_modern(*message, session, version)) return stateless(asking, *message, taken);
  stateful(asking, *message, taken, session, version);
}

bool HttpDoor::State::is_modern(const Message& message, const Field& session,
                                const Field& version) {
  if (version.value == stateless_revision) return true;
  if (message.kind == MessageKind::request && read_envelope(message.params).claimed) return true;
  if (session.value || message.method == "initialize") return false;
  if (version.value && !older_revision(*version.value)) return true;
  return client_method(message.method).spoken == Spoken::stateless;
}

void HttpDoor::State::unreadable(Asking& asking, const Field& session, const std::string& why) {
  std::string& body = asking.request.body;
  if (session.value) {
    const ConnectedPtr connected = find_session(asking, *session.value);
    if (!connected) return say_no(asking, no_such_session());
    return connected->client->post_unreadable(std::move(body), std::move(asking.load),
                                              std::move(asking.responder));
  }
  const ConnectedPtr connected = find(modern_key(asking));
  ports.refused(connected ? connected->endpoint->run() : std::string(), asking.caller, why);
  refuse(std::move(asking.responder), 400, id_of(body), why,
         json::parse(body) ? invalid_request : parse_error);
}

void HttpDoor::State::stateless(Asking& asking, const Message& message, Taken taken) {
  if (message.kind == MessageKind::notification) return accepted(asking);
  if (message.kind != MessageKind::request) {
    return say_no(asking, {400, "answers are part of a request in this revision"});
  }
  const ConnectedPtr known = find(modern_key(asking));
  const auto no = [&](const std::string& line, int status) {
    ports.refused(known ? known->endpoint->run() : std::string(), asking.caller,
                  fmt::format("`{}`: {}", message.method.substr(0, 64), status));
    http::Response response;
    response.status = status;
    response.headers.add("content-type", "application/json");
    response.body = line;
    std::move(asking.responder).answer(std::move(response));
  };
  const http::Headers& headers = asking.request.headers;
  if (const std::string wrong = disagreement(headers, message); !wrong.empty()) {
    return no(error_line(message.id, header_mismatch, wrong), 400);
  }
  const Envelope envelope = read_envelope(message.params);
  const std::string_view version =
      envelope.claimed ? envelope.version : *field_of(headers, version_field).value;
  if (version != stateless_revision) {
    return no(raw_error_line(message.id, unsupported_error(version.substr(0, 64))), 400);
  }
  if (message.method == "initialize") {
    return no(error_line(message.id, method_not_found, "method not found"), 404);
  }
  if (!envelope.wrong.empty()) {
    const std::string why = fmt::format("`_meta` lacks a valid `{}`", envelope.wrong);
    return no(error_line(message.id, invalid_params, why), 400);
  }
  const ConnectedPtr connected = known ? known : open(asking, message.id, Era::stateless, {});
  if (!connected) return;
  const std::string traced = params_of(asking, message);
  connected->client->post(posted(asking), message, taken, std::move(asking.responder), traced,
                          repeated_arguments(headers));
}

std::string HttpDoor::State::params_of(const Asking& asking, const Message& message) const {
  if (!ports.traced || message.method != "tools/call") return {};
  return traced_params(asking.request.headers, message);
}

void HttpDoor::State::stateful(Asking& asking, const Message& message, Taken taken,
                               const Field& session, const Field& version) {
  if (version.value && !older_revision(*version.value)) {
    return refuse(std::move(asking.responder), 400, message.id,
                  "`MCP-Protocol-Version` names a revision that is not served", invalid_request);
  }
  ConnectedPtr connected;
  if (session.value) {
    connected = find_session(asking, *session.value);
    if (!connected) return say_no(asking, no_such_session());
    connected->lasting |= may_last(message);
  } else if (message.kind == MessageKind::request && message.method == "initialize") {
    const bool primes = hello_of(message.params).revision == newest_revision;
    connected = open(
        asking, message.id, Era::stateful,
        {.era = Era::stateful, .session = hex(ports.random(session_id_bytes)), .primes = primes});
    if (!connected) return;
  } else {
    return refuse(std::move(asking.responder), 400, message.id,
                  "`Mcp-Session-Id` is missing: begin with `initialize`", invalid_request);
  }
  if (message.kind == MessageKind::request) {
    const std::string traced = params_of(asking, message);
    return connected->client->post(posted(asking), message, taken, std::move(asking.responder),
                                   traced);
  }
  if (connected->client->tell(std::move(asking.request.body), asking.load)) return accepted(asking);
  say_no(asking, {503, "the tool server is crowded"});
}

void HttpDoor::State::get(Asking& asking) {
  const http::Headers& headers = asking.request.headers;
  const Field session = field_of(headers, session_field);
  const Field version = field_of(headers, version_field);
  const Field last = field_of(headers, last_event_field);
  if (session.twice || version.twice || last.twice) {
    return say_no(asking, {400, "a header field of the protocol stands there twice"});
  }
  if (version.value == stateless_revision) return say_no(asking, {405, "this revision only posts"});
  if (!taken_of(headers).events) return say_no(asking, {406, "this is `text/event-stream`"});
  if (!session.value) return say_no(asking, {400, "`Mcp-Session-Id` is missing"});
  const ConnectedPtr connected = find_session(asking, *session.value);
  if (!connected) return say_no(asking, no_such_session());
  std::optional<EventId> after;
  if (last.value) {
    after = parse_event_id(*last.value);
    if (!after) return say_no(asking, {400, "`Last-Event-ID` does not belong to this session"});
  }
  if (const auto refused = connected->client->listen(asking.responder, after, proof_of(asking))) {
    say_no(asking, *refused);
  }
}

void HttpDoor::State::end_session(Asking& asking) {
  const Field session = field_of(asking.request.headers, session_field);
  if (!session.value || session.twice) {
    return say_no(asking, {session.twice ? 400 : 405, "there is a session to end, or none"});
  }
  const ConnectedPtr connected = find_session(asking, *session.value);
  if (!connected) return say_no(asking, no_such_session());
  forget(connected);
  connected->client->leave();
  http::Response response;
  response.status = 204;
  std::move(asking.responder).answer(std::move(response));
}

void HttpDoor::State::say_no(Asking& asking, const http::Refusal& refusal) {
  std::move(asking.responder).answer(http::respond(refusal));
}

void HttpDoor::State::accepted(Asking& asking) {
  http::Response response;
  response.status = 202;
  std::move(asking.responder).answer(std::move(response));
}

HttpDoor::State::ConnectedPtr HttpDoor::State::open(Asking& asking, std::string_view id, Era era,
                                                    HttpClientTerms terms) {
  terms.era = era;
  terms.requests_max = ports.limits.requests_of_session;
  terms.held_back_bytes_max = ports.limits.held_back_bytes;
  terms.reading = reading;
  const RemoteCaller& caller = asking.caller;
  const std::string& account = account_of(caller);
  if (!may_begin(account)) {
    ports.refused({}, caller, fmt::format("`{}`: too many sessions", escape_untrusted(account)));
    refuse(std::move(asking.responder), 429, id, "too many sessions");
    return nullptr;
  }
  auto connected = std::make_shared<Connected>();
  connected->caller = caller.key;
  connected->account = account;
  connected->role = asking.role;
  connected->era = era;
  connected->part = asking.caller.part;
  connected->key = era == Era::stateless ? modern_key(asking) : terms.session;
  connected->client = std::make_shared<HttpClientTransport>(loop, std::move(terms));
  const std::weak_ptr<State> self = weak_from_this();
  const std::weak_ptr<Connected> about = connected;
  auto opened = ports.open(asking.caller, asking.role, connected->client->transport(),
                           [self, about](const SessionEnd&) {
                             const auto state = self.lock();
                             const auto over = about.lock();
                             if (state && over) state->ended(over);
                           });
  if (!opened) {
    refuse(std::move(asking.responder), 200, id, opened.error().message);
    return nullptr;
  }
  connected->endpoint = std::move(*opened);
  all[connected->key] = connected;
  Tally& tally = tallies[connected->account];
  ++tally.open;
  ++tally.begun;
  return connected;
}

bool HttpDoor::State::may_begin(const std::string& account) {
  Tally& tally = tallies[account];
  if (loop.now().ns - tally.since.ns >= minute.ns) {
    tally.since = loop.now();
    tally.begun = 0;
  }
  const HttpDoorLimits& most = ports.limits;
  return all.size() + leaving.size() < most.sessions && tally.open < most.sessions_of_caller &&
         tally.begun < most.new_sessions_per_minute;
}

std::string HttpDoor::State::modern_key(const Asking& asking) {
  // No session's id has a blank.
  return fmt::format("{} {}", asking.role, asking.caller.key);
}

HttpDoor::State::ConnectedPtr HttpDoor::State::find(std::string_view key) const {
  const auto found = all.find(key);
  return found == all.end() ? nullptr : found->second;
}

HttpDoor::State::ConnectedPtr HttpDoor::State::find_session(const Asking& asking,
                                                            std::string_view id) const {
  const ConnectedPtr connected = find(id);
  const bool theirs = connected && connected->era == Era::stateful &&
                      connected->role == asking.role && connected->caller == asking.caller.key;
  if (!connected || theirs) return connected;
  ports.refused({}, asking.caller,
                fmt::format("`{}`: the session of another", escape_untrusted(asking.caller.key)));
  return nullptr;
}

// No request reaches it any more; it lives until what is under way has ended.
void HttpDoor::State::forget(const ConnectedPtr& connected) {
  if (find(connected->key) != connected) return;
  all.erase(connected->key);
  leaving.push_back(connected);
}

void HttpDoor::State::ended(const ConnectedPtr& connected) {
  forget(connected);
  std::erase(leaving, connected);
  if (const auto tally = tallies.find(connected->account); tally != tallies.end()) {
    if (tally->second.open > 0) --tally->second.open;
  }
  // Not inside of its own last words.
  loop.post([connected] {});
}

void HttpDoor::State::look_after() {
  const Duration now = loop.now();
  std::vector<std::pair<ConnectedPtr, const char*>> over;
  for (const auto& [key, connected] : all) {
    connected->client->end_unproved();
    connected->client->keep_alive();
    const auto quiet = connected->client->quiet_since();
    const Duration most =
        connected->era == Era::stateless ? ports.limits.connection_idle : ports.limits.session_idle;
    if (quiet && now.ns - quiet->ns >= most.ns) {
      over.emplace_back(connected, "nothing was asked for a long time");
    } else if (ports.over(connected->endpoint->run())) {
      over.emplace_back(connected, "the run was closed");
    } else if (connected->part && connected->part->over() && !connected->client->waits()) {
      // What it had asked before is still answered: a call that is cut off halts the whole run.
      over.emplace_back(connected, "the sub-run is over");
    }
  }
  for (const auto& [connected, why] : over) {
    forget(connected);
    connected->endpoint->finish(why);
  }
  end_crowding();
  std::erase_if(tallies, [&](const auto& one) {
    return one.second.open == 0 && one.second.bytes.use_count() == 1 &&
           now.ns - one.second.since.ns >= minute.ns;
  });
  const std::weak_ptr<State> self = weak_from_this();
  rounds = loop.after(keep_alive_every, [self] {
    if (auto state = self.lock()) state->look_after();
  });
}

HttpDoor::HttpDoor(net::Loop& loop, HttpDoorPorts ports)
    : state_(std::make_shared<State>(loop, std::move(ports))) {
  state_->look_after();
}

HttpDoor::~HttpDoor() {
  state_->ending = true;
  state_->rounds.reset();
  state_->all.clear();
  state_->leaving.clear();
}

void HttpDoor::serve(const std::string& role, http::Request request, http::Responder responder) {
  state_->serve(role, std::move(request), std::move(responder));
}

void HttpDoor::each(const std::function<void(Endpoint&)>& visit) const {
  // A copy: a visit may end one.
  const auto all = state_->all;
  for (const auto& [key, connected] : all) visit(*connected->endpoint);
  const auto leaving = state_->leaving;
  for (const auto& connected : leaving) visit(*connected->endpoint);
}

void HttpDoor::look_after() {
  state_->look_after();
}

void HttpDoor::limit(const HttpDoorLimits& limits) {
  state_->ports.limits = limits;
}

void HttpDoor::refuse_new() {
  state_->ending = true;
}

void HttpDoor::finish(const std::string& why) {
  state_->ending = true;
  each([&why](Endpoint& endpoint) { endpoint.finish(why); });
}

std::size_t HttpDoor::sessions() const {
  return state_->all.size() + state_->leaving.size();
}

namespace {

constexpr Duration one_second = Duration::seconds(1);
constexpr std::size_t head_bytes_max = 4096;  // where the id is looked for in what is not read
// What is no request and short goes on where requests do not: it may be what ends one.
constexpr std::size_t short_bytes_max = 16UL << 10;

std::size_t with_reserve(std::size_t bytes_max) {
  return bytes_max + bytes_max / 8;
}

std::string id_in(const http::Request& request) {
  return id_of_head(std::string_view(request.body).substr(0, head_bytes_max));
}

}  // namespace

const std::string& HttpDoor::State::account_of(const RemoteCaller& caller) {
  return caller.account.empty() ? caller.key : caller.account;
}

// Before the caller is known. False, as below: the request was answered.
bool HttpDoor::State::weighed(Asking& asking) {
  asking.load = std::make_shared<Load>(asking.request.body.size());
  asking.load->count_in(bytes);
  if (*bytes <= with_reserve(ports.limits.requests_bytes)) return true;
  refuse(std::move(asking.responder), 503, id_in(asking.request),
         "too many bytes of requests are open");
  return false;
}

// Of a caller who is known now.
bool HttpDoor::State::counted(Asking& asking) {
  Tally& tally = tallies[account_of(asking.caller)];
  if (asking.load) asking.load->count_in(tally.bytes);
  asking.bytes_of_caller = tally.bytes;
  const Duration now = loop.now();
  if (now.ns - tally.second.ns >= one_second.ns) {
    tally.second = now;
    tally.asked = 0;
  }
  if (++tally.asked <= ports.limits.requests_per_second) return true;
  turn_away(asking, 429, id_in(asking.request), "too many requests in a second");
  return false;
}

// Now that it is known what it is.
bool HttpDoor::State::borne(Asking& asking, const Message& message) {
  const bool shorts =
      message.kind != MessageKind::request && asking.request.body.size() <= short_bytes_max;
  const auto most = [shorts](std::size_t bytes_max) {
    return shorts ? with_reserve(bytes_max) : bytes_max;
  };
  const std::string_view id = message.kind == MessageKind::request ? message.id : "null";
  if (*asking.bytes_of_caller > most(ports.limits.requests_bytes_of_caller)) {
    turn_away(asking, 429, id, "too many bytes of requests of this caller are open");
    return false;
  }
  if (*bytes <= most(ports.limits.requests_bytes)) return true;
  turn_away(asking, 503, id, "too many bytes of requests are open");
  return false;
}

Posted HttpDoor::State::posted(Asking& asking) const {
  return {std::move(asking.request.body), asking.document, std::move(asking.load),
          proof_of(asking)};
}

Proof HttpDoor::State::proof_of(const Asking& asking) const {
  Proof proof{.until = {}, .stands = asking.caller.stands};
  if (asking.caller.proof_lasts) proof.until = loop.now() + *asking.caller.proof_lasts;
  return proof;
}

void HttpDoor::State::turn_away(Asking& asking, int status, std::string_view id,
                                std::string_view why) {
  ports.refused({}, asking.caller,
                fmt::format("`{}`: {}", escape_untrusted(account_of(asking.caller)), why));
  refuse(std::move(asking.responder), status, id, why);
}

bool HttpDoor::State::may_last(const Message& message) {
  if (message.kind == MessageKind::notification) return message.method == "notifications/cancelled";
  return message.kind == MessageKind::request && message.params["task"].is_object();
}

// A call that is cut off halts the whole run, and a stateless client may come back to one that
// waits.
bool HttpDoor::State::may_end(const Connected& connected) const {
  if (connected.era != Era::stateful || !connected.endpoint) return false;
  const auto quiet = connected.client->quiet_since();
  if (!quiet || loop.now().ns - quiet->ns < ports.limits.session_quiet.ns) return false;
  return !connected.lasting || !ports.calls || !ports.calls(connected.endpoint->run());
}

std::size_t HttpDoor::State::end_quiet(const std::string& account, std::size_t least,
                                       std::size_t most) {
  if (!ports.processes_of) return 0;
  std::size_t freed = 0;
  for (const ConnectedPtr& connected : leaving) {
    if (connected->account == account) freed += ports.processes_of(connected->role);
  }
  std::vector<std::pair<std::int64_t, ConnectedPtr>> quiet;
  for (const auto& [key, connected] : all) {
    if (connected->account != account || !may_end(*connected)) continue;
    quiet.emplace_back(connected->client->quiet_since()->ns, connected);
  }
  std::ranges::sort(quiet, {}, &std::pair<std::int64_t, ConnectedPtr>::first);
  for (const auto& [since, connected] : quiet) {
    if (freed >= least) break;
    const std::size_t of_it = ports.processes_of(connected->role);
    if (of_it == 0 || freed + of_it > most) continue;
    freed += of_it;
    forget(connected);
    connected->endpoint->finish("it was quiet, and its caller lacks room for others");
  }
  return freed;
}

void HttpDoor::State::end_crowding() {
  if (!ports.crowded) return;
  std::vector<std::string> accounts;
  for (const auto& [account, tally] : tallies) {
    if (tally.open > 0) accounts.push_back(account);
  }
  for (const std::string& account : accounts) {
    // No more than that: who has a small share keeps the few sessions that fill it.
    if (const std::size_t crowd = ports.crowded(account)) (void)end_quiet(account, crowd, crowd);
  }
}

std::size_t HttpDoor::end_quiet(const std::string& account, std::size_t processes) {
  return state_->end_quiet(account, processes, std::numeric_limits<std::size_t>::max());
}

}  // namespace pawl::mcp
