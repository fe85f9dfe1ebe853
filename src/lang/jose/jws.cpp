#include "lang/jose/jws.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lang/jose/base64url.h"

namespace pawl::jose {
namespace {

constexpr std::size_t header_depth_max = 8;
constexpr std::string_view media_prefix = "application/";

struct Parts {
  std::string_view header, payload, signature;
  std::string_view signed_part;  // the first two with their dot
};

Checked<Parts> split_token(std::string_view token) {
  if (token.size() > token_bytes_max) {
    return refuse(Flaw::size, "token", fmt::format("more than {} bytes", token_bytes_max));
  }
  const auto dots = std::ranges::count(token, '.');
  if (dots == 4) return refuse(Flaw::form, "token", "encrypted; expected a signed one");
  if (dots != 2) return refuse(Flaw::form, "token", "not `header.payload.signature`");
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  const Parts parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                    token.substr(second + 1), token.substr(0, second)};
  if (parts.signature.empty()) return refuse(Flaw::signature, "signature", "missing");
  return parts;
}

Checked<std::string> decoded(std::string_view part, std::string_view name) {
  std::string bytes;
  if (part.empty() || !unbase64url(part, bytes)) {
    return refuse(Flaw::form, std::string(name), "not base64url without padding");
  }
  return bytes;
}

// Whatever a reader could follow to a key of the token's own choice.
Checked<void> brings_nothing(json::View header) {
  for (const std::string_view name : {"jwk", "jku", "x5u", "x5c"}) {
    if (header[name].exists()) {
      return refuse(Flaw::brings_key, fmt::format("header.{}", name),
                    "a token does not say with which key it is checked");
    }
  }
  if (header["crit"].exists()) {
    return refuse(Flaw::critical, "header.crit", "asks for an extension that is not known here");
  }
  for (const std::string_view name : {"b64", "enc", "zip"}) {
    if (header[name].exists()) {
      return refuse(Flaw::critical, fmt::format("header.{}", name), "is not known here");
    }
  }
  return {};
}

Checked<Algorithm> algorithm_of(json::View header) {
  const auto stated = header.text("alg");
  if (!stated) return refuse(Flaw::algorithm, "header.alg", "missing, or not a text");
  if (const auto known = algorithm_named(*stated)) return *known;
  if (lower_ascii(*stated) == "none") {
    return refuse(Flaw::algorithm, "header.alg", "`none`: the token is not signed");
  }
  if (stated->starts_with("HS")) {
    return refuse(Flaw::algorithm, "header.alg",
                  fmt::format("{}: shared secrets sign no tokens here", quoted(*stated)));
  }
  return refuse(Flaw::algorithm, "header.alg", fmt::format("{} is not known", quoted(*stated)));
}

std::string short_type(std::string_view type) {
  std::string text = lower_ascii(type);
  if (text.starts_with(media_prefix)) text.erase(0, media_prefix.size());
  return text;
}

Checked<Header> read_header(std::string_view text) {
  if (text.size() > header_bytes_max) {
    return refuse(Flaw::size, "header", fmt::format("more than {} bytes", header_bytes_max));
  }
  const auto read =
      json::parse(text, {.bytes_max = header_bytes_max, .depth_max = header_depth_max});
  if (!read) return refuse(Flaw::json, "header", read.error().message);
  const json::View root = read->root();
  if (!root.is_object()) return refuse(Flaw::json, "header", "not an object");
  PAWL_TRY(brings_nothing(root));
  const auto algorithm = algorithm_of(root);
  PAWL_TRY(algorithm);
  Header header{*algorithm, std::nullopt, {}};
  if (const json::View kid = root["kid"]; kid.exists()) {
    if (!kid.is_string() || kid.string().empty() || kid.string().size() > kid_bytes_max) {
      return refuse(Flaw::header, "header.kid",
                    fmt::format("not a text of 1 to {} bytes", kid_bytes_max));
    }
    header.kid = kid.string();
  }
  if (const json::View type = root["typ"]; type.exists()) {
    if (!type.is_string() || type.string().empty()) {
      return refuse(Flaw::header, "header.typ", "not a text");
    }
    header.type = short_type(type.string());
  }
  if (root["cty"].exists()) {
    return refuse(Flaw::type, "header.cty", "the payload is to be claims, and nothing else");
  }
  return header;
}

}  // namespace

Checked<Opened> open(std::string_view token, const KeySet& keys,
                     std::span<const std::string_view> types) {
  const auto parts = split_token(token);
  PAWL_TRY(parts);
  const auto header_text = decoded(parts->header, "header");
  PAWL_TRY(header_text);
  auto header = read_header(*header_text);
  PAWL_TRY(header);
  if (std::ranges::find(types, header->type) == types.end()) {
    return refuse(Flaw::type, "header.typ",
                  header->type.empty()
                      ? "missing"
                      : fmt::format("{} is another kind of token", quoted(header->type)));
  }
  const auto signature = decoded(parts->signature, "signature");
  PAWL_TRY(signature);
  const auto key = keys.find(header->kid, header->algorithm);
  PAWL_TRY(key);
  if (!(*key)->verifies(parts->signed_part, *signature)) {
    return refuse(Flaw::signature, "signature", "does not fit the issuer's key");
  }
  auto payload = decoded(parts->payload, "payload");
  PAWL_TRY(payload);
  return Opened{*std::move(header), (*key)->thumbprint(), *std::move(payload)};
}

Checked<std::string> unchecked_payload(std::string_view token) {
  const auto parts = split_token(token);
  PAWL_TRY(parts);
  return decoded(parts->payload, "payload");
}

std::string seal(const SigningKey& key, std::string_view type, std::string_view payload) {
  json::Writer header;
  header.object().key("alg").string(name_of(Algorithm::EdDSA));
  header.key("kid").string(key.kid()).key("typ").string(type).end();
  std::string token = base64url(header.text()) + "." + base64url(payload);
  const std::string signature = key.sign(token);
  return token + "." + base64url(signature);
}

}  // namespace pawl::jose
