// Who it is: signing in with a passphrase, and the cookie and the token of every request after it.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "doors/console/console_impl.h"
#include "doors/console/requests.h"
#include "io/http/peer_key.h"
#include "lang/jose/base64url.h"
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
std::string dummy_verifier() {
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
                                            way.empty() ? dummy_verifier() : way, typist);
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
  PAWL_CO_TRY(brake.may_try(typist.source, ports.now()));
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

// Passkeys: signing in with one, and a new one for a person who is signed in.

namespace {

constexpr std::string_view kToSignIn = "sign-in with a passkey";
constexpr std::string_view kToEnrol = "a new passkey";
constexpr std::string_view kWrongPasskey = "this passkey is not that of a reviewer";
constexpr std::string_view kNoSite =
    "a page at an address has no passkeys: open the console by a name, such as `localhost`";
constexpr std::size_t kLabelBytesMax = 120;

// A passkey is enrolled for a person in one session.
std::string bound_to(const Session& session) {
  return fmt::format("{} {}", session.number, hex(sha256(session.person)));
}

}  // namespace

// The key of the page, for which everything here is.
Result<jose::PublicKey> key_in(json::View body) {
  auto key = jose::PublicKey::from_jwk(body["key"]);
  if (key && key->algorithm() != jose::Algorithm::ES256) {
    return fail(ErrorKind::invalid, "the key of a session is one of P-256");
  }
  return key;
}

Result<json::Document> body_of(const Visit& visit) {
  auto body = json::parse(visit.request.body, {.bytes_max = body_bytes_max, .depth_max = 4});
  if (body && !body->root().is_object()) return fail(ErrorKind::invalid, "no JSON object");
  return body;
}

std::optional<std::string> bytes_member(json::View object, std::string_view name) {
  const auto text = object.text(name);
  std::string bytes;
  if (!text || text->empty() || !jose::unbase64url(*text, bytes)) return std::nullopt;
  return bytes;
}

void Console::Impl::passkey_challenge(Visit& visit) {
  const auto body = body_of(visit);
  if (!body) return visit.refuse(body.error());
  const auto key = key_in(body->root());
  if (!key) return visit.refuse(key.error());
  const std::string site = jose::site_of(origin_of(visit.request));
  if (site.empty()) return visit.refuse(400, kNoSite);
  json::Writer out;
  out.object().key("challenge");
  out.string(
      tickets.give(kToSignIn, key->thumbprint(), ports.random(ticket_random_bytes), ports.boot()));
  out.key("site").string(site).end();
  visit.answer(200, out.take());
}

void Console::Impl::passkey_sign_in(Visit& visit) {
  const auto body = body_of(visit);
  if (!body) return visit.refuse(body.error());
  const json::View root = body->root();
  auto key = key_in(root);
  if (!key) return visit.refuse(key.error());
  const auto challenge = root.text("challenge");
  const auto id = root.text("id");
  const auto client = bytes_member(root, "client");
  const auto authenticator = bytes_member(root, "authenticator");
  const auto signature = bytes_member(root, "signature");
  if (!challenge || !id || !client || !authenticator || !signature) {
    return visit.refuse(400, "no sign-in of our page");
  }
  if (!tickets.good(*challenge, kToSignIn, key->thumbprint(), ports.boot()) ||
      passkey_tickets.used(*challenge)) {
    return visit.refuse(409, "this took too long, or came before: try again");
  }
  const std::string person = ports.owner_of_passkey(*id);
  const auto known = person.empty() ? std::nullopt : ports.person(person);
  for (const std::string& way : known ? known->ways : std::vector<std::string>{}) {
    const auto passkey = jose::read_passkey(way);
    if (!passkey || passkey->id != *id) continue;
    const auto proved = jose::check_passkey({std::string(*challenge), origin_of(visit.request)},
                                            *passkey, {*client, *authenticator, *signature});
    if (!proved) {
      ports.note("sign-in refused", escape_untrusted(person) + " with a passkey at the console: " +
                                        proved.error().message);
      return visit.refuse(403, proved.error().message);
    }
    if (const auto before = counted.find(passkey->id);
        before != counted.end() && *proved <= before->second) {
      // There is a copy of it: which one this is, is not known.
      ports.note("sign-in refused", escape_untrusted(person) + " with a passkey that was copied");
      return visit.refuse(403, "this passkey counts backwards, so there is a copy of it");
    }
    if (!passkey_tickets.use(*challenge, person, ports.boot())) {
      return visit.refuse(409, "this took too long, or came before: try again");
    }
    // Authenticators that do not count say 0.
    if (*proved > 0) counted[passkey->id] = *proved;
    return welcome(visit, person, *known, way, *std::move(key));
  }
  visit.refuse(403, kWrongPasskey);
}

// The person who asks for this has just typed their passphrase; what it is asked with is good for
// one new passkey.
Task<void> Console::Impl::passkey_new(VisitPtr visit_ptr) {
  const auto self = shared_from_this();
  Visit& visit = *visit_ptr;
  const auto body = body_of(visit);
  if (!body) co_return visit.refuse(body.error());
  if (jose::site_of(origin_of(visit.request)).empty()) co_return visit.refuse(400, kNoSite);
  const Status sure =
      co_await proved_again(visit_ptr, std::string(body->root().text("passphrase").value_or("")));
  if (over) co_return visit.refuse(503, "the node ends");
  if (!sure) co_return visit.refuse(sure.error());
  const Session* found = sessions.numbered(visit.session);
  if (found == nullptr) co_return visit.refuse(401, "sign in");
  const Session& session = *found;
  const std::string site = jose::site_of(session.origin);
  if (site.empty()) co_return visit.refuse(400, kNoSite);
  json::Writer out;
  out.object().key("challenge");
  out.string(
      tickets.give(kToEnrol, bound_to(session), ports.random(ticket_random_bytes), ports.boot()));
  out.key("site").string(site);
  // Nothing that says who it is: authenticators show and synchronise it.
  const Digest user = sha256({"pawl person v1\n", ports.node, "\n", session.person});
  out.key("user").string(jose::base64url(bytes_of(user))).end();
  visit.answer(200, out.take());
}

Result<std::string> Console::Impl::enrolment(const Session& session, json::View act) {
  json::Writer out;
  out.object();
  if (const auto removed = act.text("remove")) {
    return out.key("kind").string("passkey").key("remove").string(*removed).end().take();
  }
  const auto challenge = act.text("challenge");
  const auto client = bytes_member(act, "client");
  const auto authenticator = bytes_member(act, "authenticator");
  const std::string label(trim(act.text("label").value_or("")));
  if (!challenge || !client || !authenticator) {
    return fail(ErrorKind::invalid, "expected `challenge`, `client` and `authenticator`");
  }
  if (label.empty() || label.size() > kLabelBytesMax) {
    return fail(ErrorKind::usage,
                fmt::format("a passkey needs a name of 1 to {} bytes, by which you "
                            "know it again",
                            kLabelBytesMax));
  }
  if (!tickets.good(*challenge, kToEnrol, bound_to(session), ports.boot()) ||
      passkey_tickets.used(*challenge)) {
    return fail(ErrorKind::refused, "this took too long, or came before: try again");
  }
  auto made =
      jose::read_new_passkey({std::string(*challenge), session.origin}, *client, *authenticator);
  PAWL_TRY(made);
  if (!ports.owner_of_passkey(made->id).empty()) {
    return fail(ErrorKind::refused, "this passkey is enrolled already");
  }
  if (!passkey_tickets.use(*challenge, session.person, ports.boot())) {
    return fail(ErrorKind::refused, "this took too long, or came before: try again");
  }
  made->label = label;
  out.key("add").string(jose::to_string(*made)).key("kind").string("passkey");
  return out.end().take();
}

// People for whom a provider vouches: the browser goes there and comes back with a code.
//
// `state` is a ticket for the key that the page has made, and what comes back is signed with that
// key: a code that another person's browser was given signs no one in, here or there. The nonce and
// PKCE's verifier follow from the ticket, so nothing is kept of a person who goes and never comes
// back.

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
