// What people do: answers, kills, resumptions. Each is signed by the key of the session.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/console/console_impl.h"
#include "lang/jose/base64url.h"

namespace pawl::console {
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

}  // namespace pawl::console
