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

std::string read_place(DeploymentBuild& build, const yaml::Entry& key) {
  std::string text = build.reading.text(key.value, key.key).value_or("");
  if (!text.empty() && !parse_web_address(text)) {
    build.reading.mistake(key.value.at,
                          fmt::format("`{}` is no address: expected `https://HOST/PATH`, without a "
                                      "user and without `#`",
                                      escape_untrusted(text)));
    text.clear();
  }
  return text;
}

std::vector<std::string> read_some(DeploymentBuild& build, const yaml::Entry& key) {
  std::vector<std::string> out;
  for (Placed& one : build.reading.texts(key.value, key.key)) out.push_back(std::move(one.text));
  if (out.size() > audiences_of_source_max) {
    build.reading.mistake(key.value.at,
                          fmt::format("more than {} `{}`", audiences_of_source_max, key.key));
  }
  return out;
}

void read_algorithms(DeploymentBuild& build, const yaml::Entry& key, TokenSource& into) {
  for (const Placed& one : build.reading.texts(key.value, "algorithms")) {
    const auto known = jose::algorithm_named(one.text);
    if (known && jose::name_of(*known) == one.text) {
      into.algorithms.push_back(*known);
      continue;
    }
    const bool shared = one.text.starts_with("HS");
    build.reading.mistake(
        one.at, fmt::format("`{}` {}: expected `EdDSA`, `ES256`, `ES384`, `RS256` or `PS256`",
                            escape_untrusted(one.text),
                            shared ? "is signed with a shared secret, and whoever checks could "
                                     "sign"
                                   : "is no algorithm of tokens here"));
  }
}

void read_scopes(DeploymentBuild& build, const yaml::Node& node, TokenSource& into) {
  build.reading.keys(node, Section::issuer_scopes, [&](const yaml::Entry& key) {
    const std::string scope = build.reading.text(key.value, key.key).value_or("");
    // RFC 6749, section 3.3: no blank, no quote, no backslash.
    const bool fine = std::ranges::all_of(
        scope, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (!fine) {
      build.reading.mistake(key.value.at, fmt::format("`{}` is no scope: expected one word",
                                                      escape_untrusted(scope)));
    }
    into.scopes[key.key] = scope;
    return true;
  });
  if (into.scopes.empty()) {
    build.reading.mistake(node.at, "`scopes` names no right: nothing could be had with a token");
  }
}

bool read_token_source_key(DeploymentBuild& build, const yaml::Entry& key, TokenSource& into) {
  if (key.key == "keys") {
    into.keys.url = read_place(build, key);
  } else if (key.key == "keys_file") {
    into.keys.file = build.reading.text(key.value, "keys_file").value_or("");
  } else if (key.key == "private") {
    into.keys.own_network = build.reading.boolean(key.value, "private").value_or(false);
  } else if (key.key == "ca") {
    into.keys.ca = build.reading.text(key.value, "ca").value_or("");
  } else if (key.key == "audiences") {
    into.audiences = read_some(build, key);
  } else if (key.key == "clock_skew") {
    const LengthBetween bounds{Duration{}, jose::leeway_max};
    into.clock_skew =
        build.reading.duration(key.value, "clock_skew", bounds).value_or(into.clock_skew);
  } else {
    return false;
  }
  return true;
}

// From where keys may be fetched: what is written there is read by everybody on the way, and
// whoever changes it on the way signs as he likes.
void check_place(DeploymentBuild& build, const yaml::Node& node, TokenSource& source) {
  build.reading.both(node, "keys", "keys_file");
  const std::string& text = source.keys.url.empty() ? source.keys.issuer : source.keys.url;
  const auto address = parse_web_address(text);
  if (!source.keys.file.empty()) {
    for (const std::string_view key : {"ca", "private"}) {
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
    build.reading.mistake(node.at,
                          "keys that come over `http` are those of whoever is on the way: "
                          "expected `https`, or `keys_file`");
  }
}

void read_issuer(DeploymentBuild& build, const yaml::Entry& entry) {
  TokenSource source;
  source.at = entry.key_at;
  if (!build.named(entry, "issuer")) return;
  const bool read = build.reading.keys(entry.value, Section::issuer, [&](const yaml::Entry& key) {
    if (key.key == "issuer") {
      source.keys.issuer = build.reading.text(key.value, "issuer").value_or("");
    } else if (key.key == "algorithms") {
      read_algorithms(build, key, source);
    } else if (key.key == "clients") {
      source.clients = read_some(build, key);
    } else if (key.key == "scopes") {
      read_scopes(build, key.value, source);
    } else {
      return read_token_source_key(build, key, source);
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(entry.value, Section::issuer, "issuer");
  const bool discovered = source.keys.url.empty() && source.keys.file.empty();
  const auto address = parse_web_address(source.keys.issuer);
  // RFC 8414, section 2: neither a query nor a fragment.
  if (discovered && !source.keys.issuer.empty() && (!address || source.keys.issuer.contains('?'))) {
    build.reading.mistake(entry.value.at,
                          fmt::format("`{}` is no address below which keys could be discovered: "
                                      "expected `https://HOST/PATH`, or `keys` or `keys_file`",
                                      escape_untrusted(source.keys.issuer)));
  }
  check_place(build, entry.value, source);
  for (const auto& [name, other] : build.into.issuers) {
    if (other.keys.issuer != source.keys.issuer) continue;
    build.reading.mistake(
        entry.key_at, fmt::format("`{}` is the issuer `{}` too: of a token nobody "
                                  "could say whose rules it has to follow",
                                  escape_untrusted(source.keys.issuer), escape_untrusted(name)));
  }
  build.into.issuers[entry.key] = std::move(source);
}

void read_trust_domain(DeploymentBuild& build, const yaml::Entry& entry) {
  TokenSource source;
  source.at = entry.key_at;
  const auto id = jose::parse_spiffe_id("spiffe://" + entry.key);
  if (!id || !id->path.empty()) {
    build.reading.mistake(entry.key_at,
                          fmt::format("`{}` is no trust domain: expected a name such as "
                                      "`prod.example`, without `spiffe://`",
                                      escape_untrusted(entry.key)));
  }
  const bool read = build.reading.keys(
      entry.value, Section::trust_domain,
      [&](const yaml::Entry& key) { return read_token_source_key(build, key, source); });
  if (!read) return;
  if (source.keys.url.empty() && source.keys.file.empty()) {
    build.reading.mistake(entry.value.at, "a trust domain has neither `keys` nor `keys_file`");
  }
  check_place(build, entry.value, source);
  build.into.trust_domains[entry.key] = std::move(source);
}

}  // namespace

void read_issuers(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "issuers",
                      [&build](const yaml::Entry& one) { read_issuer(build, one); });
}

void read_trust_domains(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.names(entry.value, "trust_domains",
                      [&build](const yaml::Entry& one) { read_trust_domain(build, one); });
}

}  // namespace pawl
