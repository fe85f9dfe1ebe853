#include "io/issue/requests.h"

#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/issue/form.h"
#include "io/secrets/credential.h"
#include "lang/jose/base64url.h"

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
  PAWL_TRY(proof);
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

// AWS Signature Version 4, and the one request that is signed with it.

namespace {

// `20150830T123600Z`.
std::string aws_time(Instant now) {
  const std::time_t seconds = now.ns / 1'000'000'000;
  std::tm civil{};
  ::gmtime_r(&seconds, &civil);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", civil.tm_year + 1900, civil.tm_mon + 1,
                     civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
}

// A key made of keys: each is wiped when the next is there.
secrets::Credential keyed(const secrets::Credential& key, std::string_view text) {
  Digest digest = hmac_sha256(key.bytes(), text);
  auto made = secrets::Credential::copy_of(bytes_of(digest));
  digest.fill(0);
  return made;
}

secrets::Credential signing_key(std::string_view secret, std::string_view day,
                                std::string_view region, std::string_view service) {
  std::string first = "AWS4" + std::string(secret);
  auto key = keyed(secrets::Credential::taken_from(first), day);
  key = keyed(key, region);
  key = keyed(key, service);
  return keyed(key, "aws4_request");
}

// `sts.eu-west-1.amazonaws.com` or `127.0.0.1:4566`, as a client of HTTP writes it.
std::string host_field(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view usual = url.starts_with("https://") ? ":443" : ":80";
  if (rest.ends_with(usual)) rest.remove_suffix(usual.size());
  return std::string(rest);
}

std::string path_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::size_t slash = rest.find('/');
  return slash == rest.npos ? "/" : std::string(rest.substr(slash, rest.find('?') - slash));
}

}  // namespace

std::string sign_aws(const AwsRequest& request, std::string_view access_key,
                     std::string_view secret_key, std::string_view region, std::string_view service,
                     Instant now) {
  std::string fields, names;
  for (const auto& [name, value] : request.headers) {
    fields += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, request.query, fields,
                  names, hex(sha256(request.body)));
  const std::string time = aws_time(now);
  const std::string day = time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, hex(sha256(canonical)));
  const auto key = signing_key(secret_key, day, region, service);
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                     access_key, scope, names, hex(hmac_sha256(key.bytes(), text)));
}

http::Ask ask_aws(const AwsKeys& how, std::string_view secret_key, std::string_view session_token,
                  Instant now) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = how.at.url;
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = ask_within;
  put_field(ask.body, "Action", "AssumeRole");
  put_field(ask.body, "DurationSeconds", fmt::format("{}", how.lasts.ns / 1'000'000'000));
  put_field(ask.body, "ExternalId", how.external_id);
  put_field(ask.body, "Policy", how.policy);
  put_field(ask.body, "RoleArn", how.role);
  put_field(ask.body, "RoleSessionName", how.session);
  put_field(ask.body, "Version", "2011-06-15");
  AwsRequest request{
      .method = "POST", .path = path_of(how.at.url), .query = {}, .headers = {}, .body = ask.body};
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"host", host_field(how.at.url)},
                     {"x-amz-date", aws_time(now)}};
  if (!session_token.empty()) request.headers.emplace_back("x-amz-security-token", session_token);
  const std::string proof = sign_aws(request, how.access_key, secret_key, how.region, "sts", now);
  for (auto& [name, value] : request.headers) {
    if (name != "host") ask.headers.add(name, value);  // the client writes it itself
    if (name == "x-amz-security-token") secrets::wipe(value);
  }
  ask.headers.add("accept", "text/xml");
  ask.headers.add("authorization", proof);
  return ask;
}

// Questions of a login, and what is kept of it.

namespace {

http::Ask asking_token(const Login& login) {
  http::Ask ask;
  ask.method = "POST";
  ask.url = login.token_url;
  ask.body_bytes_max = answer_bytes_max;
  ask.deadline = ask_within;
  ask.headers.add("accept", "application/json");
  ask.headers.add("content-type", "application/x-www-form-urlencoded");
  return ask;
}

struct LoginMember {
  std::string_view name;
  std::string Login::* member;
};
constexpr LoginMember kLoginMembers[] = {
    {"client", &Login::client},
    {"issuer", &Login::issuer},
    {"refresh_token", &Login::refresh_token},
    {"resource", &Login::resource},
    {"scope", &Login::scope},
    {"token_url", &Login::token_url},
};

}  // namespace

secrets::Credential write_login(const Login& login) {
  std::size_t bytes = 2;
  for (const LoginMember& one : kLoginMembers) {
    bytes += one.name.size() + (login.*one.member).size() * 6 + 6;
  }
  std::string text;
  text.reserve(bytes);  // so that no shorter copy stays behind
  for (const LoginMember& one : kLoginMembers) {
    text += text.empty() ? '{' : ',';
    json::write_string(one.name, text);
    text += ':';
    json::write_string(login.*one.member, text);
  }
  text += '}';
  return secrets::Credential::taken_from(text);
}

Result<Login> read_login(std::string_view text) {
  const auto parsed = json::parse(text);
  Login login;
  for (const LoginMember& one : kLoginMembers) {
    const auto value = parsed ? parsed->root().text(one.name) : std::nullopt;
    if (!value) {
      return fail(ErrorKind::invalid, "what is stored is no login: `pawl login SERVER` makes one");
    }
    login.*one.member = std::string(*value);
  }
  return login;
}

http::Ask ask_refresh(const Login& login) {
  http::Ask ask = asking_token(login);
  put_field(ask.body, "grant_type", "refresh_token");
  put_field(ask.body, "client_id", login.client);
  put_field(ask.body, "resource", login.resource);
  put_field(ask.body, "refresh_token", login.refresh_token);
  return ask;
}

http::Ask ask_with_code(const Login& login, std::string_view code, std::string_view redirect,
                        std::string_view verifier) {
  http::Ask ask = asking_token(login);
  put_field(ask.body, "grant_type", "authorization_code");
  put_field(ask.body, "client_id", login.client);
  put_field(ask.body, "redirect_uri", redirect);
  put_field(ask.body, "resource", login.resource);
  put_field(ask.body, "code_verifier", verifier);
  put_field(ask.body, "code", code);
  return ask;
}

// Signatures with a private RSA key.

namespace {

constexpr int rsa_bits_min = 2048;
constexpr std::string_view kRs256Header = R"({"alg":"RS256","typ":"JWT"})";

struct Free {
  void operator()(BIO* one) const { BIO_free_all(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(EVP_MD_CTX* one) const { EVP_MD_CTX_free(one); }
};

// A key that is encrypted is not asked for its passphrase: no one is there to answer.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<std::string> sign_rs256(std::string_view pem, std::string_view claims) {
  const std::unique_ptr<BIO, Free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, Free> key(
      text ? PEM_read_bio_PrivateKey(text.get(), nullptr, &no_passphrase, nullptr) : nullptr);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < rsa_bits_min) {
    return fail(ErrorKind::invalid,
                fmt::format("the key is not a private RSA key of at least {} bits (PEM, without a "
                            "passphrase)",
                            rsa_bits_min));
  }
  std::string token = jose::base64url(kRs256Header) + "." + jose::base64url(claims);
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, token.size()) != 1) {
    return fail(ErrorKind::internal, "the key does not sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, token.size()) != 1) {
    return fail(ErrorKind::internal, "the key does not sign");
  }
  signature.resize(size);
  return token + "." + jose::base64url(signature);
}

}  // namespace pawl::issue
