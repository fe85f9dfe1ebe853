// What is asked of those who issue secrets: the bytes of each request, and what proves who asks.
//
//   http::Ask ask = ask_github(how, key, now);
//
// Pure but for the key operations of OpenSSL. What goes into a request is the deployment file's and
// secrets; nothing of a call. Secrets stand in header fields and in bodies: `io/http` wipes
// both when a request is over, and an Ask that is given away takes its secrets with it.
// Sources: RFC 6749 (4.4, 2.3.1), RFC 8693 (2.1), RFC 7519, AWS Signature Version 4, the HTTP APIs
// of Vault and of GitHub.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "io/http/client.h"
#include "io/secrets/credential.h"
#include "kernel/deployment/issued.h"

namespace pawl::issue {

inline constexpr Duration ask_within = Duration::seconds(15);
inline constexpr std::size_t answer_bytes_max = 256UL << 10;
// A GitHub App proves itself with a token of its own: so long before now, so long after.
inline constexpr Duration proof_before = Duration::seconds(60);
inline constexpr Duration proof_after = Duration::seconds(300);

http::Ask ask_vault_login(const VaultSecret& how, std::string_view secret_id);
http::Ask ask_vault(const VaultSecret& how, std::string_view token);
http::Ask ask_oauth(const OAuthToken& how, std::string_view secret, std::string_view subject);
// ErrorKind::invalid where the key is not a private RSA key of 2048 bits or more.
Result<http::Ask> ask_github(const GithubAppToken& how, std::string_view pem, Instant now);
http::Ask ask_aws(const AwsKeys& how, std::string_view secret_key, std::string_view session_token,
                  Instant now);

// What is known of a login between two questions: kept in the encrypted store as one secret.
struct Login {
  std::string issuer, token_url, client, resource, scope, refresh_token;
};
secrets::Credential write_login(const Login& login);
// ErrorKind::invalid where the text is no login. The reader wipes `refresh_token`.
Result<Login> read_login(std::string_view text);
// A new access token for a login (RFC 6749, 6; RFC 8707).
http::Ask ask_refresh(const Login& login);
// The first tokens for the code that the browser brought (RFC 6749, 4.1.3; RFC 7636).
http::Ask ask_with_code(const Login& login, std::string_view code, std::string_view redirect,
                        std::string_view verifier);

// A signed token (RFC 7515, RS256) with these claims, canonical JSON.
Result<std::string> sign_rs256(std::string_view pem, std::string_view claims);

// AWS Signature Version 4 of a request: the value of its `Authorization`. `headers` are all those
// that are signed, their names in lower case and in order.
struct AwsRequest {
  std::string method, path, query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
std::string sign_aws(const AwsRequest& request, std::string_view access_key,
                     std::string_view secret_key, std::string_view region, std::string_view service,
                     Instant now);

// `a b&c` as `a%20b%26c`: everything but letters, digits, `-`, `.`, `_` and `~`.
std::string percent(std::string_view text);
// Proves a client with its secret: HTTP's `Authorization: Basic` as RFC 6749, 2.3.1 has it.
void add_basic_proof(http::Ask& ask, std::string_view client, std::string_view secret);

}  // namespace pawl::issue
