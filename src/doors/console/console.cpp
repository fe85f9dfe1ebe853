#include "doors/console/console.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "doors/console/console_impl.h"

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

constexpr std::array<std::string_view, 11> kRead = {
    "approvals", "approvals/", "status",    "runs/",    "journal", "journal/proof",
    "policies",  "people",     "policies/", "together", "targets"};

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

}  // namespace pawl::console
