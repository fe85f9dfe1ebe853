// What of others proves an agent: tokens of an issuer, certificates, SPIFFE ids. That no two agents
// can be proved by the same thing is checked here, as far as the file tells; what only a token or a
// certificate can tell is checked at the door, where one that fits two agents is nobody's.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "kernel/deployment/agents.h"
#include "kernel/deployment/deployment_read.h"
#include "lang/jose/svid.h"

namespace pawl {
namespace {

constexpr std::size_t claims_of_agent_max = 16;
constexpr std::size_t sha256_digits = 64;

// Claims that are looked at in every token, so that a file cannot seem to say otherwise.
bool is_judged_anyway(std::string_view claim) {
  static constexpr std::array<std::string_view, 7> kJudged = {"iss", "aud", "exp", "nbf",
                                                              "iat", "jti", "cnf"};
  return std::ranges::find(kJudged, claim) != kJudged.end();
}

void read_claim(DeploymentBuild& build, AgentToken& into, const yaml::Entry& entry) {
  if (entry.key == "sub" || is_judged_anyway(entry.key)) {
    build.reading.mistake(
        entry.key_at,
        fmt::format("`{}` is no claim to choose by: {}", entry.key,
                    entry.key == "sub" ? "expected `subject`" : "it is looked at in every token"));
    return;
  }
  const yaml::Node& value = entry.value;
  json::Writer text;
  if (value.is_scalar() && !value.quoted && (value.text == "true" || value.text == "false")) {
    text.boolean(value.text == "true");
  } else if (value.is_scalar() && !value.quoted && value.as_number()) {
    const auto number = build.reading.count(value, entry.key, {0, 1ULL << 53});
    if (!number) return;
    text.natural(*number);
  } else if (const auto word = build.reading.text(value, entry.key)) {
    text.string(*word);
  } else {
    return;
  }
  into.claims[entry.key] = text.take();
}

void read_subject(DeploymentBuild& build, AgentToken& into, const yaml::Entry& key) {
  const auto subject = build.reading.text(key.value, key.key);
  json::Writer out;
  if (subject) into.claims["sub"] = out.string(*subject).take();
}

constexpr std::string_view kTokenSubject = "subject";
constexpr std::string_view kClaims = "claims";

constexpr auto kTokenKeys = section_keys<DeploymentBuild, AgentToken>(
    Section::agent_jwt,
    {
        {"issuer", "text", "required", 0, "The issuer, by its name in `issuers`.",
         text<&AgentToken::issuer>},
        {kTokenSubject, "text", "`claims` say it", 0, "The token's `sub`.", read_subject},
        {kClaims, "mapping of claims", "`subject` says it", 0,
         "Claims that each have exactly this value. A claim that is a list or a mapping never has.",
         each_name<read_claim>},
    });

struct CertificateDraft : AgentCertificate {
  std::size_t named = 0;
};

template <AgentCertificate::By By>
void certificate_by(DeploymentBuild& build, CertificateDraft& into, const yaml::Entry& key) {
  into.by = By;
  text<&AgentCertificate::value>(build, into, key);
  ++into.named;
}

constexpr auto kCertificateKeys = section_keys<DeploymentBuild, CertificateDraft>(
    Section::agent_certificate,
    {
        {"subject", "text", "one of five", 0,
         "The whole subject as RFC 2253 writes it: `CN=deploy,O=Example`.",
         certificate_by<AgentCertificate::By::subject>},
        {"dns", "text", "one of five", 0, "A DNS name in it.",
         certificate_by<AgentCertificate::By::dns>},
        {"uri", "text", "one of five", 0, "A URI in it; the SPIFFE id of an X.509-SVID is one.",
         certificate_by<AgentCertificate::By::uri>},
        {"email", "text", "one of five", 0, "A mail address in it.",
         certificate_by<AgentCertificate::By::email>},
        {"sha256", "text", "one of five", 0,
         "The SHA-256 of the certificate itself, 64 hexadecimal digits.",
         certificate_by<AgentCertificate::By::sha256>},
    });

void check_token(DeploymentBuild& build, const DeployedAgent& agent) {
  if (build.into.issuers.contains(agent.jwt->issuer) || agent.jwt->issuer.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, source] : build.into.issuers) names.push_back(name);
  build.unknown({agent.jwt->issuer, agent.jwt->at}, "issuer", names);
}

// Whether no token can be both: there is a claim of which they want different values.
bool apart(const AgentToken& one, const AgentToken& other) {
  return one.issuer != other.issuer || std::ranges::any_of(one.claims, [&](const auto& claim) {
           const auto same = other.claims.find(claim.first);
           return same != other.claims.end() && same->second != claim.second;
         });
}

bool same_certificate(const DeployedAgent& one, const DeployedAgent& other) {
  if (one.certificate && other.certificate) {
    return one.certificate->by == other.certificate->by &&
           one.certificate->value == other.certificate->value;
  }
  // An X.509-SVID and a JWT-SVID of one id are one workload.
  const auto uri = [](const DeployedAgent& agent) {
    const bool named = agent.certificate && agent.certificate->by == AgentCertificate::By::uri;
    return named ? agent.certificate->value : std::string();
  };
  return (!one.spiffe.empty() && one.spiffe == uri(other)) ||
         (!other.spiffe.empty() && other.spiffe == uri(one));
}

void check_pair(DeploymentBuild& build, const std::string& name, const DeployedAgent& one,
                const std::string& second, const DeployedAgent& other) {
  if (one.jwt && other.jwt && !apart(*one.jwt, *other.jwt)) {
    build.reading.mistake(
        other.jwt->at,
        fmt::format("one token of `{}` could be `{}` and `{}`: expected a claim that both name, "
                    "with different values",
                    escape_untrusted(one.jwt->issuer), escape_untrusted(name),
                    escape_untrusted(second)));
  }
  if ((!one.spiffe.empty() && one.spiffe == other.spiffe) || same_certificate(one, other)) {
    build.reading.mistake(other.at, fmt::format("what proves `{}` proves `{}` too: two agents with "
                                                "one identity cannot be told apart",
                                                escape_untrusted(second), escape_untrusted(name)));
  }
}

}  // namespace

void list_agent_proof_keys(std::vector<Key>& into) {
  kTokenKeys.list(into);
  kCertificateKeys.list(into);
}

void read_agent_token(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  AgentToken proof;
  proof.at = node.at;
  if (!read_section(build, node, kTokenKeys, proof)) return;
  if (node.entry(kTokenSubject) == nullptr && node.entry(kClaims) == nullptr) {
    build.reading.mistake(node.at,
                          "`jwt` has neither `subject` nor `claims`: every token of the issuer "
                          "would be this agent");
  }
  if (proof.claims.size() > claims_of_agent_max) {
    build.reading.mistake(node.at, fmt::format("more than {} claims", claims_of_agent_max));
  }
  agent.jwt = std::move(proof);
}

void read_agent_certificate(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  CertificateDraft proof;
  proof.at = node.at;
  if (!read_section(build, node, kCertificateKeys, proof)) return;
  if (proof.named != 1) {
    build.reading.mistake(node.at,
                          "`certificate` says exactly one of `subject`, `dns`, `uri`, `email` and "
                          "`sha256`");
  }
  if (proof.by == AgentCertificate::By::sha256 || proof.by == AgentCertificate::By::dns) {
    proof.value = lower_ascii(proof.value);
  }
  std::string bytes;
  if (proof.named == 1 && proof.by == AgentCertificate::By::sha256 &&
      (proof.value.size() != sha256_digits || !unhex(proof.value, bytes))) {
    build.reading.mistake(node.at, "`sha256` is not 64 hexadecimal digits");
  }
  agent.certificate = std::move(proof);
}

void read_agent_spiffe(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key) {
  text<&DeployedAgent::spiffe>(build, agent, key);
  if (agent.spiffe.empty()) return;
  const auto id = jose::parse_spiffe_id(agent.spiffe);
  if (!id || id->path.empty()) {
    build.reading.mistake(key.value.at, fmt::format("`{}` is no SPIFFE id of a workload: expected "
                                                    "`spiffe://DOMAIN/PATH`",
                                                    escape_untrusted(agent.spiffe)));
  }
}

void check_agent_proofs(DeploymentBuild& build) {
  const Deployment& all = build.into;
  std::vector<std::string> domains;
  for (const auto& [name, source] : all.trust_domains) domains.push_back(name);
  for (auto at = all.agents.begin(); at != all.agents.end(); ++at) {
    const auto& [name, agent] = *at;
    if (agent.jwt) check_token(build, agent);
    if (agent.certificate && all.listen && all.listen->client_ca.empty()) {
      build.reading.mistake(agent.certificate->at,
                            "nobody asks for certificates of clients: expected "
                            "`listen: {tls: {client_ca: FILE}}`");
    }
    const auto id = jose::parse_spiffe_id(agent.spiffe);
    if (id && !all.trust_domains.contains(id->trust_domain)) {
      build.unknown({id->trust_domain, agent.at}, "trust domain", domains);
    }
    for (auto other = std::next(at); other != all.agents.end(); ++other) {
      check_pair(build, name, agent, other->first, other->second);
    }
  }
}

}  // namespace pawl
