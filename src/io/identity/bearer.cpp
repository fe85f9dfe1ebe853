#include "io/identity/bearer.h"

#include <algorithm>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "lang/jose/jws.h"

namespace pawl::identity {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view invalid_request = "invalid_request";

// The characters of RFC 6750, section 2.1.
bool token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").contains(c);
}

}  // namespace

std::string_view to_string(How how) {
  switch (how) {
    case How::api_key:
      return "key";
    case How::run_credential:
      return "credential";
    case How::issuer_token:
      return "token";
    case How::svid:
      return "svid";
    case How::certificate:
      return "certificate";
  }
  return "";
}

Denied lacks(const Principal& principal, std::string_view right) {
  return {.status = 403,
          .error = "insufficient_scope",
          .says = "this identity lacks a right",
          .reason = "`" + escape_untrusted(principal.agent) + "` (" + principal.proof +
                    ") has no right to " + std::string(right),
          .scope = right,
          .issuer = principal.issuer};
}

Proved<std::string_view> bearer_of(const http::Request& request) {
  const std::string_view query = http::query_of(request.target);
  if (query.starts_with("access_token=") || query.contains("&access_token=")) {
    return std::unexpected(Denied{.status = 401,
                                  .error = invalid_request,
                                  .says = "a token does not belong into an address",
                                  .reason = "a token in the address of a request"});
  }
  const std::size_t count = request.headers.count("authorization");
  if (count == 0) {
    return std::unexpected(
        Denied{.says = "this door wants to know who calls", .reason = "nothing was presented"});
  }
  const std::string_view text = request.headers.find("authorization").value_or("");
  const bool bearer = count == 1 && text.size() > kBearer.size() &&
                      http::same_ignoring_case(text.substr(0, kBearer.size()), kBearer);
  const std::string_view token = bearer ? text.substr(kBearer.size()) : std::string_view();
  if (!bearer || !std::ranges::all_of(token, token_character)) {
    return std::unexpected(
        Denied{.error = invalid_request,
               .says = "expected one `Authorization: Bearer`",
               .reason = "an `authorization` that is not a single bearer token"});
  }
  if (token.size() > jose::token_bytes_max) {
    return std::unexpected(
        Denied{.error = "invalid_token",
               .says = "the token is not accepted",
               .reason = "a token of " + std::to_string(token.size()) + " bytes"});
  }
  return token;
}

http::Response refuse(const Denied& denied, const ChallengeTerms& terms) {
  std::string challenge = "Bearer realm=\"pawl\"";
  const auto add = [&challenge](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    challenge.append(", ").append(name).append("=\"").append(value).append("\"");
  };
  add("error", denied.error);
  add("scope", terms.scope.empty() ? denied.scope : std::string_view(terms.scope));
  add("resource_metadata", terms.metadata);
  http::Response response;
  response.status = denied.status;
  if (denied.status == 503) {
    response.headers.add("retry-after", "5");
  } else {
    response.headers.add("www-authenticate", challenge);
  }
  response.headers.add("content-type", "application/json");
  response.headers.add("cache-control", "no-store");
  json::Writer body;
  body.object().key("code").string("identity");
  if (!denied.error.empty()) body.key("error").string(denied.error);
  body.key("reason").string(denied.says);
  response.body = body.end().take();
  return response;
}

}  // namespace pawl::identity
