#include "kernel/strictness/deployment.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"
#include "kernel/deployment/limit_keys.h"
#include "kernel/strictness/deployment_parts.h"

namespace pawl {

namespace {

using enum Section;
using CompareKey = void (*)(const KeyPair& pair);

struct KeyRow {
  Section section;
  std::string_view name;
  CompareKey compare;
};

bool is_limit(std::string_view name) {
  return std::ranges::any_of(limit_keys(), [name](const LimitKey& row) { return row.key == name; });
}

// By what holds, since what one caller may have is half of what there is where nobody says more.
void compare_limits(const KeyPair& pair) {
  for (const LimitKey& row : limit_keys()) {
    const std::uint64_t was = pair.files.before.limits.*row.number;
    const std::uint64_t is = pair.files.after.limits.*row.number;
    if (is <= was) continue;
    pair.found(pair.below(std::string(row.key)).at,
               fmt::format("`limits.{}` was {} and is {}", row.key, was, is));
  }
  // A key that the table above does not have.
  for (const std::string& name : names_of(pair)) {
    if (!is_limit(name)) same_only(pair.below(name));
  }
}

// Why it could loosen something that this role goes; empty: nobody else leans on it. Where a
// directory is bound to no role, whoever starts something there chooses the policy; and what
// several roles have one file for, all of them have to be permitted.
std::string leans_on_role(const DeploymentPair& files, const std::string& name) {
  const Deployment& before = files.before;
  const auto known = before.roles.find(name);
  if (known == before.roles.end()) return "and nobody can tell what it was";
  const Deployment::Role& gone = known->second;
  if (!gone.directories.empty()) return "and with it what binds its directories";
  if (!gone.team.empty() || !before.layers.empty()) return "and with it what its layers are about";
  const bool alone = std::ranges::none_of(before.roles, [&](const auto& other) {
    return other.first != name && other.second.file == gone.file;
  });
  return alone ? "" : "and another role has its file";
}

void compare_roles(const KeyPair& pair) {
  compare_names(pair, role, leans_on_role);
}

// Without any agent the doors ask nobody who they are; and what would prove two agents is nobody's,
// so that with one of them less it is the other's.
std::string leans_on_agent(const DeploymentPair& files, const std::string& name) {
  if (files.after.agents.empty()) return "and nobody is asked who they are any more";
  const auto known = files.before.agents.find(name);
  if (known == files.before.agents.end()) return "and nobody can tell who it was";
  const DeployedAgent& gone = known->second;
  const bool keys_alone = !gone.jwt && !gone.certificate && gone.spiffe.empty();
  return keys_alone ? "" : "and what proved it may prove another agent";
}

void compare_agents(const KeyPair& pair) {
  compare_names(pair, deployed_agent, leans_on_agent);
}

bool marks_revoked(const KeyPair& /*pair*/, const std::string& text) {
  const std::size_t colon = text.find(':');
  return colon != std::string::npos && text.substr(colon + 1) == revoked_mark;
}

void compare_agent_keys(const KeyPair& pair) {
  changed_texts(pair, any_text, marks_revoked);
}

std::string nothing_leans(const DeploymentPair& /*files*/, const std::string& /*name*/) {
  return {};
}

void compare_credentials(const KeyPair& pair) {
  compare_names(pair, credential, nothing_leans);
}

constexpr auto kKeyRows = std::to_array<KeyRow>({
    {deployment, "version", same_only},
    {deployment, "roles", compare_roles},
    {deployment, "servers", same_only},  // without it its name may stand for any command
    {deployment, "people", compare_people},
    {deployment, "notify", same_only},
    {deployment, "drill", same_only},
    {deployment, "vigilance", same_only},
    {deployment, "credentials", compare_credentials},
    {deployment, "store", same_only},
    {deployment, "listen", same_only},
    {deployment, "limits", compare_limits},
    {deployment, "traces", same_only},
    {deployment, "agents", compare_agents},
    {deployment, "issuers", same_only},
    {deployment, "trust_domains", same_only},
    {deployment, "layers", same_only},
    {role, "file", same_only},
    {role, "directories", same_only},
    {role, "team", same_only},
    {role, "servers", fewer_or_none},
    {role, "candidate", any_value},
    {role, "observe", may_go},
    {people, "default_reviewers", same_only},  // by compare_people
    {people, "auditors", same_only},           // who is one decides nothing, and sees everything
    {people, "groups", same_only},             // by compare_people
    {people, "idp", same_only},
    {person, "groups", fewer_groups},
    {person, "proof", same_only},
    {person, "verifier", same_only},
    {person, "oidc", same_only},
    {person, "slack", same_only},
    {person, "accounts", same_only},  // without them whoever started a run may approve it
    {person, "automatic", same_only},
    {credential, "env", same_only},
    {credential, "file", same_only},
    {credential, "command", same_only},
    {credential, "store", same_only},
    {credential, "vault", same_only},
    {credential, "oauth", same_only},
    {credential, "github_app", same_only},
    {credential, "aws_sts", same_only},
    {credential, "login", same_only},
    {credential, "roles", fewer_texts},
    {credential, "accept_risk", may_go},  // several roles need one: the file says so
    {credential, "hosts", fewer_texts},
    {credential, "servers", fewer_texts},
    {credential, "tools", fewer_texts},
    {credential, "principal", same_only},
    {deployed_agent, "role", same_only},
    {deployed_agent, "keys", compare_agent_keys},
    {deployed_agent, "jwt", same_only},
    {deployed_agent, "certificate", same_only},
    {deployed_agent, "spiffe", same_only},
    {deployed_agent, "rights", fewer_texts},
    {deployed_agent, "sponsor", same_only},  // a person who did not start the run may approve it
});

// Mappings that are compared as a whole: every difference is laxer.
constexpr auto kWholeSections = std::to_array<Section>({listen,
                                                        tls,
                                                        traces,
                                                        server,
                                                        observe,
                                                        automatic,
                                                        notify,
                                                        notify_slack,
                                                        notify_webhook,
                                                        notify_pagerduty,
                                                        notify_mail,
                                                        notify_contact,
                                                        drill,
                                                        person_provider,
                                                        provider_group,
                                                        vigilance,
                                                        vigilance_call,
                                                        credential_risk,
                                                        secret_source,
                                                        vault,
                                                        oauth,
                                                        github_app,
                                                        aws_sts,
                                                        login,
                                                        store,
                                                        agent_jwt,
                                                        agent_certificate,
                                                        issuer,
                                                        issuer_scopes,
                                                        trust_domain});

const KeyRow* row_of(Section section, std::string_view name) {
  const auto* const row = std::ranges::find_if(
      kKeyRows, [&](const KeyRow& one) { return one.section == section && one.name == name; });
  return row == kKeyRows.end() ? nullptr : row;
}

struct Parsed {
  yaml::Read yaml;
  std::optional<Deployment> deployment;
};

Parsed parsed(std::string_view text, std::string_view file) {
  if (text.empty()) {
    yaml::Read none;
    none.root.kind = yaml::Kind::map;
    none.root.at = {std::string(file), 0, 0};
    return {std::move(none), Deployment{}};
  }
  return {yaml::read(text, file), load_deployment(text, file).deployment};
}

}  // namespace

void compare_keys(const KeyPair& pair, Section section) {
  if (pair.was == nullptr || pair.is == nullptr || !pair.was->is_map() || !pair.is->is_map()) {
    return same_only(pair);
  }
  for (const std::string& name : names_of(pair)) {
    const KeyRow* row = row_of(section, name);
    (row == nullptr ? same_only : row->compare)(pair.below(name));
  }
}

void compare_name(const KeyPair& one, const std::string& name, Section section, LeansOn leans) {
  if (one.was == nullptr) return same_only(one);
  if (one.is != nullptr) return compare_keys(one, section);
  const std::string why = leans(one.files, name);
  if (why.empty()) return;
  one.found(one.at, fmt::format("`{}` is gone, {}{}", escape_untrusted(one.path), why,
                                line_before(one.was->at)));
}

void compare_names(const KeyPair& pair, Section section, LeansOn leans) {
  for (const std::string& name : names_of(pair)) {
    compare_name(pair.below(name), name, section, leans);
  }
}

bool known_to_deployment_comparison(Section section, std::string_view key) {
  if (section == gateway_limits) return is_limit(key);
  const bool whole = std::ranges::find(kWholeSections, section) != kWholeSections.end();
  return whole || row_of(section, key) != nullptr;
}

std::vector<Laxer> laxer_deployment(std::string_view before, std::string_view after,
                                    std::string_view file) {
  const Parsed old = parsed(before, file);
  const Parsed now = parsed(after, file);
  PolicyDiff laxness;
  if (!old.deployment || !now.deployment) {
    laxness.found({std::string(file), 0, 0}, now.deployment ? "nobody can tell: what was accepted "
                                                              "does not load any more"
                                                            : "nobody can tell: it does not load");
    return laxness.take();
  }
  const DeploymentPair files{*old.deployment, *now.deployment, laxness};
  compare_keys({.files = files,
                .path = {},
                .was = &old.yaml.root,
                .is = &now.yaml.root,
                .at = {std::string(file), 0, 0}},
               deployment);
  std::vector<Laxer> parts = laxness.take();
  std::ranges::sort(parts, [](const Laxer& a, const Laxer& b) {
    return std::tie(a.at.line, a.at.column, a.says) < std::tie(b.at.line, b.at.column, b.says);
  });
  return parts;
}

}  // namespace pawl
