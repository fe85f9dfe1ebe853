#include "lang/jose/svid.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::string_view scheme = "spiffe://";

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool mark(char c) {
  return c == '.' || c == '-' || c == '_';
}
bool domain_character(char c) {
  return lower_or_digit(c) || mark(c);
}
bool path_character(char c) {
  return lower_or_digit(c) || (c >= 'A' && c <= 'Z') || mark(c);
}

bool good_path(std::string_view path) {
  if (path.empty()) return true;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (!std::ranges::all_of(segment, path_character)) return false;
  }
  return true;
}

}  // namespace

Checked<SpiffeId> parse_spiffe_id(std::string_view text) {
  const auto wrong = [&] {
    return refuse(Flaw::subject, "claims.sub",
                  fmt::format("{} is not `spiffe://domain/path`", quoted(text)));
  };
  if (text.size() > spiffe_id_bytes_max || !text.starts_with(scheme)) return wrong();
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view domain = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(domain.size());
  if (domain.empty() || domain.size() > trust_domain_bytes_max ||
      !std::ranges::all_of(domain, domain_character) || !good_path(path)) {
    return wrong();
  }
  return SpiffeId{std::string(domain), std::string(path)};
}

Expected expected_svid(std::vector<std::string> audiences, Duration leeway) {
  return {.issuer = {},
          .audiences = std::move(audiences),
          .parties = {},
          .scopes = {},
          .algorithms = {},
          .types = {"jwt", "jose", ""},
          .leeway = leeway};
}

Checked<SpiffeId> svid_subject(const Claims& claims, std::string_view trust_domain) {
  auto id = parse_spiffe_id(claims.subject);
  if (id && id->trust_domain != trust_domain) {
    return refuse(Flaw::subject, "claims.sub",
                  fmt::format("{} is not in the trust domain {}", quoted(claims.subject),
                              quoted(trust_domain)));
  }
  return id;
}

Checked<Svid> verify_svid(std::string_view token, const KeySet& keys, std::string_view trust_domain,
                          const std::string& audience, Instant now, Duration leeway) {
  auto claims = verify(token, keys, expected_svid({audience}, leeway), now);
  PAWL_TRY(claims);
  auto id = svid_subject(*claims, trust_domain);
  PAWL_TRY(id);
  return Svid{*std::move(id), *std::move(claims)};
}

}  // namespace pawl::jose
