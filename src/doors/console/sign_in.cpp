// Who it is: signing in with a passphrase, and the cookie and the token of every request after it.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "doors/console/room.h"
#include "kernel/token/base64url.h"

namespace pawl::console {
namespace {

constexpr std::size_t kNameBytesMax = 256;
constexpr std::string_view kWrong = "name and passphrase are not those of a reviewer";

// The value of a cookie; nothing where two of that name came, because which one counts differs.
std::string_view cookie_of(const http::Request& request, std::string_view name) {
  std::string_view found;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    if (request.headers[i].name != "cookie") continue;
    for (const std::string_view part : split(request.headers[i].value, ';')) {
      const std::string_view pair = trim(part);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (!found.empty()) return {};
      found = pair.substr(equals + 1);
    }
  }
  return found;
}

bool encrypted(const http::Request& request) {
  return request.headers.find("origin").value_or("").starts_with("https://");
}

std::string person_json(const std::string& person, const Known& known, std::string_view node,
                        std::string_view token) {
  json::Writer out;
  out.object().key("groups").array();
  for (const std::string& group : known.groups) out.string(group);
  out.end().key("node").string(node).key("person").string(person);
  out.key("role").string(known.auditor ? "auditor" : "");
  if (!token.empty()) out.key("token").string(token);
  return out.end().take();
}

struct SignIn {
  std::string person;
  token::PublicKey key;
  secrets::Credential passphrase;
};

// `{"key":…,"person":…}`, a line break, and the passphrase as it is: so that only this text, which
// is wiped, ever holds it.
Result<SignIn> read_sign_in(std::string& body) {
  const std::size_t end = body.find('\n');
  if (end == std::string::npos) return fail(Fault::invalid, "no sign-in of our page");
  auto typed = secrets::Credential::copy_of(std::string_view(body).substr(end + 1));
  const std::string head = body.substr(0, end);
  secrets::wipe(body);
  const auto document = json::parse(head, {.bytes_max = 4096, .depth_max = 4});
  if (!document) return std::unexpected(document.error());
  const auto person = document->root().text("person");
  if (!person || person->empty() || person->size() > kNameBytesMax || typed.empty()) {
    return fail(Fault::refused, std::string(kWrong));
  }
  auto key = token::PublicKey::from_jwk(document->root()["key"]);
  if (!key) return std::unexpected(key.error());
  if (key->algorithm() != token::Algorithm::ES256) {
    return fail(Fault::invalid, "the key of a session is one of P-256");
  }
  return SignIn{std::string(*person), std::move(*key), std::move(typed)};
}

// Somebody's verifier and nobody's: a name that nobody has takes as long as a wrong passphrase.
std::string nobodys_verifier() {
  return fmt::format("argon2id$m={},t={},p=1${}${}", argon_memory_kib, argon_passes,
                     base64(std::string(16, '\0')), base64(std::string(32, '\0')));
}

}  // namespace

// Cookies know no ports, and two nodes may serve on one machine. The prefix makes a browser refuse
// one that did not come over TLS from this very host.
std::string Console::Room::cookie_name(bool secure) const {
  return fmt::format("{}pawl-{}", secure ? "__Host-" : "", port);
}

Session* Console::Room::admitted(Visit& visit, bool uses) {
  const http::Request& request = visit.request;
  const std::string_view token = request.headers.find("x-pawl-token").value_or("");
  std::string_view cookie = cookie_of(request, cookie_name(true));
  if (cookie.empty()) cookie = cookie_of(request, cookie_name(false));
  Session* session = nullptr;
  if (request.headers.count("x-pawl-token") == 1 && !cookie.empty()) {
    session = sessions.find(cookie, token, uses, ports.boot());
  }
  if (session != nullptr) {
    const auto known = ports.person(session->person);
    const std::string_view origin = request.headers.find("origin").value_or(session->origin);
    const bool fits = origin == session->origin &&
                      session->origin.ends_with(request.headers.find("host").value_or("-"));
    if (known && known->verifier == session->verifier && fits) {
      visit.session = session->number;
      visit.person = session->person;
      visit.known = *known;
      return session;
    }
    if (!known || known->verifier != session->verifier) {
      live.end(session->number);
      sessions.end(session->number);
    }
  }
  visit.refuse(401, "sign in");
  return nullptr;
}

Task<void> Console::Room::sign_in(VisitPtr visit) {
  const auto self = shared_from_this();
  auto asked = read_sign_in(visit->request.body);
  if (!asked) co_return visit->refuse(asked.error());
  const std::string person = asked->person;
  if (Status may = brake.may_try(person, ports.now()); !may) {
    co_return visit->refuse(429, may.error().message);
  }
  const auto known = ports.person(person);
  Status right = co_await passphrases.check(std::move(asked->passphrase),
                                            known ? known->verifier : nobodys_verifier());
  if (right && !known) right = fail(Fault::refused, std::string(kWrong));
  if (over) co_return visit->refuse(503, "the node ends");
  if (!right && right.error().fault != Fault::refused) co_return visit->refuse(right.error());
  // Somebody may have removed them meanwhile.
  const auto now_known = ports.person(person);
  if (!right || !now_known || now_known->verifier != known->verifier) {
    // Names that nobody has would only fill the memory.
    if (known) brake.failed(person, ports.now());
    ports.note("sign-in refused", visible(person.substr(0, 128)) + " at the console");
    co_return visit->refuse(403, kWrong);
  }
  brake.succeeded(person);
  const bool secure = encrypted(visit->request);
  const Opened opened = sessions.open(
      person, now_known->verifier, std::string(visit->request.headers.find("origin").value_or("")),
      std::move(asked->key), ports.boot());
  ports.note("signed in", visible(person) + " at the console");
  visit->answer(200, person_json(person, *now_known, ports.node, opened.token),
                fmt::format("{}={}; Path={}; HttpOnly; SameSite=Strict{}", cookie_name(secure),
                            opened.cookie, secure ? "/" : "/console", secure ? "; Secure" : ""));
}

void Console::Room::sign_out(Visit& visit) {
  live.end(visit.session);
  sessions.end(visit.session);
  const bool secure = encrypted(visit.request);
  visit.answer(
      200, "{}",
      fmt::format("{}=; Path={}; Max-Age=0; HttpOnly; SameSite=Strict{}", cookie_name(secure),
                  secure ? "/" : "/console", secure ? "; Secure" : ""));
}

void Console::Room::me(Visit& visit) {
  visit.answer(200, person_json(visit.person, visit.known, ports.node, {}));
}

}  // namespace pawl::console
