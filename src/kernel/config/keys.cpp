#include "kernel/config/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl {
namespace {

// `max_X` stands for every name that starts with `max_`, the reserved ones excepted.
bool is_pattern(std::string_view name) {
  return name.ends_with("_X");
}

bool covers(std::string_view pattern, std::string_view name) {
  const std::string_view prefix = pattern.substr(0, pattern.size() - 1);
  return name.size() > prefix.size() && name.starts_with(prefix);
}

struct SectionWords {
  Section section;
  std::string_view spoken, place;
};

constexpr SectionWords kWords[] = {
    {Section::file, "the policy file", "the file"},
    {Section::agent, "`agent`", "agent"},
    {Section::environment, "`environment` by an argument", "environment, servers.NAME.environment"},
    {Section::list, "a list", "lists.NAME"},
    {Section::of_server, "the defaults of a server", "servers.NAME"},
    {Section::tools, "`tools`", "tools"},
    {Section::entry, "a tool's entry", "tools.allowed[]"},
    {Section::situation, "a case", "tools.allowed[].cases[]"},
    {Section::counter, "a counter", "counters.NAME, tools.allowed[].counters[]"},
    {Section::constraints, "`constraints`", "tools.allowed[].constraints"},
    {Section::argument, "an argument", "tools.allowed[].args.NAME"},
    {Section::path, "`path`", "tools.allowed[].args.NAME.path"},
    {Section::url, "`url`", "tools.allowed[].args.NAME.url"},
    {Section::sql, "`sql`", "tools.allowed[].args.NAME.sql"},
    {Section::commands, "`commands`", "tools.allowed[].commands, as a mapping"},
    {Section::row, "a row of `commands`", "tools.allowed[].commands[]"},
    {Section::row_writes, "`writes`", "tools.allowed[].commands[].writes"},
    {Section::examples, "`examples`", "tools.allowed[].examples"},
    {Section::shell, "`shell`", "tools.allowed[].args.NAME.shell"},
    {Section::argv, "`argv`", "tools.allowed[].args.NAME.argv"},
    {Section::line_row, "a row of `allow`",
     "tools.allowed[].args.NAME.shell.allow[], tools.allowed[].args.NAME.argv.allow[]"},
    {Section::manifest, "`manifest`", "tools.allowed[].args.NAME.manifest"},
    {Section::k8s_kind, "`k8s_kind`", "tools.allowed[].args.NAME.k8s_kind"},
    {Section::secrets, "`secrets`", "secrets"},
    {Section::approval, "`approval`",
     "approval, tools.allowed[].approval, tools.allowed[].cases[].approval"},
    {Section::route, "a route", "approval.route[]"},
    {Section::wider, "`wider`", "approval.wider"},
    {Section::execution, "`execution`", "execution"},
    {Section::budget, "`on_budget_exceeded`", "execution.on_budget_exceeded"},
    {Section::escalation, "`escalation`", "escalation"},
    {Section::contact, "a contact", "escalation.contacts[]"},
    {Section::autonomy, "`autonomy`", "autonomy"},
    {Section::type, "a type of `autonomy`", "autonomy.types.NAME"},
    {Section::freeze, "a freeze", "freeze[]"},
    {Section::risk, "an accepted risk", "accept_risk[]"},
    {Section::may_request, "what may be asked for", "may_request[]"},
    {Section::task, "a task file", "task"},
    {Section::task_tool, "a tool of a task", "task.tools[]"},
    {Section::layer, "a layer file", "layer"},
    {Section::requirement, "a row of `require`", "layer.require[]"},
    {Section::exception, "an exception", "layer.except[]"},
    {Section::deployment, "the deployment file", "the file"},
    {Section::listen, "`listen`", "listen"},
    {Section::tls, "`tls`", "listen.tls"},
    {Section::gateway_limits, "`limits`", "limits"},
    {Section::traces, "`traces`", "traces"},
    {Section::role, "a role", "roles.NAME"},
    {Section::observe, "`observe` of a role", "roles.NAME.observe"},
    {Section::server, "a server", "servers.NAME"},
    {Section::people, "`people`", "people"},
    {Section::person, "a person", "people.NAME"},
    {Section::automatic, "`automatic`", "people.NAME.automatic"},
    {Section::notify, "`notify`", "notify"},
    {Section::notify_slack, "`slack`", "notify.slack"},
    {Section::notify_webhook, "a webhook", "notify.webhooks.NAME"},
    {Section::notify_pagerduty, "`pagerduty`", "notify.pagerduty"},
    {Section::notify_mail, "`mail`", "notify.mail"},
    {Section::notify_contact, "a contact of the deployment", "notify.contacts[]"},
    {Section::drill, "`drill`", "drill"},
    {Section::person_provider, "`idp`", "people.idp"},
    {Section::provider_group, "a group of a provider", "people.groups.NAME"},
    {Section::vigilance, "`vigilance`", "vigilance"},
    {Section::vigilance_call, "a call of `vigilance`", "vigilance.calls[]"},
    {Section::credential, "a credential", "credentials.NAME"},
    {Section::credential_risk, "`accept_risk` of a credential", "credentials.NAME.accept_risk"},
    {Section::secret_source, "a secret's source",
     "a secret inside of vault, oauth, github_app, aws_sts and notify"},
    {Section::vault, "`vault`", "credentials.NAME.vault"},
    {Section::oauth, "`oauth`", "credentials.NAME.oauth"},
    {Section::github_app, "`github_app`", "credentials.NAME.github_app"},
    {Section::aws_sts, "`aws_sts`", "credentials.NAME.aws_sts"},
    {Section::login, "`login`", "credentials.NAME.login"},
    {Section::store, "`store`", "store"},
    {Section::deployed_agent, "an agent of the deployment", "agents.NAME"},
    {Section::agent_jwt, "`jwt`", "agents.NAME.jwt"},
    {Section::agent_certificate, "`certificate`", "agents.NAME.certificate"},
    {Section::issuer, "an issuer", "issuers.NAME"},
    {Section::issuer_scopes, "`scopes`", "issuers.NAME.scopes"},
    {Section::trust_domain, "a trust domain", "trust_domains.NAME"},
};

const SectionWords& words(Section section) {
  return kWords[static_cast<std::size_t>(section)];
}

// The first other section of the same kind of file that has this very key.
const Key* elsewhere(Section section, std::string_view name) {
  const Key* pattern = nullptr;
  for (const Key& key : all_keys()) {
    if (key.section == section || key.later ||
        of_deployment(key.section) != of_deployment(section)) {
      continue;
    }
    if (key.name == name) return &key;
    if (is_pattern(key.name) && covers(key.name, name)) pattern = &key;
  }
  return section == Section::entry ? pattern : nullptr;
}

// `allowd_statuses` is meant to be `allowed_statuses`.
std::string near_pattern(Section section, std::string_view name) {
  const std::size_t underline = name.find('_');
  if (underline == std::string_view::npos || underline + 1 == name.size()) return {};
  std::vector<std::string> prefixes;
  for (const Key& key : all_keys()) {
    if (key.section == section && !key.later && is_pattern(key.name)) {
      prefixes.emplace_back(key.name.substr(0, key.name.size() - 2));
    }
  }
  const std::string near = closest_match(name.substr(0, underline), prefixes);
  return near.empty() ? near : near + escape_untrusted(name.substr(underline));
}

}  // namespace

std::string_view spoken(Section section) {
  return words(section).spoken;
}

std::string_view place(Section section) {
  return words(section).place;
}

bool of_deployment(Section section) {
  return section >= Section::deployment;
}

std::vector<Section> all_sections() {
  std::vector<Section> sections;
  for (const SectionWords& row : kWords) sections.push_back(row.section);
  return sections;
}

const Key* find_key(Section section, std::string_view name) {
  const Key* pattern = nullptr;
  for (const Key& key : all_keys()) {
    if (key.section != section) continue;
    if (key.name == name) return &key;
    if (is_pattern(key.name) && covers(key.name, name)) pattern = &key;
  }
  return pattern;
}

std::vector<std::string> permitted(Section section) {
  std::vector<std::string> names;
  for (const Key& key : all_keys()) {
    if (key.section == section && !key.later) names.emplace_back(key.name);
  }
  return names;
}

namespace {

// A layer tightens and a role grants; neither does the other's work.
std::string of_the_other(Section section, std::string_view name) {
  const auto has = [name](Section other) {
    const Key* key = find_key(other, name);
    return key != nullptr && !key->later;
  };
  const bool only_role = has(Section::file) && !has(Section::layer);
  if (section == Section::layer && only_role) {
    return "a layer grants nothing and speaks of no single role, it only tightens what roles say";
  }
  const bool only_layer = has(Section::layer) && !has(Section::file) && name != "owner";
  if (section == Section::file && only_layer && name != "blocked") {
    return "it belongs to a layer file, which the deployment file names in `layers`: a role cannot "
           "say it about itself";
  }
  return {};
}

}  // namespace

std::string refusal(Section section, std::string_view name) {
  const std::string shown = escape_untrusted(name);
  if (const std::string why = of_the_other(section, name); !why.empty()) {
    return fmt::format("`{}` in {} is refused: {}", shown, spoken(section), why);
  }
  if (const Key* key = find_key(section, name); key != nullptr && key->later) {
    return fmt::format("`{}` in {} is not enforced by this version, so it is refused", shown,
                       spoken(section));
  }
  std::vector<std::string> candidates = permitted(section);
  std::erase_if(candidates, [](const std::string& each) { return is_pattern(each); });
  if (const Key* key = elsewhere(section, name); key != nullptr) {
    return fmt::format("unknown key `{}` in {}: it belongs to {}", shown, spoken(section),
                       spoken(key->section));
  }
  std::string near = closest_match(name, candidates);
  if (near.empty()) near = near_pattern(section, name);
  if (!near.empty()) {
    return fmt::format("unknown key `{}` in {}: did you mean `{}`?", shown, spoken(section), near);
  }
  return fmt::format("unknown key `{}` in {}: expected {}", shown, spoken(section),
                     fmt::format("`{}`", fmt::join(permitted(section), "`, `")));
}

}  // namespace pawl
