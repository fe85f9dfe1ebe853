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
constexpr std::array<std::string_view, 4> kProofWords = {"keys", "jwt", "certificate", "spiffe"};

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

void read_agent_keys(DeploymentBuild& build, const yaml::Node& node, DeployedAgent& agent) {
  for (const Placed& text : build.reading.texts(node, "keys")) {
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

void read_agent_rights(DeploymentBuild& build, const yaml::Node& node, DeployedAgent& agent) {
  agent.rights = {};
  for (const Placed& word : build.reading.texts(node, "rights")) {
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

void read_deployed_agent(DeploymentBuild& build, const yaml::Entry& entry) {
  if (!is_agent_name(entry.key)) {
    build.reading.mistake(entry.key_at, fmt::format("`{}` is no name of an agent: expected "
                                                    "letters, digits, `-`, `_` and `.`",
                                                    escape_untrusted(entry.key)));
  }
  DeployedAgent agent;
  agent.at = entry.key_at;
  const auto take = [&](const yaml::Entry& key) {
    if (key.key == "role") {
      agent.role = build.reading.text(key.value, "role").value_or("");
    } else if (key.key == "sponsor") {
      agent.sponsor = build.reading.text(key.value, "sponsor").value_or("");
    } else if (key.key == "keys") {
      read_agent_keys(build, key.value, agent);
    } else if (key.key == "rights") {
      read_agent_rights(build, key.value, agent);
    } else if (key.key == "jwt") {
      read_agent_token(build, key.value, agent);
    } else if (key.key == "certificate") {
      read_agent_certificate(build, key.value, agent);
    } else if (key.key == "spiffe") {
      read_agent_spiffe(build, key.value, agent);
    } else {
      return false;
    }
    return true;
  };
  if (build.reading.keys(entry.value, Section::deployed_agent, take)) {
    build.reading.missing(entry.value, Section::deployed_agent, "role");
    const auto proves = [&entry](std::string_view key) {
      return entry.value.entry(key) != nullptr;
    };
    if (std::ranges::none_of(kProofWords, proves)) {
      build.reading.mistake(entry.value.at,
                            "an agent has none of `keys`, `jwt`, `certificate` and `spiffe`: "
                            "nothing could prove who it is");
    }
  }
  build.into.agents[entry.key] = std::move(agent);
}

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

void read_agents(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "agents",
                      [&build](const yaml::Entry& one) { read_deployed_agent(build, one); });
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
