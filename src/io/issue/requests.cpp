#include "io/issue/requests.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "io/issue/form.h"
#include "io/secrets/credential.h"

namespace pawl::issue {
namespace {

constexpr std::string_view kExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

std::string_view without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

http::Ask asking(std::string method, std::string url) {
  http::Ask ask;
  ask.method = std::move(method);
  ask.url = std::move(url);
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = ask_within;
  return ask;
}

http::Ask asking_vault(const VaultSecret& how, std::string method, const std::string& path) {
  http::Ask ask =
      asking(std::move(method), fmt::format("{}/v1/{}", without_slash(how.at.url), path));
  ask.headers.add("accept", "application/json");
  ask.headers.add("x-vault-request", "true");
  if (!how.space.empty()) ask.headers.add("x-vault-namespace", how.space);
  return ask;
}

}  // namespace

void put_field(std::string& form, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  std::string coded = percent(value);
  const std::size_t bytes = form.size() + name.size() + coded.size() + 2;
  if (bytes > form.capacity()) {
    std::string longer;
    longer.reserve(2 * bytes);
    longer.append(form);
    secrets::wipe(form);
    form.swap(longer);
  }
  if (!form.empty()) form += '&';
  form.append(name).append("=").append(coded);
  secrets::wipe(coded);
}

void add_basic_proof(http::Ask& ask, std::string_view client, std::string_view secret) {
  std::string name = percent(client), word = percent(secret);
  std::string pair;
  pair.reserve(name.size() + word.size() + 1);
  pair.append(name).append(":").append(word);
  std::string coded = base64(pair);
  std::string proof;
  proof.reserve(coded.size() + 6);
  proof.append("Basic ").append(coded);
  ask.headers.add("authorization", proof);
  for (std::string* one : {&word, &pair, &coded, &proof}) secrets::wipe(*one);
}

std::string percent(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 3);  // so that no shorter copy of a secret stays behind
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

http::Ask ask_vault_login(const VaultSecret& how, std::string_view secret_id) {
  http::Ask ask = asking_vault(how, "POST", "auth/approle/login");
  ask.headers.add("content-type", "application/json");
  // So that no shorter copy stays behind: at most six bytes for one.
  ask.body.reserve((how.role_id.size() + secret_id.size()) * 6 + 64);
  ask.body = R"({"role_id":)";
  json::write_string(how.role_id, ask.body);
  ask.body += R"(,"secret_id":)";
  json::write_string(secret_id, ask.body);
  ask.body += '}';
  return ask;
}

http::Ask ask_vault(const VaultSecret& how, std::string_view token) {
  http::Ask ask = asking_vault(how, "GET", fmt::format("{}/data/{}", how.mount, how.path));
  ask.headers.add("x-vault-token", token);
  return ask;
}

http::Ask ask_oauth(const OAuthToken& how, std::string_view secret, std::string_view subject) {
  http::Ask ask = asking("POST", how.at.url);
  ask.headers.add("accept", "application/json");
  ask.headers.add("content-type", kForm);
  put_field(ask.body, "grant_type", how.subject.given() ? kExchange : "client_credentials");
  put_field(ask.body, "scope", how.scope);
  put_field(ask.body, "audience", how.audience);
  put_field(ask.body, "resource", how.resource);
  if (how.subject.given()) {
    put_field(ask.body, "subject_token", subject);
    put_field(ask.body, "subject_token_type", how.subject_type);
    put_field(ask.body, "requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
  }
  if (how.in_body) {
    put_field(ask.body, "client_id", how.client);
    put_field(ask.body, "client_secret", secret);
    return ask;
  }
  add_basic_proof(ask, how.client, secret);
  return ask;
}

Result<http::Ask> ask_github(const GithubAppToken& how, std::string_view pem, Instant now) {
  const auto second = [](Instant at) { return at.ns / 1'000'000'000; };
  json::Writer claims;
  claims.object().key("exp").integer(second(now + proof_after));
  claims.key("iat").integer(second(now) - proof_before.ns / 1'000'000'000);
  claims.key("iss").string(how.app).end();
  auto proof = sign_rs256(pem, claims.text());
  if (!proof) return std::unexpected(proof.error());
  http::Ask ask = asking("POST", fmt::format("{}/app/installations/{}/access_tokens",
                                             without_slash(how.at.url), how.installation));
  ask.headers.add("accept", "application/vnd.github+json");
  ask.headers.add("content-type", "application/json");
  ask.headers.add("x-github-api-version", "2022-11-28");
  ask.headers.add("authorization", "Bearer " + *proof);
  json::Writer body;
  body.object().key("permissions").object();
  for (const auto& [name, level] : how.permissions) body.key(name).string(level);
  body.end();
  if (!how.repositories.empty()) {
    body.key("repositories").array();
    for (const std::string& name : how.repositories) body.string(name);
    body.end();
  }
  ask.body = body.end().take();
  return ask;
}

}  // namespace pawl::issue
