#include "kernel/deployment/agents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
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

// Has a key of its own.
constexpr std::string_view kSubjectClaim = "sub";

void read_claim(DeploymentBuild& build, AgentToken& into, const yaml::Entry& entry) {
  const bool subject = entry.key == kSubjectClaim;
  if (subject || is_judged_anyway(entry.key)) {
    build.reading.mistake(
        entry.key_at,
        fmt::format("`{}` is not a claim to choose by: {}", entry.key,
                    subject ? "expected `subject`" : "it is looked at in every token"));
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
  if (subject) into.claims[std::string(kSubjectClaim)] = out.string(*subject).take();
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
                            "clients are not asked for certificates: expected "
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

namespace {

constexpr std::size_t keys_of_agent_max = 16;
constexpr std::size_t agent_name_bytes_max = 128;
constexpr std::size_t shown_key_chars = 8;

struct RightWord {
  std::string_view word;
  bool Rights::* means;
};
constexpr std::array<RightWord, 4> kRightWords = {{{"propose", &Rights::propose},
                                                   {"settle", &Rights::settle},
                                                   {"watch", &Rights::watch},
                                                   {"speak", &Rights::speak}}};

// Part of ids, records and addresses, so its characters are few.
bool is_agent_name(std::string_view name) {
  return !name.empty() && name.size() <= agent_name_bytes_max &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

void read_agent_keys(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key) {
  for (const Placed& text : build.reading.texts(key.value, key.key)) {
    if (jose::valid_api_key(text.text)) {
      build.reading.mistake(text.at,
                            "this is a key itself: everyone who reads the file has it. Revoke it, "
                            "and write what `pawl keys create` prints for the file");
      continue;
    }
    const std::size_t colon = text.text.find(':');
    if (colon != std::string::npos && text.text.substr(colon + 1) == revoked_mark) {
      agent.revoked.push_back(text.text.substr(0, colon));
      continue;
    }
    auto kept = jose::KeptKey::parse(text.text);
    if (!kept) {
      build.reading.mistake(text.at,
                            fmt::format("`{}` is not what `pawl keys create` prints for "
                                        "the file: expected `PREFIX:DIGEST`",
                                        escape_untrusted(text.text.substr(0, shown_key_chars))));
    } else if (agent.keys.size() == keys_of_agent_max) {
      build.reading.mistake(text.at, fmt::format("more than {} keys", keys_of_agent_max));
    } else {
      agent.keys.push_back(*std::move(kept));
    }
  }
}

void read_agent_rights(DeploymentBuild& build, DeployedAgent& agent, const yaml::Entry& key) {
  agent.rights = {};
  for (const Placed& word : build.reading.texts(key.value, key.key)) {
    const auto* const right = std::ranges::find(kRightWords, word.text, &RightWord::word);
    if (right == kRightWords.end()) {
      build.reading.mistake(word.at,
                            fmt::format("`{}` is not a right: expected `propose`, `settle`, "
                                        "`watch` or `speak`",
                                        escape_untrusted(word.text)));
      continue;
    }
    agent.rights.*(right->means) = true;
  }
}

// Keys of which an agent needs one: each proves who it is.
constexpr std::string_view kProof = "one of four";

constexpr auto kAgentKeys = section_keys<DeploymentBuild, DeployedAgent>(
    Section::deployed_agent,
    {
        {"role", "text", "required", 13,
         "The role that the agent has. One; several agents may have the same.",
         text<&DeployedAgent::role>},
        {"keys", "list of texts", kProof, 0,
         "What is kept of the agent's keys, as `pawl keys create` prints it.", read_agent_keys,
         CompareAs::agent_keys},
        {"jwt", mapping(Section::agent_jwt), kProof, 0,
         "Tokens of an issuer that are this agent's.", read_agent_token},
        {"certificate", mapping(Section::agent_certificate), kProof, 0,
         "The certificate that is this agent's, of those that `listen.tls.client_ca` vouches for.",
         read_agent_certificate},
        {"spiffe", "text", kProof, 0,
         "The SPIFFE id whose JWT-SVIDs are this agent's: `spiffe://DOMAIN/PATH`.",
         read_agent_spiffe},
        {"rights", "list of rights", "propose, watch", 0,
         "What it may do: `propose` calls, `settle` (say how calls of its role ended), `watch` "
         "runs of "
         "its role, `speak` (bring words of the sponsor).",
         read_agent_rights, CompareAs::fewer},
        {"sponsor", "person", "the agent itself", 13, "The person who answers for its runs.",
         text<&DeployedAgent::sponsor>},
    });

void check_agent_names(DeploymentBuild& build, const std::string& name,
                       const DeployedAgent& agent) {
  const Deployment& all = build.into;
  if (all.people.contains(name)) {
    build.reading.mistake(agent.at,
                          fmt::format("`{}` is a person and an agent", escape_untrusted(name)));
  }
  if (!agent.sponsor.empty() && !all.people.contains(agent.sponsor)) {
    build.reading.mistake(agent.at,
                          fmt::format("the sponsor `{}` is not a person of `people`: a named "
                                      "person has to answer for the runs of `{}`",
                                      escape_untrusted(agent.sponsor), escape_untrusted(name)));
  }
  if (agent.role.empty() || all.roles.contains(agent.role)) return;
  std::vector<std::string> roles;
  for (const auto& [role, what] : all.roles) roles.push_back(role);
  build.unknown({agent.role, agent.at}, "role", roles);
}

}  // namespace

std::string to_string(const Rights& rights) {
  std::string text;
  for (const RightWord& right : kRightWords) {
    if (rights.*right.means) text.append(text.empty() ? "" : " ").append(right.word);
  }
  return text;
}

Rights within_scopes(Rights rights, const std::map<std::string, std::string, std::less<>>& scopes,
                     const std::vector<std::string>& held) {
  for (const RightWord& right : kRightWords) {
    const auto scope = scopes.find(right.word);
    const bool has = scope != scopes.end() && std::ranges::find(held, scope->second) != held.end();
    rights.*right.means &= has;
  }
  return rights;
}

void list_deployed_agent_keys(std::vector<Key>& into) {
  kAgentKeys.list(into);
  list_agent_proof_keys(into);
}

void read_deployed_agent(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  if (!is_agent_name(entry.key)) {
    build.reading.mistake(entry.key_at, fmt::format("`{}` is not a valid agent name: expected "
                                                    "letters, digits, `-`, `_` and `.`",
                                                    escape_untrusted(entry.key)));
  }
  DeployedAgent agent;
  agent.at = entry.key_at;
  const auto proves = [](const yaml::Entry& key) {
    const auto* const row = kAgentKeys.find(key.key);
    return row != nullptr && row->preset == kProof;
  };
  if (read_section(build, entry.value, kAgentKeys, agent) &&
      std::ranges::none_of(entry.value.entries, proves)) {
    build.reading.mistake(entry.value.at,
                          "an agent has none of `keys`, `jwt`, `certificate` and `spiffe`: "
                          "nothing could prove who it is");
  }
  into.agents[entry.key] = std::move(agent);
}

void check_agents(DeploymentBuild& build) {
  std::map<std::string, std::string> owners;  // kept key -> agent
  for (const auto& [name, agent] : build.into.agents) {
    check_agent_names(build, name, agent);
    for (const jose::KeptKey& key : agent.keys) {
      const auto [owner, fresh] = owners.emplace(key.text(), name);
      if (fresh) continue;
      build.reading.mistake(
          agent.at, fmt::format("the key `{}` is that of `{}` too: two agents with one key cannot "
                                "be told apart",
                                key.prefix, escape_untrusted(owner->second)));
    }
  }
  check_agent_proofs(build);
}

}  // namespace pawl
