// People for whom the deployment's provider vouches: who they are here, and for how long.
//
// What it says counts as long as a session at the console can last, and is in memory alone: a node
// that starts again asks everybody to sign in. A person of the file is whom the file says; anybody
// else is somebody as long as the file knows one of their groups, and never by a name that is in
// the file already: nobody is two persons, and nobody becomes another.
#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "io/broker/broker.h"
#include "lang/jose/base64url.h"
#include "node/node_impl.h"

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

identity::Provider* Node::provider_in_force() {
  if (!deployment_.provider) return nullptr;
  if (provider_) return provider_.get();
  if (!console_keys_) console_keys_ = std::make_unique<identity::HttpKeys>(loop_);
  provider_ = std::make_unique<identity::Provider>(
      identity::ProviderPorts{
          .loop = loop_,
          .now = [this] { return clock_->now(); },
          .secret = [broker = remotes_->broker()](
                        SecretSource from) { return broker->secret(std::move(from)); },
          .fetch =
              [this](KeyPlace place) {
                return console_keys_->fetch(std::move(place), config_directory_);
              },
          .failed = [this](const std::string& why) { note_refusal("provider's keys", why); }},
      *deployment_.provider, config_directory_);
  return provider_.get();
}

// Which of their groups the deployment knows.
std::vector<std::string> Node::groups_through_provider(std::string_view person) const {
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

// Empty: nobody vouches for them now.
std::string Node::way_of_vouched(std::string_view person) const {
  const auto known = vouched_.find(person);
  if (known == vouched_.end() || !deployment_.provider) return {};
  const Vouching& vouching = known->second;
  if (vouching.until <= clock_->now() || vouching.issuer != deployment_.provider->at.url) return {};
  const auto listed = deployment_.people.find(person);
  if (listed != deployment_.people.end()) {
    if (listed->second.oidc != vouching.name) return {};
  } else if (person != vouching.name || !name_is_free(person)) {
    return {};
  }
  return way_through(*deployment_.provider, vouching.name);
}

// Nobody of the file, and no group, is called so, in any case of letters; nor does the provider
// call a person of the file so, nor do they start runs under that name.
bool Node::name_is_free(std::string_view name) const {
  const std::string folded = fold(name);
  const auto& people = deployment_.people;
  const auto& groups = deployment_.groups;
  const auto& enrolled = gate_->state().reviewers();
  const auto same = [&folded](const auto& row) { return fold(row.first) == folded; };
  return std::ranges::none_of(people, same) && std::ranges::none_of(groups, same) &&
         std::ranges::none_of(enrolled, same) &&
         std::ranges::none_of(people, [&folded](const auto& row) {
           const auto is = [&folded](const std::string& name) { return fold(name) == folded; };
           return (!row.second.oidc.empty() && is(row.second.oidc)) ||
                  std::ranges::any_of(row.second.accounts, is);
         });
}

Task<Result<std::string>> Node::provider_address(console::ProviderSignIn asked) {
  identity::Provider* provider = provider_in_force();
  if (provider == nullptr) co_return fail(ErrorKind::missing, "there is no provider");
  co_return co_await provider->address(as_asked(std::move(asked)));
}

Task<Result<console::CameBack>> Node::provider_redeem(console::ProviderSignIn asked,
                                                      std::string code, std::string issuer) {
  identity::Provider* provider = provider_in_force();
  if (provider == nullptr) co_return fail(ErrorKind::missing, "there is no provider");
  const PersonProvider from = provider->from();
  auto vouched =
      co_await provider->redeem(as_asked(std::move(asked)), {std::move(code), std::move(issuer)});
  if (!vouched) co_return std::unexpected(vouched.error());
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
                      clock_->now() + kVouchedFor};
  if (!deployment_.people.contains(person) && groups_through_provider(person).empty()) {
    vouched_.erase(person);
    co_return fail(ErrorKind::refused, "you are in none of the groups that this deployment knows");
  }
  look_at_vouched();
  co_return console::CameBack{person, way_through(from, vouched->name)};
}

// The deployment file was read: the provider may be another one now, and so may be the calls by
// which people are measured.
void Node::people_changed() {
  const auto& provider = deployment_.provider;
  if (provider_ && !(provider && same_provider(provider_->from(), *provider))) {
    provider_.reset();
    vouched_.clear();  // it may ask for more now
  }
  tell_people();
  attention_->file_changed();
  if (options_.serves) attention_->plan();
}

// Whose time is over is nobody any more.
void Node::look_at_vouched() {
  const Instant now = clock_->now();
  std::erase_if(vouched_, [now](const auto& row) { return row.second.until <= now; });
  tell_people();
  if (vouched_.empty()) return;
  Instant next = vouched_.begin()->second.until;
  for (const auto& [person, vouching] : vouched_) next = std::min(next, vouching.until);
  vouched_end_ = loop_.after(next - now, [this] { look_at_vouched(); });
}

}  // namespace pawl::node
