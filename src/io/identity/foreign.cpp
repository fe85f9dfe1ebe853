// Proofs that other parties made: tokens of issuers and of trust domains, certificates of clients.
//
// Whose token it says to be only chooses the keys that it is checked with; a source that the
// deployment file does not name is never asked for anything.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "io/identity/certificates.h"
#include "io/identity/identities.h"
#include "lang/jose/svid.h"

namespace pawl::identity {
namespace {

constexpr std::string_view kIssuerMark = "issuer ";
constexpr std::string_view kDomainMark = "domain ";
constexpr std::size_t proof_bytes_max = 12;  // of a digest: enough to tell certificates apart

bool says(const jose::Claims& claims, const AgentToken& wanted) {
  const json::View root = claims.document.root();
  return !wanted.claims.empty() && std::ranges::all_of(wanted.claims, [&](const auto& claim) {
    const json::View value = root[claim.first];
    return value.exists() && !value.is_object() && !value.is_array() &&
           json::write(value) == claim.second;
  });
}

// `https://gate.example/mcp/coder`: the gateway itself is an audience too, with the slash that
// clients put behind an address without a path.
std::vector<std::string> audiences_of(const std::string& door, const std::string& gateway,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> all = {door, gateway, gateway + "/"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Whole seconds, as far as our time goes.
Instant end_of(const http::ClientCertificate& certificate) {
  return Instant{} + Duration::seconds(std::min(certificate.not_after, jose::numeric_date_max));
}

}  // namespace

void Identities::use_sources(const Deployment& deployment) {
  deployed_ = deployment.agents;
  sources_.clear();
  foreign_.clear();
  std::map<std::string, KeyCache::Source> places;
  for (const auto& [name, source] : deployment.issuers) {
    sources_[std::string(kIssuerMark) + name] = source;
    places[std::string(kIssuerMark) + name] = {source.keys, jose::KeyUse::signature};
  }
  for (const auto& [name, source] : deployment.trust_domains) {
    sources_[std::string(kDomainMark) + name] = source;
    places[std::string(kDomainMark) + name] = {source.keys, jose::KeyUse::jwt_svid};
  }
  foreign_keys_.use(places);
}

// A SPIFFE id is its trust domain's to say, whatever `iss` beside it says.
std::string Identities::source_of(const std::string& token) const {
  if (sources_.empty() || !ports_.fetch) return {};
  const auto stated = jose::stated(token);
  if (!stated || stated->issuer == issuer_) return {};
  if (const auto id = jose::parse_spiffe_id(stated->subject)) {
    std::string domain = std::string(kDomainMark) + id->trust_domain;
    if (sources_.contains(domain)) return domain;
  }
  for (const auto& [name, source] : sources_) {
    if (name.starts_with(kIssuerMark) && source.keys.issuer == stated->issuer) return name;
  }
  return {};
}

jose::Expected Identities::expected_of(const std::string& source, const Asked& asked) const {
  const TokenSource& from = sources_.at(source);
  auto audiences = audiences_of(asked.audience, issuer_, from.audiences);
  if (source.starts_with(kDomainMark)) {
    return jose::expected_svid(std::move(audiences), from.clock_skew);
  }
  jose::Expected expected;
  expected.issuer = from.keys.issuer;
  expected.audiences = std::move(audiences);
  expected.parties = from.clients;
  expected.algorithms = from.algorithms;
  expected.leeway = from.clock_skew;
  return expected;
}

Task<Proved<Principal>> Identities::by_token(std::string source, std::string token,
                                             std::string digest, Asked asked) {
  auto keys = co_await foreign_keys_.keys(source);
  const auto lost = [&] {
    return Denied{.status = 503,
                  .error = "temporarily_unavailable",
                  .says = "who calls cannot be checked at the moment",
                  .reason = source + ": " + keys.error().message};
  };
  if (!keys) co_return std::unexpected(lost());
  // The file may have been read again while the keys were fetched.
  if (!sources_.contains(source)) co_return std::unexpected(refused("an issuer that is gone"));
  const auto known = foreign_.find(digest);
  if (known != foreign_.end() && known->second.generation == keys->generation) {
    co_return judged(known->second, asked);
  }
  const jose::Expected expected = expected_of(source, asked);
  auto claims = jose::verify(token, *keys->keys, expected, ports_.now());
  if (!claims && claims.error().flaw == jose::Flaw::key_unknown) {
    auto newer = co_await foreign_keys_.newer(source, keys->generation);
    if (!sources_.contains(source)) co_return std::unexpected(refused("an issuer that is gone"));
    if (newer) {
      keys = std::move(newer);
      claims = jose::verify(token, *keys->keys, expected, ports_.now());
    }
  }
  if (!claims) {
    co_return std::unexpected(refused(source + ": " + jose::to_string(claims.error())));
  }
  const Foreign foreign{source, keys->generation,
                        std::make_shared<const jose::Claims>(*std::move(claims))};
  auto who = judged(foreign, asked);
  if (who && token.size() <= known_token_bytes_max) {
    if (foreign_.size() >= tokens_known_max) foreign_.clear();
    foreign_.insert_or_assign(std::move(digest), foreign);
  }
  co_return who;
}

// Everything about a token but its signature, which is why it is looked at each time.
Proved<Principal> Identities::judged(const Foreign& foreign, const Asked& asked) const {
  const jose::Claims& claims = *foreign.claims;
  const auto fine = jose::judge(claims, expected_of(foreign.source, asked), ports_.now());
  if (!fine) {
    return std::unexpected(refused(foreign.source + ": " + jose::to_string(fine.error())));
  }
  if (std::string why = unbound(claims.document.root(), asked.certificate); !why.empty()) {
    return std::unexpected(refused(foreign.source + ": " + std::move(why)));
  }
  return agent_of(foreign, sources_.at(foreign.source));
}

Proved<Principal> Identities::agent_of(const Foreign& foreign, const TokenSource& source) const {
  const jose::Claims& claims = *foreign.claims;
  const std::string_view name = std::string_view(foreign.source).substr(kIssuerMark.size());
  const bool svid = foreign.source.starts_with(kDomainMark);
  if (svid) {
    if (const auto id = jose::svid_subject(claims, name); !id) {
      return std::unexpected(refused(foreign.source + ": " + jose::to_string(id.error())));
    }
  }
  const std::string* found = nullptr;
  for (const auto& [agent, deployed] : deployed_) {
    const bool fits =
        svid ? deployed.spiffe == claims.subject
             : deployed.jwt && deployed.jwt->issuer == name && says(claims, *deployed.jwt);
    if (!fits) continue;
    if (found != nullptr) {
      return std::unexpected(
          refused(fmt::format("{}: a token of `{}` and of `{}`", foreign.source, *found, agent)));
    }
    found = &agent;
  }
  if (found == nullptr) {
    return std::unexpected(refused(foreign.source + ": a token of " + jose::quoted(claims.subject) +
                                   ", who is no agent here"));
  }
  const std::string& id = claims.id.empty() ? claims.subject : claims.id;
  Principal who = principal_of(
      *found, svid ? How::svid : How::issuer_token,
      fmt::format("{} {} of {}", svid ? "svid" : "token", jose::quoted(id), foreign.source));
  if (!svid) who.issuer = name;
  if (claims.expires) who.until = *claims.expires + source.clock_skew;
  if (!source.scopes.empty()) {
    who.rights = within_scopes(who.rights, source.scopes, claims.scopes);
  }
  return who;
}

Principal Identities::principal_of(const std::string& name, How how, std::string proof) const {
  const DeployedAgent& agent = deployed_.find(name)->second;
  return {.agent = name,
          .role = agent.role,
          .sponsor = agent.sponsor.empty() ? name : agent.sponsor,
          .rights = agent.rights,
          .how = how,
          .proof = std::move(proof),
          .issuer = {},
          .credential = {},
          .until = {},
          .stands = standing_of(name)};
}

Proved<Principal> Identities::by_certificate(const http::ClientCertificate& certificate) const {
  const std::string proof = "certificate " + certificate.sha256.substr(0, proof_bytes_max);
  // A connection may be older than the certificate's last day.
  const Instant end = end_of(certificate);
  if (end <= ports_.now()) {
    return std::unexpected(refused(proof + ", which is over"));
  }
  const std::string* found = nullptr;
  for (const auto& [name, agent] : deployed_) {
    if (!agent.certificate || !fits(*agent.certificate, certificate)) continue;
    if (found != nullptr) {
      return std::unexpected(refused(fmt::format("{} of `{}` and of `{}`", proof, *found, name)));
    }
    found = &name;
  }
  if (found == nullptr) return std::unexpected(refused(proof + " of no agent here"));
  Principal who = principal_of(*found, How::certificate, proof);
  who.until = end;
  return who;
}

// A certificate that is no agent's proves nothing, and takes nothing from a token beside it.
Proved<Principal> Identities::same_agent(Principal who,
                                         const http::ClientCertificate& certificate) const {
  const std::string& acts = who.credential ? who.credential->actors.back() : who.agent;
  for (const auto& [name, agent] : deployed_) {
    if (name == acts || !agent.certificate || !fits(*agent.certificate, certificate)) continue;
    return std::unexpected(refused(fmt::format("{} of `{}` over a connection of `{}`", who.proof,
                                               escape_untrusted(acts), escape_untrusted(name))));
  }
  return who;
}

}  // namespace pawl::identity
