// Reads lines and answers each with one.
//   {"token": …, "keys": {…}, "issuer": …, "audience": …, "now": seconds}
//     is answered {"sub": …}, or {"flaw": …, "at": …}
//   {"issue": {"seed": hex, "sponsor": …, "agents": […], "tools": […], "now": seconds}}
//     is answered {"token": …, "keys": {…}}
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/text.h"
#include "lang/jose/run_credential.h"

namespace {

using namespace pawl;        // NOLINT: a program of one page
using namespace pawl::jose;  // NOLINT

std::string refused(const Refusal& refusal) {
  json::Writer out;
  out.object().key("flaw").string(name_of(refusal.flaw)).key("at").string(refusal.at);
  return out.key("message").string(refusal.message).end().take();
}

Instant now_of(json::View question) {
  return Instant{} + Duration::seconds(question["now"].integer());
}

std::string checked(json::View question) {
  json::Writer out;
  const auto keys = KeySet::parse(json::write(question["keys"]));
  if (!keys) return refused({Flaw::key_unknown, "keys", keys.error().message});
  Expected expected;
  expected.issuer = question["issuer"].string();
  expected.audiences = {std::string(question["audience"].string())};
  const auto claims = verify(question["token"].string(), *keys, expected, now_of(question));
  if (!claims) return refused(claims.error());
  return out.object().key("sub").string(claims->subject).end().take();
}

std::string issued(json::View question) {
  std::string seed;
  unhex(question["seed"].string(), seed);
  const auto key = SigningKey::from_seed(seed);
  const Instant now = now_of(question);
  RunCredential credential;
  credential.issuer = "https://gate.example";
  credential.audience = "https://gate.example/mcp/coder";
  credential.sponsor = question["sponsor"].string();
  for (json::View agent : question["agents"].elements()) {
    credential.actors.emplace_back(agent.string());
  }
  credential.attenuation.tools.emplace();
  for (json::View tool : question["tools"].elements()) {
    credential.attenuation.tools->emplace_back(tool.string());
  }
  credential.attenuation.limits[Limit::steps] = 10;
  credential.run = "r-7k2m9xq4";
  credential.id = "j-1";
  credential.policy = sha256("a policy");
  credential.issued = credential.not_before = now;
  credential.expires = now + Duration::seconds(600);
  const auto token = key ? issue(*key, credential, credential.expires)
                         : Result<std::string>(std::unexpected(key.error()));
  if (!token) return refused({Flaw::claim, "issue", token.error().message});
  const PublicKey keys[] = {key->public_key()};
  json::Writer out;
  out.object().key("keys").raw(KeySet::of(keys).text());
  return out.key("token").string(*token).end().take();
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto question = json::parse(line);
    if (!question) return EXIT_FAILURE;
    const json::View issue_what = question->root()["issue"];
    std::cout << (issue_what.exists() ? issued(issue_what) : checked(question->root())) << "\n";
  }
  return EXIT_SUCCESS;
}
