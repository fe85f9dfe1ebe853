#include "kernel/deployment/issuers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"
#include "kernel/deployment/web_address.h"
#include "lang/jose/svid.h"

namespace pawl {
namespace {

constexpr std::size_t audiences_of_source_max = 16;

void read_place(DeploymentBuild& build, TokenSource& into, const yaml::Entry& key) {
  text<&TokenSource::keys, &KeyPlace::url>(build, into, key);
  std::string& address = into.keys.url;
  if (address.empty() || parse_web_address(address)) return;
  build.reading.mistake(
      key.value.at, fmt::format("`{}` is not an address: expected `https://HOST/PATH`, without a "
                                "user and without `#`",
                                escape_untrusted(address)));
  address.clear();
}

template <auto Member>
void some(DeploymentBuild& build, TokenSource& into, const yaml::Entry& key) {
  texts<Member>(build, into, key);
  if ((into.*Member).size() > audiences_of_source_max) {
    build.reading.mistake(key.value.at,
                          fmt::format("more than {} `{}`", audiences_of_source_max, key.key));
  }
}

void read_algorithms(DeploymentBuild& build, TokenSource& into, const yaml::Entry& key) {
  for (const Placed& one : build.reading.texts(key.value, key.key)) {
    const auto known = jose::algorithm_named(one.text);
    if (known && jose::name_of(*known) == one.text) {
      into.algorithms.push_back(*known);
      continue;
    }
    const bool shared = one.text.starts_with("HS");
    build.reading.mistake(
        one.at,
        fmt::format(
            "`{}` {}: expected `EdDSA`, `ES256`, `ES384`, `RS256` or `PS256`",
            escape_untrusted(one.text),
            shared ? "is signed with a shared secret, and everyone who can check could also sign"
                   : "is not an algorithm of tokens here"));
  }
}

void read_scope(DeploymentBuild& build, TokenSource& into, const yaml::Entry& key) {
  const std::string scope = build.reading.text(key.value, key.key).value_or("");
  // RFC 6749, section 3.3: no blank, no quote, no backslash.
  const bool fine = std::ranges::all_of(
      scope, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (!fine) {
    build.reading.mistake(key.value.at, fmt::format("`{}` is not a scope: expected one word",
                                                    escape_untrusted(scope)));
  }
  into.scopes[key.key] = scope;
}

constexpr auto kScopeKeys = section_keys<DeploymentBuild, TokenSource>(
    Section::issuer_scopes,
    {
        {"propose", "text", "no one", 0, "The scope for the right to `propose`.", read_scope},
        {"settle", "text", "no one", 0, "The scope for the right to `settle`.", read_scope},
        {"watch", "text", "no one", 0, "The scope for the right to `watch`.", read_scope},
        {"speak", "text", "no one", 0, "The scope for the right to `speak`.", read_scope},
    });

void read_scopes(DeploymentBuild& build, TokenSource& into, const yaml::Entry& key) {
  read_section(build, key.value, kScopeKeys, into);
  if (into.scopes.empty()) {
    build.reading.mistake(key.value.at,
                          "`scopes` names no right: nothing could be had with a token");
  }
}

constexpr std::string_view kKeys = "keys";
constexpr std::string_view kKeysFile = "keys_file";
constexpr LengthBetween kSkew{Duration{}, jose::leeway_max};

constexpr auto kIssuerKeys = section_keys<DeploymentBuild, TokenSource>(
    Section::issuer,
    {
        {"issuer", "text", "required", 0,
         "`iss` of its tokens, letter for letter. Without `keys` and `keys_file`, its keys are "
         "found "
         "by discovery below this address, and have to be at the same host.",
         text<&TokenSource::keys, &KeyPlace::issuer>},
        {kKeys, "text", "by discovery", 0, "The address of its key set (JWKS).", read_place},
        {kKeysFile, "text", "by discovery", 0, "A file with its key set.",
         text<&TokenSource::keys, &KeyPlace::file>},
        {kPrivate, "true or false", "false", 0,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&TokenSource::keys, &KeyPlace::own_network>},
        {kCa, "text", "the system's", 0,
         "A PEM file: the certificates that vouch for it, and no others do.",
         text<&TokenSource::keys, &KeyPlace::ca>},
        {"audiences", "list of texts", "the address that is asked", 0,
         "What else may stand in `aud`, where the issuer cannot be asked for a token for one "
         "address.",
         some<&TokenSource::audiences>},
        {"algorithms", "list of algorithms", "all with public keys", 0,
         "With which its tokens may be signed: `EdDSA`, `ES256`, `ES384`, `RS256`, `PS256`.",
         read_algorithms},
        {"clients", "list of texts", "any", 0,
         "To which clients its tokens have to be issued: `azp` or `client_id`.",
         some<&TokenSource::clients>},
        {"scopes", mapping(Section::issuer_scopes), "scopes do not count", 0,
         "The scope that a token needs for a right. A right that is not here cannot be had with "
         "it.",
         read_scopes},
        {"clock_skew", "duration", "30s", 0, "By how much its clock may differ, up to 5m.",
         duration<kSkew, &TokenSource::clock_skew>},
    });

constexpr auto kTrustDomainKeys = section_keys<DeploymentBuild, TokenSource>(
    Section::trust_domain,
    {
        {kKeys, "text", "one of two", 0, "The address of its bundle.", read_place},
        {kKeysFile, "text", "one of two", 0, "A file with its bundle.",
         text<&TokenSource::keys, &KeyPlace::file>},
        {kPrivate, "true or false", "false", 0,
         "Its name may stand for an address in a private network or on this machine.",
         boolean<&TokenSource::keys, &KeyPlace::own_network>},
        {kCa, "text", "the system's", 0,
         "A PEM file: the certificates that vouch for the address, and no others do.",
         text<&TokenSource::keys, &KeyPlace::ca>},
        {"audiences", "list of texts", "the address that is asked", 0,
         "What else may stand in `aud`.", some<&TokenSource::audiences>},
        {"clock_skew", "duration", "30s", 0, "By how much its clock may differ, up to 5m.",
         duration<kSkew, &TokenSource::clock_skew>},
    });

// From where keys may be fetched: plain text can be read on the way, and
// changed keys sign any token.
void check_place(DeploymentBuild& build, const yaml::Node& node, TokenSource& source) {
  build.reading.both(node, kKeys, kKeysFile);
  const std::string& text = source.keys.url.empty() ? source.keys.issuer : source.keys.url;
  const auto address = parse_web_address(text);
  if (!source.keys.file.empty()) {
    for (const std::string_view key : {kCa, kPrivate}) {
      const yaml::Entry* entry = node.entry(key);
      if (entry == nullptr) continue;
      build.reading.mistake(entry->key_at,
                            fmt::format("`{}` beside `keys_file`: nothing is fetched", key));
    }
    return;
  }
  if (!address) return;
  if (address->numeric() || address->here()) source.keys.own_network = true;
  if (!address->encrypted && !address->here()) {
    build.reading.mistake(
        node.at,
        "keys that come over `http` can be replaced on the way: expected `https`, or `keys_file`");
  }
}

}  // namespace

void list_issuer_keys(std::vector<Key>& into) {
  kIssuerKeys.list(into);
  kScopeKeys.list(into);
  kTrustDomainKeys.list(into);
}

void read_issuer(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  TokenSource source;
  source.at = entry.key_at;
  if (!build.named(entry, "issuer")) return;
  if (!read_section(build, entry.value, kIssuerKeys, source)) return;
  const bool discovered = source.keys.url.empty() && source.keys.file.empty();
  const auto address = parse_web_address(source.keys.issuer);
  // RFC 8414, section 2: neither a query nor a fragment.
  if (discovered && !source.keys.issuer.empty() && (!address || source.keys.issuer.contains('?'))) {
    build.reading.mistake(
        entry.value.at, fmt::format("`{}` is not an address below which keys could be discovered: "
                                    "expected `https://HOST/PATH`, or `keys` or `keys_file`",
                                    escape_untrusted(source.keys.issuer)));
  }
  check_place(build, entry.value, source);
  for (const auto& [name, other] : into.issuers) {
    if (other.keys.issuer != source.keys.issuer) continue;
    build.reading.mistake(
        entry.key_at,
        fmt::format("`{}` is the issuer `{}` too: the rules for its tokens would be ambiguous",
                    escape_untrusted(source.keys.issuer), escape_untrusted(name)));
  }
  into.issuers[entry.key] = std::move(source);
}

void read_trust_domain(DeploymentBuild& build, Deployment& into, const yaml::Entry& entry) {
  TokenSource source;
  source.at = entry.key_at;
  const auto id = jose::parse_spiffe_id("spiffe://" + entry.key);
  if (!id || !id->path.empty()) {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is not a valid trust domain: expected a name such as "
                                      "`prod.example`, without `spiffe://`",
                                      escape_untrusted(entry.key)));
  }
  if (!read_section(build, entry.value, kTrustDomainKeys, source)) return;
  if (source.keys.url.empty() && source.keys.file.empty()) {
    build.reading.mistake(entry.value.at, "a trust domain has neither `keys` nor `keys_file`");
  }
  check_place(build, entry.value, source);
  into.trust_domains[entry.key] = std::move(source);
}

}  // namespace pawl
