#include "io/issue/answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "kernel/deployment/issued.h"

namespace pawl::issue {
namespace {

constexpr std::size_t code_chars_max = 64;
constexpr std::size_t principal_bytes_max = 256;

std::unexpected<Error> no(std::string_view what) {
  return fail(ErrorKind::io, std::string(what));
}

// A word of the other side that cannot be a secret: short, of letters and underlines.
std::string code_in(std::string_view text) {
  const bool word =
      !text.empty() && text.size() <= code_chars_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
      });
  return word ? fmt::format(" (`{}`)", text) : std::string();
}

Status check_status(int status, int wanted, std::string_view code = {}) {
  if (status == wanted) return {};
  if (status >= 300 && status <= 399) return no("it is elsewhere, and redirects are not followed");
  return fail(status >= 400 && status <= 499 ? ErrorKind::refused : ErrorKind::io,
              fmt::format("the answer has status {}{}", status, code_in(code)));
}

Result<json::Document> object_in(std::string_view body) {
  auto parsed = json::parse(body);
  if (!parsed || !parsed->root().is_object()) return no("the answer is not a JSON object");
  return parsed;
}

Result<secrets::Credential> secret_in(json::View value, std::string_view what) {
  if (!value.is_string()) return no(fmt::format("the answer has no {}", what));
  return secrets::as_credential(secrets::Credential::copy_of(value.string()),
                                fmt::format("the {}", what));
}

Duration seconds_in(json::View value) {
  if (!value.is_integer() || value.integer() <= 0) return unsaid_end;
  return std::min(Duration::seconds(std::min<std::int64_t>(value.integer(), 1'000'000)), end_max);
}

Result<Duration> until(std::string_view text, Instant now) {
  const auto end = parse_instant(text);
  if (!end || *end - now <= Duration{}) return no("the answer does not say until when it is valid");
  return std::min(*end - now, end_max);
}

Answered one_value(secrets::Credential value) {
  Answered out;
  out.values.emplace_back(std::string(), std::move(value));
  return out;
}

// The text of the one element of that name; nothing where there are several, or markup inside.
std::optional<std::string_view> element(std::string_view xml, std::string_view name) {
  const std::string opening = fmt::format("<{}>", name);
  const std::string closing = fmt::format("</{}>", name);
  const std::size_t at = xml.find(opening);
  if (at == xml.npos || xml.find(opening, at + 1) != xml.npos) return std::nullopt;
  xml.remove_prefix(at + opening.size());
  const std::size_t end = xml.find(closing);
  if (end == xml.npos) return std::nullopt;
  const std::string_view text = trim(xml.substr(0, end));
  return text.find_first_of("<>&") == text.npos ? std::optional(text) : std::nullopt;
}

}  // namespace

Result<Answered> read_vault_login(int status, std::string_view body) {
  PAWL_TRY(check_status(status, 200));
  const auto said = object_in(body);
  PAWL_TRY(said);
  const json::View auth = said->root()["auth"];
  auto token = secret_in(auth["client_token"], "token");
  PAWL_TRY(token);
  Answered out = one_value(*std::move(token));
  out.lasts = seconds_in(auth["lease_duration"]);
  return out;
}

Result<Answered> read_vault(int status, std::string_view body, std::string_view field) {
  if (status == 404) return fail(ErrorKind::missing, "there is no such secret in the vault");
  PAWL_TRY(check_status(status, 200));
  const auto said = object_in(body);
  PAWL_TRY(said);
  const json::View secret = said->root()["data"];
  if (!secret["metadata"].is_object()) {
    return no("the answer is not of a key/value engine of version 2");
  }
  const json::View value = secret["data"][field];
  if (!value.exists()) {
    return fail(ErrorKind::missing,
                fmt::format("the secret has no field `{}`", escape_untrusted(field)));
  }
  auto read = secret_in(value, "text in that field");
  PAWL_TRY(read);
  Answered out = one_value(*std::move(read));
  const json::View version = secret["metadata"]["version"];
  if (version.is_integer()) out.version = fmt::format("{}", version.integer());
  return out;
}

Result<Answered> read_oauth(int status, std::string_view body) {
  const auto said = object_in(body);
  const std::string_view code = said ? said->root().text("error").value_or("") : "";
  PAWL_TRY(check_status(status, 200, code));
  PAWL_TRY(said);
  const json::View root = said->root();
  // A token that has to be proved along with its use would be none with us.
  if (lower_ascii(root.text("token_type").value_or("")) != "bearer") {
    return no("the answer has no token of the type `Bearer`");
  }
  auto token = secret_in(root["access_token"], "token");
  PAWL_TRY(token);
  Answered out = one_value(*std::move(token));
  out.lasts = seconds_in(root["expires_in"]);
  return out;
}

Result<Answered> read_login_tokens(int status, std::string_view body) {
  auto out = read_oauth(status, body);
  const auto said = json::parse(body);
  if (!out || !said || !said->root()["refresh_token"].exists()) return out;
  auto refresh = secret_in(said->root()["refresh_token"], "refresh token");
  PAWL_TRY(refresh);
  out->refresh = *std::move(refresh);
  return out;
}

Result<Answered> read_github(int status, std::string_view body, Instant now) {
  PAWL_TRY(check_status(status, 201));
  const auto said = object_in(body);
  PAWL_TRY(said);
  auto token = secret_in(said->root()["token"], "token");
  PAWL_TRY(token);
  const auto lasts = until(said->root().text("expires_at").value_or(""), now);
  PAWL_TRY(lasts);
  Answered out = one_value(*std::move(token));
  out.lasts = *lasts;
  return out;
}

Result<Answered> read_aws(int status, std::string_view body, Instant now) {
  const std::string_view code = status == 200 ? "" : element(body, "Code").value_or("");
  PAWL_TRY(check_status(status, 200, code));
  Answered out;
  constexpr std::string_view names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const auto text = element(body, names[i]);
    if (!text) return no(fmt::format("the answer has no `{}`", names[i]));
    auto value =
        secrets::as_credential(secrets::Credential::copy_of(*text), fmt::format("`{}`", names[i]));
    PAWL_TRY(value);
    out.values.emplace_back(aws_variables[i], *std::move(value));
  }
  const auto lasts = until(element(body, "Expiration").value_or(""), now);
  PAWL_TRY(lasts);
  out.lasts = *lasts;
  out.principal =
      escape_untrusted(element(body, "Arn").value_or("").substr(0, principal_bytes_max));
  return out;
}

}  // namespace pawl::issue
