#include "lang/jose/run_credential.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::array<std::string_view, 12> known = {
    "act",          "attenuation", "aud", "exp", "iat",        "iss",
    "jti",          "nbf",         "run", "sub", "parent_run",  //
    "policy_sha256"};
constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t seconds(Instant at) {
  return at.ns / second_ns;
}
Instant whole(Instant at) {
  return {seconds(at) * second_ns};
}

bool good_name(std::string_view text) {
  return !text.empty() && text.size() <= claim_text_bytes_max && valid_utf8(text) &&
         !has_hidden_characters(text);
}

void write_actors(std::span<const std::string> actors, json::Writer& out) {
  out.object();
  if (actors.size() > 1) {
    out.key("act");
    write_actors(actors.subspan(1), out);
  }
  out.key("sub").string(actors.front()).end();
}

std::string payload_of(const RunCredential& c) {
  json::Writer out;
  out.object().key("act");
  write_actors(c.actors, out);
  if (!c.attenuation.empty()) {
    out.key("attenuation");
    write(c.attenuation, out);
  }
  out.key("aud").string(c.audience).key("exp").integer(seconds(c.expires));
  out.key("iat").integer(seconds(c.issued)).key("iss").string(c.issuer);
  out.key("jti").string(c.id).key("nbf").integer(seconds(c.not_before));
  if (!c.parent_run.empty()) out.key("parent_run").string(c.parent_run);
  out.key("policy_sha256").string(hex(c.policy)).key("run").string(c.run);
  return out.key("sub").string(c.sponsor).end().take();
}

Checked<std::vector<std::string>> read_actors(json::View act) {
  std::vector<std::string> actors;
  while (act.exists()) {
    const auto wrong = [](std::string message) {
      return refuse(Flaw::claim, "claims.act", std::move(message));
    };
    if (actors.size() == actors_max) return wrong(fmt::format("more than {} actors", actors_max));
    const auto name = act.text("sub");
    const json::View inner = act["act"];
    if (!name || !good_name(*name) || act.size() != (inner.exists() ? 2U : 1U)) {
      return wrong("not `{\"sub\": AGENT}`");
    }
    actors.emplace_back(*name);
    act = inner;
  }
  if (actors.empty()) return refuse(Flaw::claim, "claims.act", "missing: there is no actor");
  return actors;
}

Checked<std::string> read_name(json::View root, std::string_view name, bool required) {
  const json::View value = root[name];
  if (!value.exists() && !required) return std::string();
  if (!value.is_string() || !good_name(value.string())) {
    return refuse(Flaw::claim, fmt::format("claims.{}", name), "missing, or not a visible text");
  }
  return std::string(value.string());
}

Checked<Digest> read_policy(json::View root) {
  const auto text = root.text("policy_sha256");
  std::string bytes;
  Digest digest{};
  if (!text || !unhex(*text, bytes) || bytes.size() != digest.size() || hex(bytes) != *text) {
    return refuse(Flaw::claim, "claims.policy_sha256", "not 64 hexadecimal digits");
  }
  std::ranges::copy(bytes, digest.begin());
  return digest;
}

Checked<void> nothing_else(json::View root) {
  for (const auto& [name, value] : root.members()) {
    if (std::ranges::find(known, name) == known.end()) {
      return refuse(Flaw::claim, fmt::format("claims.{}", escape_untrusted(name.substr(0, 64))),
                    "cannot be enforced here");
    }
  }
  return {};
}

Checked<RunCredential> from_claims(const Claims& claims) {
  const json::View root = claims.document.root();
  PAWL_TRY(nothing_else(root));
  if (claims.subject.empty())
    return refuse(Flaw::claim, "claims.sub", "missing: there is no sponsor");
  if (claims.id.empty()) return refuse(Flaw::claim, "claims.jti", "missing");
  if (!claims.issued || !claims.not_before) {
    return refuse(Flaw::claim, claims.issued ? "claims.nbf" : "claims.iat", "missing");
  }
  if (!root["aud"].is_string()) return refuse(Flaw::claim, "claims.aud", "not one text");
  RunCredential made{.issuer = claims.issuer,
                     .audience = claims.audiences.front(),
                     .sponsor = claims.subject,
                     .actors = {},
                     .run = {},
                     .parent_run = {},
                     .policy = {},
                     .attenuation = {},
                     .issued = *claims.issued,
                     .not_before = *claims.not_before,
                     .expires = *claims.expires,
                     .id = claims.id};
  auto actors = read_actors(root["act"]);
  PAWL_TRY(actors);
  made.actors = *std::move(actors);
  auto run = read_name(root, "run", true);
  PAWL_TRY(run);
  made.run = *std::move(run);
  auto parent = read_name(root, "parent_run", false);
  PAWL_TRY(parent);
  made.parent_run = *std::move(parent);
  const auto policy = read_policy(root);
  PAWL_TRY(policy);
  made.policy = *policy;
  if (!root["attenuation"].exists()) return made;
  auto attenuation = read_attenuation(root["attenuation"]);
  PAWL_TRY(attenuation);
  made.attenuation = *std::move(attenuation);
  return made;
}

}  // namespace

Result<std::string> issue(const SigningKey& key, RunCredential credential, Instant deadline) {
  const auto wrong = [](std::string message) {
    return fail(ErrorKind::invalid, std::move(message));
  };
  for (const std::string* name : {&credential.issuer, &credential.audience, &credential.sponsor,
                                  &credential.run, &credential.id}) {
    if (!good_name(*name)) return wrong("a credential names issuer, audience, sponsor, run and id");
  }
  if (credential.actors.empty() || credential.actors.size() > actors_max ||
      !std::ranges::all_of(credential.actors, good_name)) {
    return wrong(fmt::format("a credential names 1 to {} agents", actors_max));
  }
  credential.issued = whole(credential.issued);
  credential.not_before = whole(credential.not_before);
  credential.expires = whole(credential.expires);
  if (credential.expires <= credential.not_before || credential.expires <= credential.issued) {
    return wrong("the credential would end before it begins");
  }
  if (credential.expires > deadline) {
    return wrong(
        fmt::format("the credential would outlive its run, which ends at {}", to_string(deadline)));
  }
  std::string token = seal(key, run_type, payload_of(credential));
  if (token.size() > token_bytes_max) return wrong("the credential would be too long to be read");
  return token;
}

Checked<RunCredential> verify_run(std::string_view token, const KeySet& keys, const RunDoor& door,
                                  Instant now) {
  const Expected expected{.issuer = door.issuer,
                          .audiences = {door.audience},
                          .parties = {},
                          .scopes = {},
                          .algorithms = {},
                          .types = {run_type},
                          .leeway = door.leeway};
  const auto claims = verify(token, keys, expected, now);
  PAWL_TRY(claims);
  return from_claims(*claims);
}

Checked<RunCredential> delegate(const RunCredential& parent, const Delegation& wanted,
                                Instant now) {
  if (now >= parent.expires) {
    return refuse(Flaw::expired, "claims.exp", "the run that asks has no time left");
  }
  if (whole(wanted.expires) > parent.expires) {
    return refuse(Flaw::wider, "claims.exp",
                  fmt::format("the run that asks ends at {}", to_string(parent.expires)));
  }
  if (parent.actors.size() == actors_max) {
    return refuse(Flaw::wider, "claims.act",
                  fmt::format("a chain has at most {} agents", actors_max));
  }
  auto attenuation = narrow(parent.attenuation, wanted.attenuation);
  PAWL_TRY(attenuation);
  RunCredential child = parent;
  child.actors.insert(child.actors.begin(), wanted.agent);
  child.run = wanted.run;
  child.parent_run = parent.run;
  if (!wanted.audience.empty()) child.audience = wanted.audience;
  child.attenuation = *std::move(attenuation);
  child.issued = whole(now);
  child.not_before = child.issued;
  child.expires = whole(wanted.expires);
  child.id = wanted.id;
  return child;
}

}  // namespace pawl::jose
