#include "io/issue/discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace pawl::issue {
namespace {

constexpr std::size_t client_id_bytes_max = 1024;
constexpr std::size_t address_bytes_max = 2048;
constexpr std::string_view kResourcePlace = "/.well-known/oauth-protected-resource";
constexpr std::string_view kIssuerPlace = "/.well-known/oauth-authorization-server";
constexpr std::string_view kOpenIdPlace = "/.well-known/openid-configuration";

std::string_view path_behind(std::string_view url) {
  std::string_view path = url.substr(origin_of(url).size());
  path = path.substr(0, path.find_first_of("?#"));
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view bare(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::unexpected<Error> refused(std::string what) {
  return fail(ErrorKind::refused, std::move(what));
}

// What can be shown as it is and stand in a file between quotes.
bool is_address(std::string_view text) {
  constexpr std::string_view kOdd = "\"'`\\<>{}";
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  return web && text.size() <= address_bytes_max && !origin_of(text).ends_with('/') &&
         std::ranges::all_of(text,
                             [kOdd](char c) { return c > ' ' && c < '\x7f' && !kOdd.contains(c); });
}

// An endpoint at the origin of the issuer.
Result<std::string> endpoint(json::View root, std::string_view name, std::string_view issuer) {
  const auto url = root.text(name);
  if (!url || origin_of(*url) != origin_of(issuer)) {
    return refused(fmt::format("`{}` of the authorization server is not at `{}`", name,
                               escape_untrusted(origin_of(issuer))));
  }
  return std::string(*url);
}

}  // namespace

std::string_view origin_of(std::string_view url) {
  const std::size_t at = url.find("://");
  if (at == url.npos) return {};
  return url.substr(0, url.find_first_of("/?#", at + 3));
}

std::vector<std::string> places_of_resource(std::string_view server_url) {
  const std::string origin(origin_of(server_url));
  const std::string_view path = path_behind(server_url);
  std::vector<std::string> places;
  if (!path.empty()) places.push_back(fmt::format("{}{}{}", origin, kResourcePlace, path));
  places.push_back(fmt::format("{}{}", origin, kResourcePlace));
  return places;
}

std::vector<std::string> places_of_issuer(std::string_view issuer) {
  const std::string origin(origin_of(issuer));
  const std::string_view path = path_behind(issuer);
  std::vector<std::string> places = {fmt::format("{}{}{}", origin, kIssuerPlace, path),
                                     fmt::format("{}{}{}", origin, kOpenIdPlace, path)};
  if (!path.empty()) places.push_back(fmt::format("{}{}{}", origin, path, kOpenIdPlace));
  return places;
}

Result<std::vector<std::string>> issuers_of_resource(std::string_view body,
                                                     std::string_view server_url) {
  const auto said = json::parse(body);
  if (!said || !said->root().is_object()) {
    return refused("what the server says of itself is not a JSON object");
  }
  const std::string_view resource = bare(said->root().text("resource").value_or(""));
  const std::string_view url = bare(server_url);
  const bool fits = !resource.empty() && origin_of(resource) == origin_of(url) &&
                    (url == resource || (url.starts_with(resource) && url[resource.size()] == '/'));
  if (!fits) return refused("what the server says of itself is about another address");
  std::vector<std::string> named;
  for (const json::View one : said->root()["authorization_servers"].elements()) {
    if (!one.is_string() || !is_address(one.string()) || named.size() >= issuers_named_max) {
      return refused("the server names authorization servers that are no addresses, or too many");
    }
    named.emplace_back(one.string());
  }
  return named;
}

Status check_named(const std::vector<std::string>& named, std::string_view issuer) {
  const auto same = [issuer](const std::string& one) { return bare(one) == bare(issuer); };
  if (std::ranges::any_of(named, same)) return {};
  if (named.empty()) return refused("the server names no authorization server");
  return refused(
      fmt::format("the server names `{}` as its authorization server, and the `issuer` in the "
                  "deployment file is `{}`",
                  fmt::join(named, "`, `"), escape_untrusted(issuer)));
}

Result<Authorization> read_authorization(std::string_view body, std::string_view issuer) {
  const auto said = json::parse(body);
  if (!said || !said->root().is_object()) {
    return refused("what the authorization server says of itself is not a JSON object");
  }
  const json::View root = said->root();
  if (bare(root.text("issuer").value_or("")) != bare(issuer)) {
    return refused("what the authorization server says of itself is about another issuer");
  }
  bool sha256 = false;
  for (const json::View one : root["code_challenge_methods_supported"].elements()) {
    sha256 |= one.is_string() && one.string() == "S256";
  }
  if (!sha256) return refused("the authorization server does not offer PKCE with `S256`");
  Authorization out;
  auto authorize = endpoint(root, "authorization_endpoint", issuer);
  PAWL_TRY(authorize);
  auto token = endpoint(root, "token_endpoint", issuer);
  PAWL_TRY(token);
  out.authorize_url = *std::move(authorize);
  out.token_url = *std::move(token);
  if (root["registration_endpoint"].exists()) {
    auto registers = endpoint(root, "registration_endpoint", issuer);
    PAWL_TRY(registers);
    out.register_url = *std::move(registers);
  }
  const json::View says = root["authorization_response_iss_parameter_supported"];
  out.says_issuer = says.kind() == json::Kind::boolean && says.boolean();
  return out;
}

Result<std::string> read_registration(int status, std::string_view body) {
  if (status != 200 && status != 201) {
    return refused(
        fmt::format("the authorization server registers no clients (status {}): expected "
                    "`client_id` in the deployment file",
                    status));
  }
  const auto said = json::parse(body);
  const auto id = said ? said->root().text("client_id") : std::nullopt;
  if (!id || id->empty() || id->size() > client_id_bytes_max || has_hidden_characters(*id)) {
    return refused("the answer to the registration has no `client_id`");
  }
  return std::string(*id);
}

std::string registration(std::string_view redirect, std::string_view scope) {
  json::Writer out;
  // A program on this machine: without the word, a redirect to its loopback may be refused.
  out.object().key("application_type").string("native");
  out.key("client_name").string("pawl");
  out.key("grant_types").array().string("authorization_code").string("refresh_token").end();
  out.key("redirect_uris").array().string(redirect).end();
  out.key("response_types").array().string("code").end();
  if (!scope.empty()) out.key("scope").string(scope);
  out.key("token_endpoint_auth_method").string("none");
  return out.end().take();
}

}  // namespace pawl::issue
