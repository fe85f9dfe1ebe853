#include "kernel/deployment/credential_sources.h"

#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace pawl {
namespace {

// Parts that no text can run together.
std::string joined(std::string_view kind, const std::vector<std::string>& parts) {
  std::string out(kind);
  for (const std::string& part : parts) out += '\n' + std::to_string(part.size()) + ':' + part;
  return out;
}

std::string at(const ReachedHost& where) {
  return where.host + ':' + std::to_string(where.port);
}

// Of a URL that was read. One host may issue for several, each at a path of its own.
std::string_view path_of(std::string_view url) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == url.npos ? host : url.find('/', host + 3);
  return path == url.npos ? "/" : url.substr(path, url.find_first_of("?#", path) - path);
}

// The path of a file that is named beside another one, in one spelling.
std::vector<std::string> steps_to(std::string_view name, std::string_view beside) {
  std::string whole(name);
  const std::size_t folder = beside.rfind('/');
  if (!name.starts_with('/') && folder != std::string_view::npos) {
    whole = std::string(beside.substr(0, folder + 1)) + whole;
  }
  std::vector<std::string> steps(1, whole.starts_with('/') ? "/" : "");
  for (const std::string_view step : split(whole, '/')) {
    if (step.empty() || step == ".") continue;
    const bool back = step == ".." && steps.size() > 1 && steps.back() != "..";
    if (back) steps.pop_back();
    if (!back) steps.emplace_back(step);
  }
  return steps;
}

std::string source_text(const SecretSource& source, const std::string& file) {
  if (!source.env.empty()) return joined("env", {source.env});
  if (!source.store.empty()) return joined("store", {source.store});
  if (!source.command.empty()) return joined("command", source.command);
  return joined("file", steps_to(source.file, file));
}

}  // namespace

std::string identity_of(const Deployment::Credential& one, const std::string& file) {
  if (one.vault) {
    const VaultSecret& it = *one.vault;
    return joined("vault", {at(it.at), it.space, it.mount, it.path, it.field});
  }
  if (one.oauth) {
    // With a token to exchange, the server sees whose that one is.
    const OAuthToken& it = *one.oauth;
    const bool exchanges = it.subject.given();
    std::vector<std::string> parts = steps_to(path_of(it.at.url), {});
    parts.insert(parts.begin(),
                 {at(it.at), it.client, exchanges ? source_text(it.subject, file) : ""});
    return joined("oauth", parts);
  }
  if (one.github_app) {
    const GithubAppToken& it = *one.github_app;
    return joined("github_app", {at(it.at), it.app, std::to_string(it.installation)});
  }
  if (one.aws_sts) return joined("aws_sts", {one.aws_sts->role, one.aws_sts->session});
  // A refresh token is what lies in the store, too.
  if (one.login) return joined("store", {one.login->store});
  return source_text(one, file);
}

UsersOfCredentials users_of_credentials(const Deployment& deployment) {
  std::map<std::string, CredentialUsers> by_secret;
  UsersOfCredentials users;
  for (const auto& [name, credential] : deployment.credentials) {
    CredentialUsers& same = by_secret[identity_of(credential, deployment.file)];
    same.roles.insert(credential.roles.begin(), credential.roles.end());
    same.same.insert(name);
  }
  for (const auto& [name, credential] : deployment.credentials) {
    CredentialUsers of_it = by_secret[identity_of(credential, deployment.file)];
    of_it.same.erase(name);
    users.emplace(name, std::move(of_it));
  }
  return users;
}

}  // namespace pawl
