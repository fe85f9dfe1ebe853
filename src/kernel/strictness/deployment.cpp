#include "kernel/strictness/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "base/yaml.h"
#include "kernel/deployment/deployment.h"
#include "kernel/deployment/deployment_keys.h"
#include "kernel/deployment/limit_keys.h"
#include "kernel/strictness/deployment_parts.h"

namespace pawl {
namespace {

bool equal_nodes(const yaml::Node& a, const yaml::Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.quoted != b.quoted) return false;
  if (!std::ranges::equal(a.items, b.items, equal_nodes)) return false;
  return a.entries.size() == b.entries.size() &&
         std::ranges::all_of(a.entries, [&b](const yaml::Entry& entry) {
           const yaml::Node* other = b.find(entry.key);
           return other != nullptr && equal_nodes(entry.value, *other);
         });
}

// A list of texts, or the one text that may stand for it; nothing where it is something else.
std::optional<std::vector<const yaml::Node*>> texts_of(const yaml::Node& node) {
  std::vector<const yaml::Node*> texts;
  if (node.is_scalar()) texts.push_back(&node);
  for (const yaml::Node& item : node.items) texts.push_back(&item);
  const bool plain = !node.is_map() &&
                     std::ranges::all_of(texts, [](const auto* one) { return one->is_scalar(); });
  return plain ? std::optional(std::move(texts)) : std::nullopt;
}

bool has_text(const std::vector<const yaml::Node*>& texts, const std::string& text) {
  return std::ranges::any_of(texts, [&text](const auto* one) { return one->text == text; });
}

}  // namespace

KeyPair KeyPair::below(const std::string& key) const {
  const yaml::Entry* old = was == nullptr ? nullptr : was->entry(key);
  const yaml::Entry* now = is == nullptr ? nullptr : is->entry(key);
  return {.files = files,
          .path = path.empty() ? key : path + "." + key,
          .was = old == nullptr ? nullptr : &old->value,
          .is = now == nullptr ? nullptr : &now->value,
          .at = now == nullptr ? at : now->key_at};
}

void KeyPair::found(Position where, const std::string& says) const {
  files.laxness.found(std::move(where), says);
}

std::vector<std::string> names_of(const KeyPair& pair) {
  std::vector<std::string> names;
  for (const yaml::Node* node : {pair.is, pair.was}) {
    if (node == nullptr) continue;
    for (const yaml::Entry& entry : node->entries) {
      if (std::ranges::find(names, entry.key) == names.end()) names.push_back(entry.key);
    }
  }
  return names;
}

void same_only(const KeyPair& pair) {
  if (pair.was == nullptr && pair.is == nullptr) return;
  const std::string name = "`" + escape_untrusted(pair.path) + "`";
  if (pair.was == nullptr) return pair.found(pair.at, name + " is new");
  if (pair.is == nullptr) return pair.found(pair.at, name + " is gone" + line_before(pair.was->at));
  if (equal_nodes(*pair.was, *pair.is)) return;
  const bool mappings = pair.was->is_map() && pair.is->is_map();
  if (!mappings) return pair.found(pair.at, name + " is another one" + line_before(pair.was->at));
  for (const std::string& key : names_of(pair)) same_only(pair.below(key));
}

void any_value(const KeyPair& /*pair*/) {}

void may_go(const KeyPair& pair) {
  if (pair.is != nullptr) same_only(pair);
}

void changed_texts(const KeyPair& pair, OfText lose, OfText get) {
  if (pair.was == nullptr || pair.is == nullptr) return same_only(pair);
  const auto old = texts_of(*pair.was);
  const auto now = texts_of(*pair.is);
  if (!old || !now || now->empty()) return same_only(pair);
  const std::string of = " of `" + escape_untrusted(pair.path) + "`";
  for (const yaml::Node* one : *now) {
    if (has_text(*old, one->text) || get(pair, one->text)) continue;
    pair.found(one->at, "`" + escape_untrusted(one->text) + "`" + of + " is new");
  }
  for (const yaml::Node* one : *old) {
    if (has_text(*now, one->text) || lose(pair, one->text)) continue;
    pair.found(pair.at,
               "`" + escape_untrusted(one->text) + "`" + of + " is gone" + line_before(one->at));
  }
}

bool any_text(const KeyPair& /*pair*/, const std::string& /*text*/) {
  return true;
}

bool no_text(const KeyPair& /*pair*/, const std::string& /*text*/) {
  return false;
}

void fewer_texts(const KeyPair& pair) {
  changed_texts(pair, any_text, no_text);
}

void fewer_or_none(const KeyPair& pair) {
  const bool none = pair.is == nullptr || (pair.is->is_sequence() && pair.is->items.empty());
  if (!none) fewer_texts(pair);
}

namespace {

// Why it could loosen something that this person, or a membership of theirs, goes; empty: they
// only answered.
std::string leans_on_person(const DeploymentPair& files, const std::string& name) {
  const Deployment& before = files.before;
  const auto known = before.people.find(name);
  if (known == before.people.end()) return "and the person is not known";
  if (before.provider) return "and the provider may know another person by that name";
  if (known->second.automatic) return "a program that looks at what people approve";
  const bool auditor = before.persons(before.auditors).contains(name);
  return auditor ? "an auditor, who decides nothing" : std::string();
}

bool only_answered(const KeyPair& pair, const std::string& name) {
  return leans_on_person(pair.files, name).empty();
}

}  // namespace

void compare_members(const KeyPair& pair) {
  changed_texts(pair, only_answered, no_text);
}

// A group of the provider's is compared as it is written.
void compare_groups(const KeyPair& pair) {
  const auto is_map = [](const yaml::Node* node) { return node == nullptr || node->is_map(); };
  if (!is_map(pair.was) || !is_map(pair.is)) return same_only(pair);
  for (const std::string& name : names_of(pair)) {
    const KeyPair one = pair.below(name);
    const bool gone = one.was != nullptr && one.is == nullptr && one.was->is_sequence();
    const bool fine = gone && std::ranges::all_of(one.was->items, [&pair](const yaml::Node& item) {
                        return item.is_scalar() && only_answered(pair, item.text);
                      });
    if (!fine) compare_members(one);
  }
}

// At a person: their groups. All of them may go, unless one of them keeps the person from deciding.
void fewer_groups(const KeyPair& pair) {
  const std::string name = pair.path.substr(pair.path.find('.') + 1);
  const std::string person = name.substr(0, name.rfind('.'));
  if (!only_answered(pair, person)) return same_only(pair);
  fewer_or_none(pair);
}

void compare_people(const KeyPair& pair) {
  const auto is_map = [](const yaml::Node* node) { return node == nullptr || node->is_map(); };
  if (!is_map(pair.was) || !is_map(pair.is)) return same_only(pair);
  for (const std::string& name : names_of(pair)) {
    const Key* key = deployment_keys().find(Section::people, name);
    if (key == nullptr) {
      compare_name(pair.below(name), name, Section::person, leans_on_person);
    } else {
      compare_key(pair.below(name), key->compare_as);
    }
  }
}

namespace {

bool is_limit(std::string_view name) {
  return std::ranges::any_of(limit_keys(), [name](const LimitKey& row) { return row.key == name; });
}

// By what holds, since what one caller may have is half of what there is unless the file says more.
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

// Why it could loosen something that this role goes; empty: no other role depends on it. Where a
// directory is bound to no role, the person who starts something there chooses the policy; and what
// several roles have one file for, all of them have to be permitted.
std::string leans_on_role(const DeploymentPair& files, const std::string& name) {
  const Deployment& before = files.before;
  const auto known = before.roles.find(name);
  if (known == before.roles.end()) return "and its value is not known";
  const Deployment::Role& gone = known->second;
  if (!gone.directories.empty()) return "and with it what binds its directories";
  if (!gone.team.empty() || !before.layers.empty()) return "and with it what its layers are about";
  const bool alone = std::ranges::none_of(before.roles, [&](const auto& other) {
    return other.first != name && other.second.file == gone.file;
  });
  return alone ? "" : "and another role has its file";
}

void compare_roles(const KeyPair& pair) {
  compare_names(pair, Section::role, leans_on_role);
}

// Without any agent the doors do not ask callers who they are; and a proof of two agents proves
// neither, so that with one of them less it is the other's.
std::string leans_on_agent(const DeploymentPair& files, const std::string& name) {
  if (files.after.agents.empty()) return "and callers are not authenticated any more";
  const auto known = files.before.agents.find(name);
  if (known == files.before.agents.end()) return "and the person is not known";
  const DeployedAgent& gone = known->second;
  const bool keys_alone = !gone.jwt && !gone.certificate && gone.spiffe.empty();
  return keys_alone ? "" : "and what proved it may prove another agent";
}

void compare_agents(const KeyPair& pair) {
  compare_names(pair, Section::deployed_agent, leans_on_agent);
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
  compare_names(pair, Section::credential, nothing_leans);
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

void compare_key(const KeyPair& pair, CompareAs compare_as) {
  switch (compare_as) {
    case CompareAs::less_strict:
      return same_only(pair);
    case CompareAs::free:
      return;
    case CompareAs::may_go:
      return may_go(pair);
    case CompareAs::fewer:
      return fewer_texts(pair);
    case CompareAs::fewer_or_none:
      return fewer_or_none(pair);
    case CompareAs::roles:
      return compare_roles(pair);
    case CompareAs::people:
      return compare_people(pair);
    case CompareAs::members:
      return compare_members(pair);
    case CompareAs::groups:
      return compare_groups(pair);
    case CompareAs::groups_of_person:
      return fewer_groups(pair);
    case CompareAs::credentials:
      return compare_credentials(pair);
    case CompareAs::agents:
      return compare_agents(pair);
    case CompareAs::agent_keys:
      return compare_agent_keys(pair);
    case CompareAs::gateway_limits:
      return compare_limits(pair);
  }
}

void compare_keys(const KeyPair& pair, Section section) {
  if (pair.was == nullptr || pair.is == nullptr || !pair.was->is_map() || !pair.is->is_map()) {
    return same_only(pair);
  }
  for (const std::string& name : names_of(pair)) {
    const Key* key = deployment_keys().find(section, name);
    compare_key(pair.below(name), key == nullptr ? CompareAs::less_strict : key->compare_as);
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

std::vector<Laxer> laxer_deployment(std::string_view before, std::string_view after,
                                    std::string_view file) {
  const Parsed old = parsed(before, file);
  const Parsed now = parsed(after, file);
  PolicyDiff laxness;
  if (!old.deployment || !now.deployment) {
    laxness.found({std::string(file), 0, 0},
                  now.deployment ? "not known: what was accepted does not load any more"
                                 : "not known: it does not load");
    return laxness.take();
  }
  const DeploymentPair files{*old.deployment, *now.deployment, laxness};
  compare_keys({.files = files,
                .path = {},
                .was = &old.yaml.root,
                .is = &now.yaml.root,
                .at = {std::string(file), 0, 0}},
               Section::deployment);
  std::vector<Laxer> parts = laxness.take();
  std::ranges::sort(parts, [](const Laxer& a, const Laxer& b) {
    return std::tie(a.at.line, a.at.column, a.says) < std::tie(b.at.line, b.at.column, b.says);
  });
  return parts;
}

}  // namespace pawl
