#include "lang/jose/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl::jose {
namespace {

constexpr std::size_t claims_depth_max = 32;

std::string place(std::string_view name) {
  return fmt::format("claims.{}", name);
}

bool good_text(json::View value) {
  return value.is_string() && !value.string().empty() &&
         value.string().size() <= claim_text_bytes_max && !has_hidden_characters(value.string());
}

// Absent, or a text that can stand in a record and on a screen.
Checked<void> take_text(json::View claims, std::string_view name, std::string& into) {
  const json::View value = claims[name];
  if (!value.exists()) return {};
  if (!good_text(value)) {
    return refuse(Flaw::claim, place(name),
                  fmt::format("not a text of 1 to {} visible bytes", claim_text_bytes_max));
  }
  into = value.string();
  return {};
}

Checked<void> take_time(json::View claims, std::string_view name, std::optional<Instant>& into) {
  const json::View value = claims[name];
  if (!value.exists()) return {};
  if (!value.is_integer() || value.integer() < 0 || value.integer() > numeric_date_max) {
    return refuse(Flaw::claim, place(name), "not a whole number of seconds since 1970");
  }
  into = Instant{} + Duration::seconds(value.integer());
  return {};
}

Checked<void> take_audiences(json::View claims, std::vector<std::string>& into) {
  const json::View value = claims["aud"];
  if (!value.exists()) return {};
  const bool list = value.is_array() && value.size() > 0 && value.size() <= audiences_max;
  const auto wrong = [] {
    return refuse(Flaw::claim, "claims.aud",
                  fmt::format("neither a text nor a list of 1 to {} texts", audiences_max));
  };
  if (!list && !good_text(value)) return wrong();
  if (!list) into.emplace_back(value.string());
  for (const json::View one : value.elements()) {
    if (!good_text(one)) return wrong();
    into.emplace_back(one.string());
  }
  return {};
}

// RFC 8693: one text with blanks between. Some issuers write `scp`, or a list.
Checked<void> take_scopes(json::View claims, std::vector<std::string>& into) {
  const std::string_view name = claims["scope"].exists() ? "scope" : "scp";
  const json::View value = claims[name];
  if (!value.exists()) return {};
  const auto wrong = [&] {
    return refuse(Flaw::claim, place(name),
                  fmt::format("not a text of at most {} words", scopes_max));
  };
  if (value.is_string()) {
    for (const std::string_view word : split(value.string(), ' ')) {
      if (!word.empty()) into.emplace_back(word);
    }
  } else if (!value.is_array()) {
    return wrong();
  }
  for (const json::View one : value.elements()) {
    if (!good_text(one)) return wrong();
    into.emplace_back(one.string());
  }
  if (into.size() > scopes_max) return wrong();
  return {};
}

Checked<void> take_all(json::View root, Claims& into) {
  Checked<void> taken = take_text(root, "iss", into.issuer);
  if (taken) taken = take_text(root, "sub", into.subject);
  if (taken) taken = take_text(root, "jti", into.id);
  if (taken) taken = take_text(root, "azp", into.party);
  if (taken && into.party.empty()) taken = take_text(root, "client_id", into.party);
  if (taken) taken = take_audiences(root, into.audiences);
  if (taken) taken = take_scopes(root, into.scopes);
  if (taken) taken = take_time(root, "exp", into.expires);
  if (taken) taken = take_time(root, "nbf", into.not_before);
  if (taken) taken = take_time(root, "iat", into.issued);
  return taken;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Checked<void> judge_times(const Claims& claims, Duration leeway, Instant now) {
  if (!claims.expires) return refuse(Flaw::claim, "claims.exp", "missing: it would never end");
  if (now >= *claims.expires + leeway) {
    return refuse(Flaw::expired, "claims.exp",
                  fmt::format("expired at {}", to_string(*claims.expires)));
  }
  for (const auto& [name, from] :
       {std::pair("nbf", claims.not_before), std::pair("iat", claims.issued)}) {
    if (from && *from > now + leeway) {
      return refuse(Flaw::not_yet, place(name),
                    fmt::format("not valid before {}", to_string(*from)));
    }
  }
  if (claims.not_before && *claims.not_before >= *claims.expires) {
    return refuse(Flaw::claim, "claims.nbf", "not before its own end");
  }
  return {};
}

Checked<void> judge_party(const Claims& claims, const Expected& expected) {
  if (expected.parties.empty()) return {};
  if (claims.party.empty()) {
    return refuse(Flaw::party, "claims.azp", "missing: the audience of the token is not known");
  }
  if (has(expected.parties, claims.party)) return {};
  return refuse(Flaw::party, "claims.azp",
                fmt::format("issued to {}, which is not a client of ours", quoted(claims.party)));
}

}  // namespace

Checked<Claims> read_claims(std::string_view payload) {
  auto read = json::parse(payload, {.bytes_max = token_bytes_max, .depth_max = claims_depth_max});
  if (!read) return refuse(Flaw::json, "claims", read.error().message);
  if (!read->root().is_object()) return refuse(Flaw::json, "claims", "not an object");
  Claims claims;
  PAWL_TRY(take_all(read->root(), claims));
  claims.document = *std::move(read);
  return claims;
}

Checked<void> judge(const Claims& claims, const Expected& expected, Instant now) {
  const Duration leeway = std::clamp(expected.leeway, Duration{}, leeway_max);
  if (!expected.issuer.empty() && claims.issuer != expected.issuer) {
    return refuse(Flaw::issuer, "claims.iss",
                  claims.issuer.empty() ? "missing"
                                        : fmt::format("{} is not trusted", quoted(claims.issuer)));
  }
  const auto ours = [&](const std::string& one) { return has(expected.audiences, one); };
  if (std::ranges::none_of(claims.audiences, ours)) {
    return refuse(Flaw::audience, "claims.aud",
                  claims.audiences.empty()
                      ? "missing: it could be for any audience"
                      : fmt::format("for {}, not for us", quoted(claims.audiences.front())));
  }
  PAWL_TRY(judge_times(claims, leeway, now));
  PAWL_TRY(judge_party(claims, expected));
  for (const std::string& scope : expected.scopes) {
    if (!has(claims.scopes, scope)) {
      return refuse(Flaw::scope, "claims.scope", fmt::format("does not hold {}", quoted(scope)));
    }
  }
  return {};
}

Checked<Claims> verify(std::string_view token, const KeySet& keys, const Expected& expected,
                       Instant now) {
  auto opened = open(token, keys, expected.types);
  PAWL_TRY(opened);
  if (!expected.algorithms.empty() &&
      std::ranges::find(expected.algorithms, opened->header.algorithm) ==
          expected.algorithms.end()) {
    return refuse(
        Flaw::algorithm, "header.alg",
        fmt::format("`{}` is not permitted for this issuer", name_of(opened->header.algorithm)));
  }
  auto claims = read_claims(opened->payload);
  if (!claims) return claims;
  claims->key = std::move(opened->key);
  PAWL_TRY(judge(*claims, expected, now));
  return claims;
}

Checked<Stated> stated(std::string_view token) {
  const auto payload = unchecked_payload(token);
  PAWL_TRY(payload);
  auto claims = read_claims(*payload);
  PAWL_TRY(claims);
  return Stated{std::move(claims->issuer), std::move(claims->subject)};
}

}  // namespace pawl::jose
