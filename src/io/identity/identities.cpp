#include "io/identity/identities.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "io/identity/bearer.h"

namespace pawl::identity {
namespace {

constexpr std::string_view run_key_mark = "agent:";
constexpr std::size_t run_name_bytes_max = 128;
constexpr std::size_t id_bytes = 10;

jose::KeySet public_keys(const std::vector<RunSigner>& keys) {
  std::vector<jose::PublicKey> all;
  for (const RunSigner& one : keys) all.push_back(one.key.public_key());
  return jose::KeySet::of(all);
}

// What a key of the agent opens.
std::string terms_of_key(const DeployedAgent& agent) {
  return agent.role + '\n' + to_string(agent.rights);
}

// What proves this agent, other than a key, and what it may do.
std::string terms_of(const DeployedAgent& agent) {
  std::string terms = terms_of_key(agent) + '\n' + agent.spiffe + '\n';
  if (agent.jwt) {
    terms += agent.jwt->issuer;
    for (const auto& [claim, value] : agent.jwt->claims) terms += '\n' + claim + '\n' + value;
  }
  if (agent.certificate) terms += "\ncertificate\n" + agent.certificate->value;
  return terms;
}

}  // namespace

Identities::Identities(IdentityPorts ports, std::vector<RunSigner> keys, std::string issuer)
    : ports_(std::move(ports)),
      signing_(std::move(keys)),
      keys_(public_keys(signing_)),
      issuer_(std::move(issuer)),
      foreign_keys_({.now = ports_.now,
                     .fetch = ports_.fetch,
                     .failed = [note = ports_.note](const std::string& why) {
                       note("issuer keys", "not fetched: " + why);
                     }}) {}

void Identities::sign_with(std::vector<RunSigner> keys) {
  signing_ = std::move(keys);
  keys_ = public_keys(signing_);
  known_.clear();
}

void Identities::drop_ended() {
  const Instant now = ports_.now();
  const auto ended = [now](const RunSigner& one) { return one.until && now >= *one.until; };
  if (std::erase_if(signing_, ended) == 0) return;
  keys_ = public_keys(signing_);
  known_.clear();
}

std::string Identities::key_set() {
  drop_ended();
  return keys_.text();
}

void Identities::use(const Deployment& deployment) {
  kept_.clear();
  agents_.clear();
  roles_of_.clear();
  stood_ = std::exchange(standing_, {});
  for (const auto& [name, role] : deployment.roles) roles_of_[name] = name;
  for (const auto& [name, agent] : deployment.agents) {
    roles_of_[name] = agent.role;
    (void)stand(name, terms_of(agent));
    for (const jose::KeptKey& key : agent.keys) {
      kept_.push_back(key);
      agents_.push_back({name, agent.role, agent.sponsor.empty() ? name : agent.sponsor,
                         agent.rights, stand(key.prefix + ' ' + name, terms_of_key(agent))});
    }
  }
  for (const auto& [name, role] : roles_of_) {
    if (!standing_.contains(name)) (void)stand(name, role);
  }
  for (const auto& [name, gone] : std::exchange(stood_, {})) *gone.mark = false;
  use_sources(deployment);
}

std::shared_ptr<const bool> Identities::stand(const std::string& who, const std::string& terms) {
  const auto before = stood_.find(who);
  const bool same = before != stood_.end() && before->second.terms == terms;
  auto mark = same ? before->second.mark : std::make_shared<bool>(true);
  if (same) stood_.erase(before);
  standing_.insert_or_assign(who, Standing{terms, mark});
  return mark;
}

std::shared_ptr<const bool> Identities::standing_of(std::string_view agent) const {
  const auto found = standing_.find(agent);
  return found == standing_.end() ? nullptr : found->second.mark;
}

Denied Identities::refused(std::string reason) const {
  return {.error = "invalid_token",
          .says = "what was presented is not accepted",
          .reason = std::move(reason)};
}

Proved<Principal> Identities::by_key(std::string_view key) const {
  const auto found = jose::match(key, kept_);
  if (!found) return std::unexpected(refused("a key that is nobody's"));
  const Agent& agent = agents_[*found];
  return Principal{.agent = agent.name,
                   .role = agent.role,
                   .sponsor = agent.sponsor,
                   .rights = agent.rights,
                   .how = How::api_key,
                   .proof = "key " + kept_[*found].prefix,
                   .issuer = {},
                   .credential = {},
                   .until = {},
                   .stands = agent.stands};
}

Proved<Principal> Identities::by_credential(const std::string& token, const std::string& digest,
                                            const std::string& audience) {
  const Instant now = ports_.now();
  drop_ended();
  auto known = known_.find(digest);
  if (known == known_.end()) {
    auto checked = jose::verify_run(token, keys_, {.issuer = issuer_, .audience = audience}, now);
    if (!checked) return std::unexpected(refused(jose::to_string(checked.error())));
    if (known_.size() >= credentials_known_max) known_.clear();
    known = known_.emplace(digest, *std::move(checked)).first;
  }
  const jose::RunCredential& credential = known->second;
  if (credential.audience != audience) {
    return std::unexpected(
        refused("a credential for `" + escape_untrusted(credential.audience) + "`"));
  }
  if (now >= credential.expires || now < credential.not_before) {
    known_.erase(known);
    return std::unexpected(refused("a credential that is over"));
  }
  const Run* run = ports_.run(credential.run);
  if (run == nullptr || run->phase == RunPhase::closed) {
    return std::unexpected(refused("a credential of the run `" + escape_untrusted(credential.run) +
                                   "`, which is over"));
  }
  // In whole seconds, as credentials count: one that was made in the second of the kill is gone
  // too.
  constexpr std::int64_t second = 1'000'000'000;
  if (run->revoked && credential.issued.ns / second <= run->revoked->ns / second) {
    return std::unexpected(refused("a credential of the run `" + escape_untrusted(credential.run) +
                                   "`, which the kill switch revoked"));
  }
  if (!roles_of_.contains(credential.actors.back())) {
    return std::unexpected(refused("a credential of `" +
                                   escape_untrusted(credential.actors.back()) +
                                   "`, who is not in the deployment file any more"));
  }
  return Principal{.agent = credential.agent(),
                   .role = run->agent,
                   .sponsor = run->sponsor,
                   .rights = {.propose = true, .watch = true},
                   .how = How::run_credential,
                   .proof = "credential " + credential.id,
                   .issuer = {},
                   .credential = credential,
                   .until = credential.expires,
                   .stands = standing_of(credential.actors.back())};
}

Task<Proved<Principal>> Identities::by_bearer(std::string token, Asked asked) {
  if (token.starts_with(jose::api_key_mark)) co_return by_key(token);
  const std::string digest = hex(sha256(token));
  if (known_.contains(digest)) co_return by_credential(token, digest, asked.audience);
  std::string source = source_of(token);
  if (source.empty()) co_return by_credential(token, digest, asked.audience);
  co_return co_await by_token(std::move(source), std::move(token), digest, std::move(asked));
}

Task<Proved<Principal>> Identities::authenticate(const http::Request& request,
                                                 std::string audience) {
  const bool certified = request.remote && request.remote->certificate;
  const Asked asked{std::move(audience), certified ? &*request.remote->certificate : nullptr};
  const auto presented = bearer_of(request);
  Proved<Principal> who = std::unexpected(Denied{});
  if (presented) {
    who = co_await by_bearer(std::string(*presented), asked);
    if (who && certified) who = same_agent(*std::move(who), *asked.certificate);
  } else if (presented.error().error.empty() && certified) {
    who = by_certificate(*asked.certificate);
  } else {
    who = std::unexpected(presented.error());
  }
  if (!who && !who.error().error.empty()) {
    const std::string from = request.remote ? request.remote->address : std::string();
    ports_.note("identity refused", who.error().reason + (from.empty() ? "" : ", from " + from));
  }
  co_return who;
}

std::string Identities::new_id(std::string_view prefix) const {
  return make_id(prefix, ports_.random(id_bytes));
}

Result<jose::RunCredential> Identities::credential_of(const Bearer& bearer) const {
  const Run* run = ports_.run(bearer.run);
  if (run == nullptr || run->phase == RunPhase::closed) {
    return fail(ErrorKind::missing, "there is no open run `" + escape_untrusted(bearer.run) + "`");
  }
  if (run->phase == RunPhase::killed) {
    return fail(ErrorKind::refused, "the run `" + escape_untrusted(bearer.run) + "` is killed");
  }
  jose::RunCredential credential;
  credential.audience = bearer.audience;
  credential.sponsor = run->sponsor;
  credential.actors = {bearer.agent};
  credential.run = bearer.run;
  std::string digest;
  if (!unhex(std::string_view(run->policy).substr(run->policy.find(':') + 1), digest) ||
      digest.size() != credential.policy.size()) {
    return fail(ErrorKind::internal, "the run has no policy that can be named");
  }
  std::copy(digest.begin(), digest.end(), credential.policy.begin());
  credential.issued = credential.not_before = ports_.now();
  credential.expires = credential.issued + std::min(bearer.life, credential_life_max);
  return credential;
}

Result<Identities::Issued> Identities::issue(const Bearer& bearer) {
  auto credential = credential_of(bearer);
  if (!credential) return std::unexpected(credential.error());
  return issue(*std::move(credential), bearer.run);
}

Result<Identities::Issued> Identities::issue(jose::RunCredential credential,
                                             const std::string& root) {
  constexpr std::int64_t second = 1'000'000'000;
  credential.issuer = issuer_;
  credential.id = new_id("j");
  const auto deadline = ports_.deadline ? ports_.deadline(root) : std::optional<Instant>();
  if (deadline && deadline->ns - credential.issued.ns < second) {
    return fail(ErrorKind::refused,
                "the run `" + escape_untrusted(credential.run) + "` has no time left");
  }
  if (deadline) credential.expires = std::min(credential.expires, *deadline);
  Issued issued{.token = {}, .id = credential.id, .expires = credential.expires};
  issued.expires.ns -= issued.expires.ns % second;
  auto token =
      jose::issue(signing_.front().key, std::move(credential), deadline.value_or(issued.expires));
  if (!token) return std::unexpected(token.error());
  issued.token = *std::move(token);
  return issued;
}

std::string run_key(const Principal& principal, std::string_view name) {
  return std::string(run_key_mark) + principal.agent + ":" +
         escape_untrusted(name.substr(0, run_name_bytes_max));
}

bool opened_by(const Run& run, std::string_view agent) {
  std::string_view key = run.key;
  if (!key.starts_with(run_key_mark)) return false;
  key.remove_prefix(run_key_mark.size());
  return key.starts_with(agent) && key.substr(agent.size()).starts_with(':');
}

}  // namespace pawl::identity
