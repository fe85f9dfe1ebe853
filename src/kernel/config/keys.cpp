#include "kernel/config/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl {
namespace {

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
    {Section::row_writes, "`writes` and `reads`",
     "tools.allowed[].writes, tools.allowed[].reads, tools.allowed[].commands[].writes, "
     "tools.allowed[].commands[].reads"},
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
    {Section::models, "`models`", "models"},
    {Section::model_entry, "a model's entry", "models.allowed[]"},
    {Section::task, "a task file", "task"},
    {Section::task_tool, "a tool of a task", "task.tools[]"},
    {Section::layer, "a layer file", "layer"},
    {Section::requirement, "a row of `require`", "layer.require[]"},
    {Section::exception, "an exception", "layer.except[]"},
    {Section::deployment, "the deployment file", "the file"},
    {Section::standing_budget, "a budget", "budgets.NAME"},
    {Section::provider, "a provider of models", "models.NAME"},
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

std::string heading(Section section) {
  const std::string_view where = place(section);
  if (section == Section::file || section == Section::deployment) return "The file itself";
  if (section == Section::layer) return "A layer file";
  const auto is_words = [](std::string_view part) { return part.find(' ') != part.npos; };
  std::string text;
  for (std::string_view rest = where; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(", "));
    rest.remove_prefix(std::min(part.size() + 2, rest.size()));
    if (text.empty() && is_words(part)) {
      // Words from the beginning: a sentence, and no path.
      text = std::string(where);
      text.front() = static_cast<char>(text.front() - 'a' + 'A');
      return text;
    }
    if (is_words(part)) {
      text += fmt::format(", {}", part);
    } else {
      text += fmt::format("{}`{}`", text.empty() ? "" : " and ", part);
    }
  }
  return text;
}

void write_section(std::span<const Key> rows, Section section, std::string& page) {
  page += fmt::format("\n### {}\n\n", heading(section));
  page += "| key | type | without it | rule | meaning |\n|---|---|---|---|---|\n";
  std::string later;
  for (const Key& key : rows) {
    if (key.section != section) continue;
    if (key.later) {
      later += fmt::format("{}`{}`", later.empty() ? "" : ", ", key.name);
      continue;
    }
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, key.type.words, key.preset,
                        key.rule == 0 ? std::string("-") : std::to_string(key.rule), key.sentence);
  }
  if (!later.empty()) page += fmt::format("\nRefused by this version: {}.\n", later);
}

}  // namespace

std::string_view spoken(Section section) {
  return words(section).spoken;
}

std::string_view place(Section section) {
  return words(section).place;
}

bool Key::covers(std::string_view written) const {
  if (!is_pattern()) return name == written;
  const std::string_view prefix = name.substr(0, name.size() - 1);
  return written.size() > prefix.size() && written.starts_with(prefix);
}

std::vector<Section> KeyTable::sections() const {
  std::vector<Section> sections;
  for (const Key& key : rows_) sections.push_back(key.section);
  std::ranges::sort(sections);
  const auto repeated = std::ranges::unique(sections);
  sections.erase(repeated.begin(), repeated.end());
  return sections;
}

const Key* KeyTable::find(Section section, std::string_view name) const {
  const Key* pattern = nullptr;
  for (const Key& key : rows_) {
    if (key.section != section || !key.covers(name)) continue;
    if (!key.is_pattern()) return &key;
    pattern = &key;
  }
  return pattern;
}

std::vector<std::string> KeyTable::permitted(Section section) const {
  std::vector<std::string> names;
  for (const Key& key : rows_) {
    if (key.section == section && !key.later) names.emplace_back(key.name);
  }
  return names;
}

// The first other section that has this very key.
const Key* KeyTable::elsewhere(Section section, std::string_view name) const {
  const Key* pattern = nullptr;
  for (const Key& key : rows_) {
    if (key.section == section || key.later || !key.covers(name)) continue;
    if (!key.is_pattern()) return &key;
    pattern = &key;
  }
  return section == Section::entry ? pattern : nullptr;
}

// `allowd_statuses` is meant to be `allowed_statuses`.
std::string KeyTable::near_pattern(Section section, std::string_view name) const {
  const std::size_t underline = name.find('_');
  if (underline == std::string_view::npos || underline + 1 == name.size()) return {};
  std::vector<std::string> prefixes;
  for (const Key& key : rows_) {
    if (key.section == section && !key.later && key.is_pattern()) {
      prefixes.emplace_back(key.name.substr(0, key.name.size() - 2));
    }
  }
  const std::string near = closest_match(name.substr(0, underline), prefixes);
  return near.empty() ? near : near + escape_untrusted(name.substr(underline));
}

// A layer tightens and a role grants; neither does the other's work.
std::string KeyTable::of_another_file(Section section, std::string_view name) const {
  const auto has = [&](Section other) {
    const Key* key = find(other, name);
    return key != nullptr && !key->later;
  };
  const bool of_role = has(Section::file);
  const bool of_layer = has(Section::layer);
  if (section == Section::layer && of_role && !of_layer) {
    return "a layer grants nothing and speaks of no single role, it only tightens what roles say";
  }
  // `tools` of a role has `blocked` too.
  if (section == Section::file && of_layer && !of_role &&
      elsewhere(Section::layer, name) == nullptr) {
    return "it belongs to a layer file, which the deployment file names in `layers`: a role cannot "
           "say it about itself";
  }
  return {};
}

std::string KeyTable::refusal(Section section, std::string_view name) const {
  const std::string shown = escape_untrusted(name);
  if (const std::string why = of_another_file(section, name); !why.empty()) {
    return fmt::format("`{}` in {} is refused: {}", shown, spoken(section), why);
  }
  if (const Key* key = find(section, name); key != nullptr && key->later) {
    return fmt::format("`{}` in {} is not enforced by this version, so it is refused", shown,
                       spoken(section));
  }
  std::vector<std::string> candidates = permitted(section);
  std::erase_if(candidates, [](const std::string& each) { return each.ends_with("_X"); });
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

std::string KeyTable::reference() const {
  std::string page;
  for (const Section section : sections()) write_section(rows_, section, page);
  return page;
}

}  // namespace pawl
