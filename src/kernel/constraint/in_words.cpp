#include "kernel/constraint/in_words.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <vector>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/document/manifest.h"

namespace pawl {

namespace {

constexpr std::size_t said_max = 5;         // entries of one list
constexpr std::size_t said_bytes_max = 60;  // of one entry

std::string cut(std::string_view text) {
  return utf8::shortened(escape_untrusted(text), said_bytes_max);
}

// `one of 3 values`, or `one of `a`, `b``.
std::string some(std::string_view before, const std::vector<std::string>& texts,
                 std::string_view what, Entries entries) {
  const std::size_t all = texts.size();
  if (entries == Entries::counted) {
    return fmt::format("{}{} {}{}", before, all, what, all == 1 ? "" : "s");
  }
  std::string out(before);
  for (std::size_t i = 0; i < all && i < said_max; ++i) {
    out += fmt::format("{}`{}`", i == 0 ? "" : ", ", cut(texts[i]));
  }
  return all > said_max ? fmt::format("{} and {} more", out, all - said_max) : out;
}

std::vector<std::string> texts_of(const std::vector<Literal>& values) {
  std::vector<std::string> texts;
  for (const Literal& value : values) texts.push_back(value.string.value_or(value.json));
  return texts;
}

std::string bound(std::string_view side, const Check& check) {
  if (check.exact_bound) return fmt::format("{} {}", side, *check.exact_bound);
  return fmt::format("{} {}", side, check.bound.value_or(0));
}

std::string path_words(const PathCheck& path, Entries entries) {
  std::string out =
      path.under.empty()
          ? "a path"
          : some("a path below ", path.under,
                 entries == Entries::counted ? std::string_view("permitted folder") : "", entries);
  if (!path.not_in.empty()) out += some(", and not in ", path.not_in, "pattern", entries);
  if (!path.signs.empty()) {
    out += path.signs.size() == 1 ? fmt::format(", with a `{}` as it stands", path.signs)
                                  : ", with `$` and `%` as they stand";
  }
  if (!path.base.empty()) out += fmt::format(", relative ones from `{}`", cut(path.base));
  return out;
}

std::string url_words(const UrlCheck& url, Entries entries) {
  std::string out =
      url.named_only ? "a URL" : some("a URL of ", url.hosts, "permitted host", entries);
  if (url.schemes.empty()) {
    out += ", https only";
  } else {
    out += some(", by ", url.schemes, "scheme", entries);
  }
  if (url.query_max) out += fmt::format(", with at most {} bytes of query", *url.query_max);
  return out;
}

std::string pattern_words(const Check& check) {
  const std::string text = !check.texts.empty() ? check.texts.front()
                           : check.pattern      ? check.pattern->pattern()
                                                : std::string();
  return fmt::format("the pattern `{}`", cut(text));
}

std::string manifest_words(const document::ManifestRule& rule, Entries entries) {
  std::string out = some("a manifest of ", rule.kinds, "permitted kind", entries);
  if (!rule.namespaces.empty()) {
    out += some(" in ", rule.namespaces, "permitted namespace", entries);
  }
  if (!rule.denies.empty()) out += some(", without ", rule.denies, "denied thing", entries);
  return out;
}

std::string members_words(const Check& check, Entries entries) {
  std::vector<std::string> names;
  if (check.members != nullptr) {
    for (const ArgumentRule& rule : *check.members) names.push_back(to_string(rule.path));
  }
  return some("an object of JSON with no other members than ", names, "named one", entries);
}

}  // namespace

std::string in_words(const Check& check, Entries entries) {
  switch (check.kind) {
    case CheckKind::in:
      return some(check.values.size() == 1 ? "" : "one of ", texts_of(check.values),
                  "permitted value", entries);
    case CheckKind::not_in:
      return some("none of ", texts_of(check.values), "value", entries);
    case CheckKind::min:
      return bound("at least", check);
    case CheckKind::max:
      return bound("at most", check);
    case CheckKind::matches:
      return pattern_words(check);
    case CheckKind::prefix:
      return some("begins with one of ", check.texts, "text", entries);
    case CheckKind::max_length:
      return fmt::format("at most {} characters", check.count);
    case CheckKind::max_items:
      return fmt::format("at most {} element{}", check.count, check.count == 1 ? "" : "s");
    case CheckKind::min_items:
      return fmt::format("at least {} element{}", check.count, check.count == 1 ? "" : "s");
    case CheckKind::single_line:
      return "one line";
    case CheckKind::path:
      return check.path ? path_words(*check.path, entries) : "a path";
    case CheckKind::url:
      return check.url ? url_words(*check.url, entries) : "a URL";
    case CheckKind::email_domain:
      return some("a mail address at ", check.texts, "permitted domain", entries);
    case CheckKind::cidr:
      return some("an address in ", check.texts, "permitted network", entries);
    case CheckKind::hosts_in:
      return check.named_only ? "no link"
                              : some("links only to ", check.texts, "permitted host", entries);
    case CheckKind::sql:
      return "SQL that does only what is listed";
    case CheckKind::shell:
      return "a command line of which every command is listed";
    case CheckKind::argv:
      return "words that are a listed command";
    case CheckKind::manifest:
      return check.manifest ? manifest_words(*check.manifest, entries) : "a manifest";
    case CheckKind::json:
      return members_words(check, entries);
    case CheckKind::k8s_kind:
      return some(check.excludes ? "none of the kinds " : "one of the kinds ", check.texts, "kind",
                  entries);
  }
  return "nothing that is known";
}

}  // namespace pawl
