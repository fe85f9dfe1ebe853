#include "io/identity/identities.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "io/identity/bearer.h"
#include "io/identity/certificates.h"
#include "lang/jose/svid.h"

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
  if (!found) return std::unexpected(refused("an unknown key"));
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
  PAWL_TRY(credential);
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
  PAWL_TRY(token);
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

// Proofs that other parties made: tokens of issuers and of trust domains, certificates of clients.
//
// Whose token it says to be only chooses the keys that it is checked with; a source that the
// deployment file does not name is never asked for anything.

namespace {

constexpr std::string_view kIssuerMark = "issuer ";
constexpr std::string_view kDomainMark = "domain ";
constexpr std::size_t proof_bytes_max = 12;  // of a digest: enough to tell certificates apart

bool says(const jose::Claims& claims, const AgentToken& wanted) {
  const json::View root = claims.document.root();
  return !wanted.claims.empty() && std::ranges::all_of(wanted.claims, [&](const auto& claim) {
    const json::View value = root[claim.first];
    return value.exists() && !value.is_object() && !value.is_array() &&
           json::write(value) == claim.second;
  });
}

// `https://gate.example/mcp/coder`: the gateway itself is an audience too, with the slash that
// clients put behind an address without a path.
std::vector<std::string> audiences_of(const std::string& door, const std::string& gateway,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> all = {door, gateway, gateway + "/"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Whole seconds, as far as our time goes.
Instant end_of(const http::ClientCertificate& certificate) {
  return Instant{} + Duration::seconds(std::min(certificate.not_after, jose::numeric_date_max));
}

}  // namespace

void Identities::use_sources(const Deployment& deployment) {
  deployed_ = deployment.agents;
  sources_.clear();
  foreign_.clear();
  std::map<std::string, KeyCache::Source> places;
  for (const auto& [name, source] : deployment.issuers) {
    sources_[std::string(kIssuerMark) + name] = source;
    places[std::string(kIssuerMark) + name] = {source.keys, jose::KeyUse::signature};
  }
  for (const auto& [name, source] : deployment.trust_domains) {
    sources_[std::string(kDomainMark) + name] = source;
    places[std::string(kDomainMark) + name] = {source.keys, jose::KeyUse::jwt_svid};
  }
  foreign_keys_.use(places);
}

// A SPIFFE id is its trust domain's to say, whatever `iss` beside it says.
std::string Identities::source_of(const std::string& token) const {
  if (sources_.empty() || !ports_.fetch) return {};
  const auto stated = jose::stated(token);
  if (!stated || stated->issuer == issuer_) return {};
  if (const auto id = jose::parse_spiffe_id(stated->subject)) {
    std::string domain = std::string(kDomainMark) + id->trust_domain;
    if (sources_.contains(domain)) return domain;
  }
  for (const auto& [name, source] : sources_) {
    if (name.starts_with(kIssuerMark) && source.keys.issuer == stated->issuer) return name;
  }
  return {};
}

jose::Expected Identities::expected_of(const std::string& source, const Asked& asked) const {
  const TokenSource& from = sources_.at(source);
  auto audiences = audiences_of(asked.audience, issuer_, from.audiences);
  if (source.starts_with(kDomainMark)) {
    return jose::expected_svid(std::move(audiences), from.clock_skew);
  }
  jose::Expected expected;
  expected.issuer = from.keys.issuer;
  expected.audiences = std::move(audiences);
  expected.parties = from.clients;
  expected.algorithms = from.algorithms;
  expected.leeway = from.clock_skew;
  return expected;
}

Task<Proved<Principal>> Identities::by_token(std::string source, std::string token,
                                             std::string digest, Asked asked) {
  auto keys = co_await foreign_keys_.keys(source);
  const auto lost = [&] {
    return Denied{.status = 503,
                  .error = "temporarily_unavailable",
                  .says = "who calls cannot be checked at the moment",
                  .reason = source + ": " + keys.error().message};
  };
  if (!keys) co_return std::unexpected(lost());
  // The file may have been read again while the keys were fetched.
  if (!sources_.contains(source)) co_return std::unexpected(refused("an issuer that is gone"));
  const auto known = foreign_.find(digest);
  if (known != foreign_.end() && known->second.generation == keys->generation) {
    co_return judged(known->second, asked);
  }
  const jose::Expected expected = expected_of(source, asked);
  auto claims = jose::verify(token, *keys->keys, expected, ports_.now());
  if (!claims && claims.error().flaw == jose::Flaw::key_unknown) {
    auto newer = co_await foreign_keys_.newer(source, keys->generation);
    if (!sources_.contains(source)) co_return std::unexpected(refused("an issuer that is gone"));
    if (newer) {
      keys = std::move(newer);
      claims = jose::verify(token, *keys->keys, expected, ports_.now());
    }
  }
  if (!claims) {
    co_return std::unexpected(refused(source + ": " + jose::to_string(claims.error())));
  }
  const Foreign foreign{source, keys->generation,
                        std::make_shared<const jose::Claims>(*std::move(claims))};
  auto who = judged(foreign, asked);
  if (who && token.size() <= known_token_bytes_max) {
    if (foreign_.size() >= tokens_known_max) foreign_.clear();
    foreign_.insert_or_assign(std::move(digest), foreign);
  }
  co_return who;
}

// Everything about a token but its signature, which is why it is looked at each time.
Proved<Principal> Identities::judged(const Foreign& foreign, const Asked& asked) const {
  const jose::Claims& claims = *foreign.claims;
  const auto fine = jose::judge(claims, expected_of(foreign.source, asked), ports_.now());
  if (!fine) {
    return std::unexpected(refused(foreign.source + ": " + jose::to_string(fine.error())));
  }
  if (std::string why = unbound(claims.document.root(), asked.certificate); !why.empty()) {
    return std::unexpected(refused(foreign.source + ": " + std::move(why)));
  }
  return agent_of(foreign, sources_.at(foreign.source));
}

Proved<Principal> Identities::agent_of(const Foreign& foreign, const TokenSource& source) const {
  const jose::Claims& claims = *foreign.claims;
  const std::string_view name = std::string_view(foreign.source).substr(kIssuerMark.size());
  const bool svid = foreign.source.starts_with(kDomainMark);
  if (svid) {
    if (const auto id = jose::svid_subject(claims, name); !id) {
      return std::unexpected(refused(foreign.source + ": " + jose::to_string(id.error())));
    }
  }
  const std::string* found = nullptr;
  for (const auto& [agent, deployed] : deployed_) {
    const bool fits =
        svid ? deployed.spiffe == claims.subject
             : deployed.jwt && deployed.jwt->issuer == name && says(claims, *deployed.jwt);
    if (!fits) continue;
    if (found != nullptr) {
      return std::unexpected(
          refused(fmt::format("{}: a token of `{}` and of `{}`", foreign.source, *found, agent)));
    }
    found = &agent;
  }
  if (found == nullptr) {
    return std::unexpected(refused(foreign.source + ": a token of " + jose::quoted(claims.subject) +
                                   ", who is not an agent here"));
  }
  const std::string& id = claims.id.empty() ? claims.subject : claims.id;
  Principal who = principal_of(
      *found, svid ? How::svid : How::issuer_token,
      fmt::format("{} {} of {}", svid ? "svid" : "token", jose::quoted(id), foreign.source));
  if (!svid) who.issuer = name;
  if (claims.expires) who.until = *claims.expires + source.clock_skew;
  if (!source.scopes.empty()) {
    who.rights = within_scopes(who.rights, source.scopes, claims.scopes);
  }
  return who;
}

Principal Identities::principal_of(const std::string& name, How how, std::string proof) const {
  const DeployedAgent& agent = deployed_.find(name)->second;
  return {.agent = name,
          .role = agent.role,
          .sponsor = agent.sponsor.empty() ? name : agent.sponsor,
          .rights = agent.rights,
          .how = how,
          .proof = std::move(proof),
          .issuer = {},
          .credential = {},
          .until = {},
          .stands = standing_of(name)};
}

Proved<Principal> Identities::by_certificate(const http::ClientCertificate& certificate) const {
  const std::string proof = "certificate " + certificate.sha256.substr(0, proof_bytes_max);
  // A connection may be older than the certificate's last day.
  const Instant end = end_of(certificate);
  if (end <= ports_.now()) {
    return std::unexpected(refused(proof + ", which is over"));
  }
  const std::string* found = nullptr;
  for (const auto& [name, agent] : deployed_) {
    if (!agent.certificate || !fits(*agent.certificate, certificate)) continue;
    if (found != nullptr) {
      return std::unexpected(refused(fmt::format("{} of `{}` and of `{}`", proof, *found, name)));
    }
    found = &name;
  }
  if (found == nullptr) return std::unexpected(refused(proof + " of no agent here"));
  Principal who = principal_of(*found, How::certificate, proof);
  who.until = end;
  return who;
}

// A certificate that is not an agent's proves nothing, and takes nothing from a token beside it.
Proved<Principal> Identities::same_agent(Principal who,
                                         const http::ClientCertificate& certificate) const {
  const std::string& acts = who.credential ? who.credential->actors.back() : who.agent;
  for (const auto& [name, agent] : deployed_) {
    if (name == acts || !agent.certificate || !fits(*agent.certificate, certificate)) continue;
    return std::unexpected(refused(fmt::format("{} of `{}` over a connection of `{}`", who.proof,
                                               escape_untrusted(acts), escape_untrusted(name))));
  }
  return who;
}

// The doors as resources of OAuth: what they say about themselves (RFC 9728), and what they ask for
// when they refuse a caller (RFC 6750, section 3).

namespace {

constexpr std::string_view kMcpDoor = "/mcp/";
constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";

std::string_view role_of_door(std::string_view path) {
  return path.starts_with(kMcpDoor) ? path.substr(kMcpDoor.size()) : std::string_view();
}

}  // namespace

// Whose tokens can open a door. Not of which role: a caller that proved nothing learns from no
// answer which roles there are.
std::vector<const TokenSource*> Identities::issuers() const {
  std::set<std::string> names;
  for (const auto& [name, agent] : deployed_) {
    if (agent.jwt) names.insert(agent.jwt->issuer);
  }
  std::vector<const TokenSource*> all;
  for (const std::string& name : names) {
    const auto found = sources_.find("issuer " + name);
    if (found != sources_.end()) all.push_back(&found->second);
  }
  return all;
}

// How an issuer calls a right; without one, how all of those that care call it. Empty: they differ.
std::string Identities::scope_of(std::string_view right, const std::string& issuer) const {
  std::set<std::string> words;
  for (const auto& [name, source] : sources_) {
    if (source.scopes.empty() || (!issuer.empty() && name != "issuer " + issuer)) continue;
    const auto scope = source.scopes.find(right);
    words.insert(scope == source.scopes.end() ? std::string() : scope->second);
  }
  return words.size() == 1 ? *words.begin() : std::string();
}

std::string Identities::metadata(std::string_view path) const {
  const bool door = path.empty() || path == "/v1" || !role_of_door(path).empty();
  if (!door) return {};
  const auto all = issuers();
  if (all.empty()) return {};
  std::set<std::string> scopes;
  json::Writer out;
  out.object().key("resource").string(issuer_ + std::string(path));
  out.key("authorization_servers").array();
  for (const TokenSource* source : all) {
    out.string(source->keys.issuer);
    for (const auto& [right, scope] : source->scopes) scopes.insert(scope);
  }
  out.end();
  if (!scopes.empty()) {
    out.key("scopes_supported").array();
    for (const std::string& scope : scopes) out.string(scope);
    out.end();
  }
  out.key("bearer_methods_supported").array().string("header").end();
  return out.end().take();
}

http::Response Identities::refusal(const Denied& denied, const std::string& audience,
                                   std::string_view needs) const {
  ChallengeTerms terms;
  const std::string_view path = audience.starts_with(issuer_)
                                    ? std::string_view(audience).substr(issuer_.size())
                                    : std::string_view();
  if (!issuers().empty()) {
    terms.metadata = issuer_ + std::string(kMetadata) + std::string(path);
    // A client that has nothing yet asks for what this door wants.
    terms.scope = scope_of(denied.scope.empty() ? needs : denied.scope, denied.issuer);
  }
  return refuse(denied, terms);
}

}  // namespace pawl::identity
