#include "doors/console/console.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "doors/console/console_impl.h"
#include "doors/console/requests.h"
#include "lang/jose/base64url.h"

namespace pawl::console {
namespace {

constexpr Duration kBeatEvery = Duration::seconds(5);

// Whether our own page sent it. A browser says `Origin` with every POST, and `Sec-Fetch-Site` with
// everything; the table of routes has compared `Origin` with ours, and here it has to be the very
// one that was called.
std::string_view objection(const http::Request& request) {
  const auto site = request.headers.find("sec-fetch-site");
  if (site && *site != "same-origin") return "this origin may not ask";
  if (request.headers.count("sec-fetch-site") > 1) return "this origin may not ask";
  const auto origin = request.headers.find("origin");
  const std::string_view host = request.headers.find("host").value_or("");
  if (origin) {
    const std::size_t scheme = origin->find("://");
    const bool own = scheme != std::string_view::npos && !host.empty() &&
                     http::same_ignoring_case(origin->substr(scheme + 3), host);
    if (!own) return "this origin may not ask";
  }
  if (request.method == "POST" && !origin) return "a page says where it is from";
  return {};
}

bool is_type(const http::Request& request, std::string_view wanted) {
  const auto type = request.headers.find("content-type");
  if (!type || request.headers.count("content-type") != 1) return false;
  return http::same_ignoring_case(trim(type->substr(0, type->find(';'))), wanted);
}

constexpr std::array<std::string_view, 14> kRead = {
    "approvals", "approvals/", "status",   "runs/",   "journal", "journal/proof", "policies",
    "people",    "policies/",  "together", "targets", "calls",   "ended",         "record"};

bool is_read(std::string_view path) {
  for (const std::string_view row : kRead) {
    if (row.ends_with('/') ? path.starts_with(row) && path.size() > row.size() : path == row) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Known::by(std::string_view way) const {
  return std::ranges::find(ways, way) != ways.end();
}

void Visit::answer(int status, std::string json, std::vector<std::string> cookies) {
  if (!responder) return;
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.headers.add("cache-control", "no-store");
  add_safety(response.headers);
  for (const std::string& cookie : cookies) response.headers.add("set-cookie", cookie);
  response.body = std::move(json);
  http::Responder once = std::move(*responder);
  responder.reset();
  std::move(once).answer(std::move(response));
}

void Visit::refuse(int status, std::string_view why) {
  json::Writer out;
  out.object().key("error").string(why).end();
  answer(status, out.take());
}

void Visit::refuse(const Error& error) {
  switch (error.fault) {
    case ErrorKind::usage:
    case ErrorKind::invalid:
      return refuse(400, error.message);
    case ErrorKind::refused:
      return refuse(403, error.message);
    case ErrorKind::missing:
      return refuse(404, error.message);
    case ErrorKind::environment:
      return refuse(503, error.message);
    case ErrorKind::io:
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return refuse(500, error.message);
  }
}

Console::Impl::Impl(ConsolePorts with)
    : ports(std::move(with)),
      sessions(ports.random, ports.sessions),
      live(ports.row, ports.live),
      passphrases(ports.loop),
      tickets(ports.random(ticket_secret_bytes), ports.tickets),
      passkey_tickets({.life = ports.tickets.life}),
      returns(ports.returns),
      browsers(ports.random) {}

bool Console::Impl::stands(const Session& session) const {
  const auto known = ports.person(session.person);
  return known && known->by(session.way);
}

void Console::Impl::heard(const Record& record) {
  live.note(record);
  if (!live.waiting() || std::exchange(flushing, true)) return;
  ports.loop.post([room = weak_from_this()] {
    const auto self = room.lock();
    if (!self) return;
    self->flushing = false;
    self->live.flush();
  });
}

void Console::Impl::beat() {
  if (over) return;
  sessions.sweep(ports.boot(), [this](const Session& session) { return stands(session); });
  live.beat([this](std::uint64_t number) { return sessions.numbered(number) != nullptr; });
  life = ports.loop.after(kBeatEvery, [room = weak_from_this()] {
    if (const auto self = room.lock()) self->beat();
  });
}

void Console::Impl::serve(VisitPtr visit) {
  const std::string& path = visit->path;
  if (const std::string_view why = objection(visit->request); !why.empty()) {
    return visit->refuse(403, why);
  }
  if (visit->request.body.size() > body_bytes_max) {
    return visit->refuse(413, "the body is too long");
  }
  const bool posts = visit->request.method == "POST";
  if (posts && path == "sign-in") {
    if (!is_type(visit->request, "application/octet-stream")) {
      return visit->refuse(415, "not a sign-in of our page");
    }
    spawn(sign_in(std::move(visit)));
    return;
  }
  const bool begins = path == "passkey/challenge" || path == "passkey/sign-in" ||
                      path == "provider/begin" || path == "provider/sign-in";
  const bool acts = begins || path == "act" || path == "challenge" || path == "sign-out" ||
                    path == "preview" || path == "passkey/new";
  if (posts && !acts) return visit->refuse(404, "nothing is here");
  if (!posts && (acts || path == "sign-in")) return visit->refuse(405, "this path wants POST");
  if (posts && !is_type(visit->request, "application/json")) {
    return visit->refuse(415, "the body is not `application/json`");
  }
  if (!posts && path == "ways") return ways(*visit);
  if (!posts && path != "me" && path != "events" && !is_read(path)) {
    return visit->refuse(404, "nothing is here");
  }
  if (path == "passkey/challenge") return passkey_challenge(*visit);
  if (path == "passkey/sign-in") return passkey_sign_in(*visit);
  if (path == "provider/begin") {
    spawn(provider_begin(std::move(visit)));
    return;
  }
  if (path == "provider/sign-in") {
    spawn(provider_sign_in(std::move(visit)));
    return;
  }
  // What the page asks for by itself, as long as it is open, is no use of it.
  const bool alone = path == "status" || path == "events" || path == "approvals";
  Session* session = admitted(*visit, !alone);
  if (session == nullptr) return;
  if (path == "me") return me(*visit);
  if (path == "events") return watch(*visit);
  if (path == "sign-out") return sign_out(*visit);
  if (path == "challenge") return challenge(*visit, *session);
  if (path == "passkey/new") {
    spawn(passkey_new(std::move(visit)));
  } else if (path == "act") {
    spawn(act(std::move(visit)));
  } else if (path == "preview") {
    spawn(preview(std::move(visit)));
  } else {
    spawn(read(std::move(visit)));
  }
}

Console::Console(ConsolePorts ports) : room_(std::make_shared<Impl>(std::move(ports))) {
  room_->hears = room_->ports.on_record([room = std::weak_ptr(room_)](const Record& record) {
    if (const auto self = room.lock()) self->heard(record);
  });
  room_->beat();
}

Console::~Console() {
  finish();
}

void Console::listens_on(std::uint16_t port) {
  room_->port = port;
}

void Console::serve(http::Request request, http::Responder responder) {
  const std::string_view path = http::path_of(request.target);
  if (!path.starts_with(api_root)) {
    if (request.method != "GET") {
      http::Response response = http::respond({405, "this path has other methods"});
      response.headers.add("allow", "GET");
      return std::move(responder).answer(std::move(response));
    }
    return std::move(responder).answer(page_response(path, request));
  }
  auto visit = std::make_shared<Visit>();
  visit->path = std::string(path.substr(api_root.size()));
  visit->query = std::string(http::query_of(request.target));
  visit->request = std::move(request);
  visit->responder.emplace(std::move(responder));
  if (room_->over) return visit->refuse(503, "the node ends");
  room_->serve(std::move(visit));
}

void Console::look_again() {
  Impl& room = *room_;
  room.sessions.sweep(room.ports.boot(),
                      [&room](const Session& session) { return room.stands(session); });
  room.live.beat(
      [&room](std::uint64_t number) { return room.sessions.numbered(number) != nullptr; });
}

std::size_t Console::watched() const {
  return room_->live.streams();
}

void Console::finish() {
  if (std::exchange(room_->over, true)) return;
  room_->life.reset();
  room_->hears.reset();
  room_->live.end_all();
  room_->passphrases.finish();
}

// What people do: answers, kills, resumptions. Each is signed by the key of the session.

namespace {

// How the record of an answer says that the person was proven.
std::string proof_of(const Session& session) {
  return fmt::format("{}, key of a session at the console", kind_of_way(session.way));
}

std::string kill_request(json::View act, const std::string& person) {
  json::Writer out;
  out.object().key("by").string(person);
  out.key("name").string(act.text("name").value_or("")).key("op").string("kill");
  const json::View processes = act["processes"];
  out.key("processes").boolean(processes.kind() == json::Kind::boolean && processes.boolean());
  out.key("reason").string(act.text("reason").value_or(""));
  out.key("scope").string(act.text("scope").value_or("")).end();
  return out.take();
}

std::string end_of_grant(json::View act, const std::string& person) {
  json::Writer out;
  out.object().key("by").string(person);
  out.key("grant").string(act.text("grant").value_or("")).key("op").string("grant_end");
  out.key("reason").string(act.text("reason").value_or("")).end();
  return out.take();
}

// With how long it took: what a person at a switch wants to know.
std::string with_time(const std::string& answer, Duration took) {
  const auto document = json::parse(answer);
  if (!document || !document->root().is_object()) return answer;
  json::Writer out;
  out.object();
  for (auto [key, value] : document->root().members()) out.key(key).value(value);
  out.key("milliseconds").number(static_cast<double>(took.ns) / 1e6);
  return out.end().take();
}

}  // namespace

void Console::Impl::challenge(Visit& visit, Session& session) {
  json::Writer out;
  out.object().key("nonce").string(sessions.challenge(session, ports.boot())).end();
  visit.answer(200, out.take());
}

// False: it was answered.
bool Console::Impl::proved(Visit& visit, Session& session, json::View body) {
  const auto nonce = body.text("nonce");
  const auto spelled_signature = body.text("signature");
  std::string signature;
  if (!nonce || !spelled_signature || !jose::unbase64url(*spelled_signature, signature) ||
      !body["act"].is_object()) {
    visit.refuse(400, "expected `act`, `nonce` and `signature`");
    return false;
  }
  const std::string digest = to_string(sha256(json::write(body["act"])));
  const std::string text = act_text(ports.node, session, *nonce, digest);
  if (!session.key.verifies(text, signature)) {
    // A person with the cookie and the token but without the key: both are revoked.
    ports.note("proof refused",
               escape_untrusted(session.person) + ": an act without the session's key");
    live.end(session.number);
    sessions.end(session.number);
    visit.refuse(403, "this act is not signed by the session's key");
    return false;
  }
  if (!sessions.take(session, *nonce, ports.boot())) {
    visit.refuse(409, "this act was signed too long ago, or did come before: try again");
    return false;
  }
  return true;
}

Task<void> Console::Impl::act(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto body = json::parse(visit->request.body, {.bytes_max = body_bytes_max, .depth_max = 8});
  if (!body || !body->root().is_object()) co_return visit->refuse(400, "no JSON object");
  // Nothing was waited for since it was found.
  Session* session = sessions.numbered(visit->session);
  if (session == nullptr || !proved(*visit, *session, body->root())) co_return;
  if (visit->known.auditor) {
    co_return visit->refuse(403, "an auditor sees everything and decides nothing");
  }
  const json::View act = body->root()["act"];
  const std::string kind(act.text("kind").value_or(""));
  if (kind == "kill") {
    const Duration began = ports.boot();
    std::string answer = co_await ports.ask(kill_request(act, visit->person));
    co_return pass_on(*visit, with_time(answer, Duration{ports.boot().ns - began.ns}));
  }
  if (kind == "grant_end") {
    co_return pass_on(*visit, co_await ports.ask(end_of_grant(act, visit->person)));
  }
  const std::string proof = proof_of(*session);
  if (kind == "passkey") {
    if (act["remove"].exists()) {
      const Status sure =
          co_await proved_again(visit, std::string(act.text("passphrase").value_or("")));
      if (over) co_return visit->refuse(503, "the node ends");
      if (!sure) co_return visit->refuse(sure.error());
      session = sessions.numbered(visit->session);
      if (session == nullptr) co_return visit->refuse(401, "sign in");
    }
    const auto enrolled = enrolment(*session, act);
    if (!enrolled) co_return visit->refuse(enrolled.error());
    co_return pass_on(*visit, co_await ports.act(visit->person, proof, *enrolled));
  }
  constexpr std::array<std::string_view, 7> kinds = {
      "answer", "answer_together", "change", "ask", "pass", "resume", "acknowledge"};
  if (std::ranges::find(kinds, kind) == kinds.end()) {
    co_return visit->refuse(400, "there is no such act here");
  }
  pass_on(*visit, co_await ports.act(visit->person, proof, json::write(act)));
}

// What the page reads: the control door's views, and what changes.

void pass_on(Visit& visit, std::string answer) {
  // Long lists begin like this: they are not read once more to see it.
  if (answer.starts_with(R"({"ok":true,)")) return visit.answer(200, std::move(answer));
  const auto document = json::parse(answer);
  if (!document) return visit.refuse(500, "the node gave no answer");
  const json::View root = document->root();
  const json::View ok = root["ok"];
  if (ok.kind() == json::Kind::boolean && ok.boolean()) return visit.answer(200, std::move(answer));
  const std::string_view fault = root.text("fault").value_or("");
  const int status = fault == "missing"                       ? 404
                     : fault == "refused"                     ? 403
                     : fault == "usage" || fault == "invalid" ? 400
                     : fault == "environment"                 ? 503
                                                              : 500;
  visit.refuse(status, root.text("error").value_or("the node gave no reason"));
}

Task<void> Console::Impl::read(VisitPtr visit) {
  const auto self = shared_from_this();
  std::string answer = co_await ports.ask(request_for(visit->path, visit->query, visit->person));
  pass_on(*visit, std::move(answer));
}

// What a question would be with other arguments. It is asked with a body because arguments are
// long, and changes nothing.
Task<void> Console::Impl::preview(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto body = json::parse(visit->request.body, {.bytes_max = body_bytes_max, .depth_max = 8});
  if (!body || !body->root().is_object()) co_return visit->refuse(400, "no JSON object");
  const auto id = body->root().text("approval");
  const auto arguments = body->root().text("arguments_text");
  if (!id || !arguments) co_return visit->refuse(400, "expected `approval` and `arguments_text`");
  json::Writer request;
  request.object().key("arguments_text").string(*arguments).key("full").boolean(true);
  request.key("id").string(*id).key("op").string("change").end();
  pass_on(*visit, co_await ports.ask(request.take()));
}

void Console::Impl::watch(Visit& visit) {
  http::Response head = http::event_stream();
  add_safety(head.headers);
  if (!live.watch(visit.session, std::move(head), *visit.responder)) {
    return visit.refuse(503, "too many pages are open");
  }
  visit.responder.reset();
}

}  // namespace pawl::console
