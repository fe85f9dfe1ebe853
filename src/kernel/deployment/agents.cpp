#include "kernel/deployment/agents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
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
                            "this is a key itself: whoever reads the file has it. Take it back, "
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
      build.reading.mistake(word.at, fmt::format("`{}` is no right: expected `propose`, `settle`, "
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
         "its role, `speak` (hand over words of the sponsor).",
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
                          fmt::format("the sponsor `{}` is no person of `people`: somebody has to "
                                      "answer for the runs of `{}`",
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
    build.reading.mistake(entry.key_at, fmt::format("`{}` is no name of an agent: expected "
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
