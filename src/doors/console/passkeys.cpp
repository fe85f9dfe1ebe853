// Passkeys: signing in with one, and a new one for a person who is signed in.
#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/console/console_impl.h"
#include "lang/jose/base64url.h"
#include "lang/jose/passkey.h"

namespace pawl::console {
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
  if (!made) return std::unexpected(made.error());
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

}  // namespace pawl::console
