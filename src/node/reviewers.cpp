#include "node/reviewers.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "gate/gate.h"
#include "io/approvals/ways.h"
#include "io/broker/broker.h"
#include "lang/jose/base64url.h"
#include "node/common/log.h"

namespace pawl::node {
namespace {

constexpr Duration kVouchedFor = Duration::seconds(12L * 3600);
constexpr std::size_t kVouchedMax = 4096;

bool is_person_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
}

std::string way_through(const PersonProvider& provider, std::string_view name) {
  return "oidc$" + jose::base64url(provider.at.url) + "$" + jose::base64url(name);
}

identity::ProviderAsked as_asked(console::ProviderSignIn asked) {
  return {std::move(asked.redirect), std::move(asked.state), std::move(asked.nonce),
          std::move(asked.verifier), asked.began};
}

bool same_host(const ReachedHost& a, const ReachedHost& b) {
  return std::tie(a.url, a.own_network, a.ca) == std::tie(b.url, b.own_network, b.ca);
}
bool same_source(const SecretSource& a, const SecretSource& b) {
  return std::tie(a.env, a.file, a.command, a.store) == std::tie(b.env, b.file, b.command, b.store);
}
bool same_provider(const PersonProvider& a, const PersonProvider& b) {
  return same_host(a.at, b.at) && same_source(a.client_secret, b.client_secret) &&
         std::tie(a.client, a.person_claim, a.groups_claim, a.require, a.max_age) ==
             std::tie(b.client, b.person_claim, b.groups_claim, b.require, b.max_age);
}

}  // namespace

identity::Provider* Reviewers::provider_in_force() {
  if (!deployment_.provider) return nullptr;
  if (provider_) return provider_.get();
  if (!keys_) keys_ = std::make_unique<identity::HttpKeys>(loop_);
  provider_ = std::make_unique<identity::Provider>(
      identity::ProviderPorts{
          .loop = loop_,
          .now = [this] { return clock_.now(); },
          .secret = [broker =
                         broker_](SecretSource from) { return broker->secret(std::move(from)); },
          .fetch =
              [this](KeyPlace place) { return keys_->fetch(std::move(place), config_directory_); },
          .failed = [this](const std::string& why) { refused_("provider's keys", why); }},
      *deployment_.provider, config_directory_);
  return provider_.get();
}

// Which of their groups the deployment knows.
std::vector<std::string> Reviewers::groups_through_provider(std::string_view person) const {
  std::vector<std::string> groups;
  const auto known = vouched_.find(person);
  if (known == vouched_.end() || way_of_vouched(person).empty()) return groups;
  const auto& theirs = known->second.groups;
  for (const auto& [group, names] : deployment_.provider_groups) {
    const bool in = std::ranges::any_of(names, [&theirs](const std::string& name) {
      return std::ranges::find(theirs, name) != theirs.end();
    });
    if (in) groups.push_back(group);
  }
  return groups;
}

// Empty: no provider vouches for them now.
std::string Reviewers::way_of_vouched(std::string_view person) const {
  const auto known = vouched_.find(person);
  if (known == vouched_.end() || !deployment_.provider) return {};
  const Vouching& vouching = known->second;
  if (vouching.until <= clock_.now() || vouching.issuer != deployment_.provider->at.url) return {};
  const auto listed = deployment_.people.find(person);
  if (listed != deployment_.people.end()) {
    if (listed->second.oidc != vouching.name) return {};
  } else if (person != vouching.name || !name_is_free(person)) {
    return {};
  }
  return way_through(*deployment_.provider, vouching.name);
}

// No person of the file, and no group, is called so, in any case of letters; nor does the provider
// call a person of the file so, nor do they start runs under that name.
bool Reviewers::name_is_free(std::string_view name) const {
  const std::string folded = fold(name);
  const auto& people = deployment_.people;
  const auto& groups = deployment_.groups;
  const auto& enrolled = gate_.state().reviewers();
  const auto same = [&folded](const auto& row) { return fold(row.first) == folded; };
  return std::ranges::none_of(people, same) && std::ranges::none_of(groups, same) &&
         std::ranges::none_of(enrolled, same) &&
         std::ranges::none_of(people, [&folded](const auto& row) {
           const auto is = [&folded](const std::string& name) { return fold(name) == folded; };
           return (!row.second.oidc.empty() && is(row.second.oidc)) ||
                  std::ranges::any_of(row.second.accounts, is);
         });
}

Task<Result<std::string>> Reviewers::provider_address(console::ProviderSignIn asked) {
  identity::Provider* provider = provider_in_force();
  if (provider == nullptr) co_return fail(ErrorKind::missing, "there is no provider");
  co_return co_await provider->address(as_asked(std::move(asked)));
}

Task<Result<console::CameBack>> Reviewers::provider_redeem(console::ProviderSignIn asked,
                                                           std::string code, std::string issuer) {
  identity::Provider* provider = provider_in_force();
  if (provider == nullptr) co_return fail(ErrorKind::missing, "there is no provider");
  const PersonProvider from = provider->from();
  auto vouched =
      co_await provider->redeem(as_asked(std::move(asked)), {std::move(code), std::move(issuer)});
  PAWL_CO_TRY(vouched);
  // The file may have been read again meanwhile.
  if (!deployment_.provider || deployment_.provider->at.url != from.at.url) {
    co_return fail(ErrorKind::refused, "the provider is another one now");
  }
  std::string person;
  for (const auto& [name, row] : deployment_.people) {
    if (!row.oidc.empty() && row.oidc == vouched->name) person = name;
  }
  if (person.empty() && is_person_name(vouched->name) && name_is_free(vouched->name)) {
    person = vouched->name;
  }
  if (person.empty() || (vouched_.size() >= kVouchedMax && !vouched_.contains(person))) {
    co_return fail(ErrorKind::refused, "the provider knows you, and this deployment does not");
  }
  vouched_[person] = {vouched->name, from.at.url, std::move(vouched->groups),
                      clock_.now() + kVouchedFor};
  if (!deployment_.people.contains(person) && groups_through_provider(person).empty()) {
    vouched_.erase(person);
    co_return fail(ErrorKind::refused, "you are in none of the groups that this deployment knows");
  }
  look_at_vouched();
  co_return console::CameBack{person, way_through(from, vouched->name)};
}

// A person whose time is over no longer counts.
void Reviewers::look_at_vouched() {
  const Instant now = clock_.now();
  std::erase_if(vouched_, [now](const auto& row) { return row.second.until <= now; });
  tell_people();
  if (vouched_.empty()) return;
  Instant next = vouched_.begin()->second.until;
  for (const auto& [person, vouching] : vouched_) next = std::min(next, vouching.until);
  vouching_ends_ = loop_.after(next - now, [this] { look_at_vouched(); });
}

// The deployment file was read: the provider may be another one now.
void Reviewers::file_changed() {
  const auto& provider = deployment_.provider;
  if (provider_ && !(provider && same_provider(provider_->from(), *provider))) {
    provider_.reset();
    vouched_.clear();  // it may ask for more now
  }
  tell_people();
}

// Reviewers of the deployment file count while no reviewer is enrolled; afterwards a reviewer
// enrols.
Status Reviewers::enrol_configured() {
  const auto& known = gate_.state().reviewers();
  std::vector<pawl::Reviewers::ConfiguredReviewer> first;
  for (const auto& [name, person] : deployment_.people) {
    if (person.verifier.empty()) continue;
    const auto found = known.find(name);
    if (found != known.end() && is_known_by(found->second.verifier, person.verifier)) continue;
    if (known.empty()) {
      first.push_back({name, person.proof, person.verifier});
      continue;
    }
    log_line("the deployment file has a verifier of `" + name +
             "` that no reviewer has enrolled: `pawl reviewers add " + name + " --as REVIEWER`");
    (void)gate_.alerts.note({}, "reviewer not enrolled", name);
  }
  return first.empty() ? Status{} : gate_.reviewers.enroll_first(first);
}

// Who may answer, as the deployment file says it now.
void Reviewers::tell_people() {
  gate_.reviewers.set_default_reviewers(deployment_.default_reviewers);
  std::map<std::string, std::vector<std::string>, std::less<>> groups;
  for (const auto& [name, person] : deployment_.people) groups[name] = groups_of(name);
  for (const auto& [name, vouching] : vouched_) {
    if (!way_of_vouched(name).empty()) groups[name] = groups_of(name);
  }
  gate_.reviewers.set_people(std::move(groups));
  std::map<std::string, std::string, std::less<>> accounts;
  std::set<std::string, std::less<>> programs;
  for (const auto& [name, person] : deployment_.people) {
    accounts[fold(name)] = name;
    if (person.automatic) programs.insert(name);
    for (const std::string& account : person.accounts) accounts[fold(account)] = name;
    if (!person.oidc.empty()) accounts.emplace(fold(person.oidc), name);
  }
  gate_.reviewers.set_accounts(std::move(accounts));
  gate_.reviewers.set_programs(std::move(programs));
  gate_.reviewers.set_auditors(auditors());
  told_();
}

std::vector<std::string> Reviewers::groups_of(std::string_view person) const {
  std::vector<std::string> groups;
  for (const auto& [group, persons] : deployment_.groups) {
    if (std::find(persons.begin(), persons.end(), person) != persons.end()) {
      groups.push_back(group);
    }
  }
  for (std::string& group : groups_through_provider(person)) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) {
      groups.push_back(std::move(group));
    }
  }
  const auto known = deployment_.people.find(person);
  if (known == deployment_.people.end()) return groups;
  for (const std::string& group : known->second.groups) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  return groups;
}

bool Reviewers::is_auditor(std::string_view person) const {
  if (deployment_.persons(deployment_.auditors).contains(std::string(person))) return true;
  // Of groups that only the provider knows.
  return std::ranges::any_of(groups_of(person), [this](const std::string& group) {
    return std::ranges::find(deployment_.auditors, group) != deployment_.auditors.end();
  });
}

// All of them by name, for the gate, which refuses what they decide at whichever door.
std::set<std::string, std::less<>> Reviewers::auditors() const {
  std::set<std::string, std::less<>> all;
  for (const std::string& name : deployment_.persons(deployment_.auditors)) all.insert(name);
  const auto add = [&](const auto& people) {
    for (const auto& [name, row] : people) {
      if (is_auditor(name)) all.insert(name);
    }
  };
  add(deployment_.people);
  add(vouched_);
  add(gate_.state().reviewers());
  return all;
}

// A person who may sign in: enrolled and named by the deployment file as it is now, or vouched for.
std::optional<console::Known> Reviewers::known_person(const std::string& person) const {
  const auto& reviewers = gate_.state().reviewers();
  const auto found = reviewers.find(person);
  const auto listed = deployment_.people.find(person);
  const bool is_listed = listed != deployment_.people.end();
  if (is_listed && listed->second.automatic) return std::nullopt;  // a program answers by itself
  std::vector<std::string> ways;
  if (found != reviewers.end() && is_listed) ways = ways_of(found->second.verifier);
  if (std::string way = way_of_vouched(person); !way.empty()) ways.push_back(std::move(way));
  if (ways.empty()) return std::nullopt;
  return console::Known{std::move(ways), groups_of(person), is_auditor(person)};
}

// Whose passkey this is; empty: of no person who may sign in.
std::string Reviewers::owner_of_passkey(std::string_view id) const {
  for (const auto& [name, reviewer] : gate_.state().reviewers()) {
    const auto passkeys = passkeys_of(reviewer.verifier);
    const bool theirs = std::ranges::find(passkeys, id, &jose::Passkey::id) != passkeys.end();
    if (theirs && known_person(name)) return name;
  }
  return {};
}

}  // namespace pawl::node
