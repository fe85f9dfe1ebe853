// Who it is: signing in with a passphrase, and the cookie and the token of every request after it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "doors/console/console_impl.h"
#include "doors/console/requests.h"
#include "io/http/peer_key.h"
#include "lang/jose/passkey.h"

namespace pawl::console {
namespace {

constexpr int kBrowserSeconds = 90 * 24 * 3600;
// A person who shares an address with strangers waits that long and no longer.
constexpr Duration kHeldMax = Duration::seconds(5);
constexpr std::string_view kTooMany =
    "too many wrong passphrases came from here: each one has to wait some seconds";

bool encrypted(const http::Request& request) {
  return request.headers.find("origin").value_or("").starts_with("https://");
}

std::string person_json(const Visit& visit, std::string_view way, std::string_view node,
                        std::string_view token) {
  json::Writer out;
  out.object().key("groups").array();
  for (const std::string& group : visit.known.groups) out.string(group);
  out.end().key("node").string(node).key("passkeys").array();
  for (const std::string& one : visit.known.ways) {
    const auto passkey = jose::read_passkey(one);
    if (!passkey) continue;
    out.object()
        .key("id")
        .string(passkey->id)
        .key("label")
        .string(escape_untrusted(passkey->label));
    out.key("now").boolean(one == way).key("site").string(passkey->site).end();
  }
  out.end().key("person").string(visit.person);
  out.key("role").string(visit.known.auditor ? "auditor" : "");
  if (!token.empty()) out.key("token").string(token);
  out.key("way").string(kind_of_way(way));
  return out.end().take();
}

// The passphrase among a person's ways; empty: they have none.
std::string passphrase_of(const std::optional<Known>& known) {
  if (!known) return {};
  const auto found =
      std::ranges::find_if(known->ways, [](const std::string& way) { return valid_verifier(way); });
  return found == known->ways.end() ? std::string() : *found;
}

// A person's verifier or a dummy: an unknown name takes as long as a wrong passphrase.
std::string nobodys_verifier() {
  return fmt::format("argon2id$m={},t={},p=1${}${}", argon_memory_kib, argon_passes,
                     base64(std::string(16, '\0')), base64(std::string(32, '\0')));
}

}  // namespace

// Cookies know no ports, and two nodes may serve on one machine. The prefix makes a browser refuse
// one that did not come over TLS from this very host.
std::string Console::Impl::cookie_name(bool secure) const {
  return fmt::format("{}pawl-{}", secure ? "__Host-" : "", port);
}

std::string Console::Impl::browser_cookie(bool secure) const {
  return fmt::format("{}pawl-browser-{}", secure ? "__Host-" : "", port);
}

Typist Console::Impl::typist_of(const http::Request& request, const std::string& person) const {
  std::string_view mark = cookie_of(request.headers, browser_cookie(true));
  if (mark.empty()) mark = cookie_of(request.headers, browser_cookie(false));
  if (std::string browser = browsers.source_of(mark, person); !browser.empty()) {
    return {std::move(browser), true};
  }
  return {"address " + (request.remote ? http::peer_key(request.remote->address) : ""), false};
}

Session* Console::Impl::admitted(Visit& visit, bool uses) {
  const http::Request& request = visit.request;
  const std::string_view token = request.headers.find("x-pawl-token").value_or("");
  std::string_view cookie = cookie_of(request.headers, cookie_name(true));
  if (cookie.empty()) cookie = cookie_of(request.headers, cookie_name(false));
  Session* session = nullptr;
  if (request.headers.count("x-pawl-token") == 1 && !cookie.empty()) {
    session = sessions.find(cookie, token, uses, ports.boot());
  }
  if (session != nullptr) {
    const auto known = ports.person(session->person);
    const std::string_view origin = request.headers.find("origin").value_or(session->origin);
    const bool fits = origin == session->origin &&
                      session->origin.ends_with(request.headers.find("host").value_or("-"));
    if (known && known->by(session->way) && fits) {
      visit.session = session->number;
      visit.person = session->person;
      visit.known = *known;
      return session;
    }
    if (!known || !known->by(session->way)) {
      live.end(session->number);
      sessions.end(session->number);
    }
  }
  visit.refuse(401, "sign in");
  return nullptr;
}

Task<void> Console::Impl::sign_in(VisitPtr visit) {
  const auto self = shared_from_this();
  auto asked = read_sign_in(visit->request.body);
  if (!asked) co_return visit->refuse(asked.error());
  const std::string person = asked->person;
  // The same for every name, whether anybody has it or not.
  const Typist typist = typist_of(visit->request, person);
  const Duration wait = std::min(brake.wait(typist.source, ports.now()), kHeldMax);
  const bool slowed = wait.ns > 0;
  if (slowed && !co_await passphrases.hold(typist.source, wait)) {
    co_return visit->refuse(429, kTooMany);
  }
  const auto known = ports.person(person);
  const std::string way = passphrase_of(known);
  Status right = co_await passphrases.check(std::move(asked->passphrase),
                                            way.empty() ? nobodys_verifier() : way, typist);
  if (right && way.empty()) right = fail(ErrorKind::refused, std::string(wrong_sign_in));
  if (over) co_return visit->refuse(503, "the node ends");
  if (!right && right.error().fault != ErrorKind::refused) co_return visit->refuse(right.error());
  // They may have been removed meanwhile.
  const auto now_known = ports.person(person);
  if (!right || !now_known || !now_known->by(way)) {
    brake.failed(typist.source, ports.now());
    ports.note("sign-in refused", escape_untrusted(person.substr(0, 128)) + " at the console");
    if (slowed) co_return visit->refuse(429, kTooMany);
    co_return visit->refuse(403, wrong_sign_in);
  }
  // Of an address only time clears the failures: one who may sign in there could guess at others
  // for ever, with a passphrase of their own in between.
  if (typist.known) brake.succeeded(typist.source);
  welcome(*visit, person, *now_known, way, std::move(asked->key));
}

Task<Status> Console::Impl::proved_again(VisitPtr visit, std::string passphrase) {
  const auto self = shared_from_this();
  const std::string person = visit->person;
  const Typist typist{"session " + std::to_string(visit->session), true};
  if (Status may = brake.may_try(typist.source, ports.now()); !may) co_return may;
  const auto known = ports.person(person);
  const std::string way = passphrase_of(known);
  if (way.empty())
    co_return fail(ErrorKind::refused, "without a passphrase there are no passkeys here");
  if (passphrase.empty()) co_return fail(ErrorKind::refused, "say your passphrase first");
  Status right =
      co_await passphrases.check(secrets::Credential::taken_from(passphrase), way, typist);
  const auto now_known = ports.person(person);
  if (right && !(now_known && now_known->by(way))) {
    right = fail(ErrorKind::refused, std::string(wrong_sign_in));
  }
  if (right) {
    brake.succeeded(typist.source);
  } else if (right.error().fault == ErrorKind::refused) {
    brake.failed(typist.source, ports.now());
    ports.note("proof refused", escape_untrusted(person) + ": a passkey without the passphrase");
    right = fail(ErrorKind::refused, "this is not your passphrase");
  }
  co_return right;
}

void Console::Impl::welcome(Visit& visit, const std::string& person, const Known& known,
                            const std::string& way, jose::PublicKey key) {
  const bool secure = encrypted(visit.request);
  const Opened opened =
      sessions.open(person, way, origin_of(visit.request), std::move(key), ports.boot());
  ports.note("signed in", fmt::format("{} at the console, with a {}", escape_untrusted(person),
                                      kind_of_way(way)));
  visit.person = person;
  visit.known = known;
  const std::string kept = fmt::format("HttpOnly; SameSite=Strict{}", secure ? "; Secure" : "");
  const std::string_view path = secure ? "/" : "/console";
  std::vector<std::string> cookies = {
      fmt::format("{}={}; Path={}; {}", cookie_name(secure), opened.cookie, path, kept)};
  if (!typist_of(visit.request, person).known) {
    cookies.push_back(fmt::format("{}={}; Path={}; Max-Age={}; {}", browser_cookie(secure),
                                  browsers.mark(person, ports.boot()), path, kBrowserSeconds,
                                  kept));
  }
  visit.answer(200, person_json(visit, way, ports.node, opened.token), std::move(cookies));
}

void Console::Impl::sign_out(Visit& visit) {
  live.end(visit.session);
  sessions.end(visit.session);
  const bool secure = encrypted(visit.request);
  visit.answer(
      200, "{}",
      {fmt::format("{}=; Path={}; Max-Age=0; HttpOnly; SameSite=Strict{}", cookie_name(secure),
                   secure ? "/" : "/console", secure ? "; Secure" : "")});
}

void Console::Impl::me(Visit& visit) {
  const Session* session = sessions.numbered(visit.session);
  visit.answer(
      200, person_json(visit, session == nullptr ? std::string() : session->way, ports.node, {}));
}

std::string_view kind_of_way(std::string_view way) {
  return way.starts_with("passkey$") ? "passkey"
         : way.starts_with("oidc$")  ? "provider"
                                     : "passphrase";
}

std::string origin_of(const http::Request& request) {
  return std::string(request.headers.find("origin").value_or(""));
}

}  // namespace pawl::console
