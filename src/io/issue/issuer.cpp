#include "io/issue/issuer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "io/issue/discovery.h"
#include "io/issue/requests.h"

namespace pawl::issue {
namespace {

Answered copy_of(const Answered& one) {
  Answered out;
  for (const auto& [name, value] : one.values) out.values.emplace_back(name, value.copy());
  out.lasts = one.lasts;
  out.version = one.version;
  out.principal = one.principal;
  out.resource = one.resource;
  return out;
}

}  // namespace

bool Issuer::issues(const Deployment::Credential& credential) {
  return credential.vault || credential.oauth || credential.github_app || credential.aws_sts ||
         credential.login;
}

void Issuer::forget() {
  kept_.clear();
  logins_.clear();
  logins_until_.clear();
}

Duration Issuer::kept_until(Duration lasts) const {
  const Duration left = std::min(Duration{lasts.ns / 5}, left_min);
  return loop_.now() + Duration{lasts.ns - left.ns};
}

// What is over goes first, then what no one waits for: it is asked for again.
void Issuer::make_room() {
  if (kept_.size() < kept_max) return;
  const auto idle = [](const Kept& one) { return !one.asking && one.waiting.empty(); };
  std::erase_if(kept_, [&](const auto& entry) {
    return idle(*entry.second) && loop_.now() >= entry.second->until;
  });
  if (kept_.size() < kept_max) return;
  std::erase_if(kept_, [&](const auto& entry) { return idle(*entry.second); });
}

Task<Result<Answered>> Issuer::issue(std::string name, Deployment::Credential credential) {
  if (!kept_.contains(name)) make_room();
  KeptPtr& known = kept_[name];
  if (!known) known = std::make_shared<Kept>();
  const KeptPtr kept = known;
  if (!kept->answer.values.empty() && loop_.now() < kept->until) co_return copy_of(kept->answer);
  kept->answer.values.clear();
  if (kept->asking) {
    Completion<Status> done;
    kept->waiting.push_back(done);
    PAWL_CO_TRY(co_await done);
    co_return copy_of(kept->answer);
  }
  kept->asking = true;
  auto answer = co_await ask(std::move(name), std::move(credential));
  kept->asking = false;
  const Status how = answer ? Status{} : std::unexpected(answer.error());
  if (answer) {
    kept->answer = copy_of(*answer);
    kept->until = kept_until(answer->lasts);
  }
  for (auto& one : std::exchange(kept->waiting, {})) one.deliver(how);
  co_return answer;
}

Task<Result<Answered>> Issuer::ask(std::string name, Deployment::Credential credential) {
  if (credential.vault) co_return co_await ask_vault_for(std::move(name), *credential.vault);
  if (credential.oauth) co_return co_await ask_oauth_for(*credential.oauth);
  if (credential.github_app) co_return co_await ask_github_for(*credential.github_app);
  if (credential.aws_sts) co_return co_await ask_aws_for(*credential.aws_sts);
  if (credential.login) co_return co_await ask_login_for(*credential.login);
  co_return fail(ErrorKind::internal, "it has no issuer");
}

Task<Result<secrets::Credential>> Issuer::vault_token(std::string name, VaultSecret how) {
  if (how.token.given()) co_return co_await ports_.read(how.token);
  const auto known = logins_.find(name);
  if (known != logins_.end() && loop_.now() < logins_until_[name]) {
    co_return known->second->values.front().second.copy();
  }
  auto secret = co_await ports_.read(how.secret_id);
  PAWL_CO_TRY(secret);
  auto said = co_await client_of(how.at).fetch(ask_vault_login(how, secret->bytes()));
  PAWL_CO_TRY(said);
  auto answer = read_vault_login(said->status, said->body);
  secrets::wipe(said->body);
  PAWL_CO_TRY(answer);
  logins_until_[name] = kept_until(answer->lasts);
  auto token = answer->values.front().second.copy();
  logins_[name] = std::make_shared<Answered>(*std::move(answer));
  co_return token;
}

Task<Result<Answered>> Issuer::ask_vault_for(std::string name, VaultSecret how) {
  auto token = co_await vault_token(name, how);
  PAWL_CO_TRY(token);
  auto said = co_await client_of(how.at).fetch(ask_vault(how, token->bytes()));
  PAWL_CO_TRY(said);
  // Perhaps a revoked login: the next call logs in again.
  if (said->status == 403) logins_.erase(name);
  auto answer = read_vault(said->status, said->body, how.field);
  secrets::wipe(said->body);
  co_return answer;
}

Task<Result<Answered>> Issuer::ask_oauth_for(OAuthToken how) {
  auto secret = co_await ports_.read(how.client_secret);
  PAWL_CO_TRY(secret);
  secrets::Credential subject;
  if (how.subject.given()) {
    auto read = co_await ports_.read(how.subject);
    PAWL_CO_TRY(read);
    subject = *std::move(read);
  }
  auto said = co_await client_of(how.at).fetch(ask_oauth(how, secret->bytes(), subject.bytes()));
  PAWL_CO_TRY(said);
  auto answer = read_oauth(said->status, said->body);
  secrets::wipe(said->body);
  if (answer) answer->principal = how.client;
  co_return answer;
}

Task<Result<Answered>> Issuer::ask_github_for(GithubAppToken how) {
  auto key = co_await ports_.read(how.key);
  PAWL_CO_TRY(key);
  auto asked = ask_github(how, key->bytes(), ports_.wall());
  PAWL_CO_TRY(asked);
  auto said = co_await client_of(how.at).fetch(*std::move(asked));
  PAWL_CO_TRY(said);
  auto answer = read_github(said->status, said->body, ports_.wall());
  secrets::wipe(said->body);
  if (answer) answer->principal = fmt::format("app {}/{}", how.app, how.installation);
  co_return answer;
}

Task<Result<Answered>> Issuer::ask_aws_for(AwsKeys how) {
  auto key = co_await ports_.read(how.secret_key);
  PAWL_CO_TRY(key);
  secrets::Credential session;
  if (how.session_token.given()) {
    auto read = co_await ports_.read(how.session_token);
    PAWL_CO_TRY(read);
    session = *std::move(read);
  }
  auto said =
      co_await client_of(how.at).fetch(ask_aws(how, key->bytes(), session.bytes(), ports_.wall()));
  PAWL_CO_TRY(said);
  auto answer = read_aws(said->status, said->body, ports_.wall());
  secrets::wipe(said->body);
  co_return answer;
}

// A refresh token may serve once: the store is held while it is asked with, and the next one is on
// the disk before what came with it is used.
Task<Result<Answered>> Issuer::ask_login_for(LoginToken how) {
  auto replace = ports_.hold(how.store);
  PAWL_CO_TRY(replace);
  SecretSource from;
  from.store = how.store;
  auto stored = co_await ports_.read(from);
  PAWL_CO_TRY(stored);
  auto login = read_login(stored->bytes());
  PAWL_CO_TRY(login);
  const bool same =
      login->issuer == how.at.url && origin_of(login->token_url) == origin_of(how.at.url);
  auto said = same ? co_await client_of(how.at).fetch(ask_refresh(*login))
                   : fail(ErrorKind::refused, "what is stored is a login at another issuer");
  secrets::wipe(login->refresh_token);
  PAWL_CO_TRY(said);
  auto answer = read_login_tokens(said->status, said->body);
  secrets::wipe(said->body);
  if (!answer) co_return answer;
  if (!answer->refresh.empty()) {
    login->refresh_token = std::string(answer->refresh.bytes());
    const Status kept = (*replace)(write_login(*login));
    secrets::wipe(login->refresh_token);
    PAWL_CO_TRY(kept);
  }
  answer->principal = login->client;
  answer->resource = login->resource;
  co_return answer;
}

// One for each place and way: what is listed for one host is not reached in the name of another.
http::Client& Issuer::client_of(const ReachedHost& at) {
  const bool bare = at.host.find(':') == std::string::npos;
  const std::string where = fmt::format("{}:{}", bare ? at.host : "[" + at.host + "]", at.port);
  const std::string ca = at.ca.empty() ? std::string() : ports_.beside(at.ca);
  auto& client = clients_[fmt::format("{} {} {}", where, at.own_network ? 1 : 0, ca)];
  if (!client) {
    http::ClientOptions options;
    (at.own_network ? options.reach.private_hosts : options.reach.hosts) = {where};
    options.ca_file = ca;
    options.user_agent = "pawl/" PAWL_VERSION;
    client = std::make_unique<http::Client>(loop_, std::move(options));
  }
  return *client;
}

}  // namespace pawl::issue
