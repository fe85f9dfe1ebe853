#include "kernel/constraint/check_value.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text_key.h"
#include "base/utf8.h"
#include "kernel/constraint/compiled.h"
#include "kernel/constraint/links.h"
#include "kernel/constraint/mail_text.h"
#include "kernel/constraint/url_text.h"
#include "lang/document/kinds.h"

namespace pawl {
namespace {

using Answer = std::optional<Objection>;

Answer objection(std::string_view says, Code code = Code::constraint) {
  return Objection{std::string(says), code};
}

// From a sentence of a reader of texts, where empty means good.
Answer answer(std::string_view wrong) {
  return wrong.empty() ? Answer{} : objection(wrong);
}

Answer check_in(const Check& check, const CheckedValue& value) {
  const auto& set = index_of<CheckKind::in>(check);
  if (inexact(value.view, value.shape)) return objection(says_inexact, Code::ambiguous_request);
  if (set.contains(value.view, value.text)) return {};
  return objection("is not one of the allowed values");
}

Answer check_not_in(const Check& check, const CheckedValue& value) {
  const auto& set = index_of<CheckKind::not_in>(check);
  if (inexact(value.view, value.shape)) return objection(says_inexact, Code::ambiguous_request);
  if (!set.same_sort(value.view)) return objection("has another type than the excluded values");
  if (!set.resembles(value.view, value.text)) return {};
  return objection("is one of the values that the policy excludes");
}

std::string bound_text(const Check& check) {
  return check.exact_bound ? fmt::format("{}", *check.exact_bound)
                           : fmt::format("{}", check.bound.value_or(0));
}

Answer check_bound(const Check& check, const CheckedValue& value) {
  if (!value.view.is_number()) return objection("must be a number");
  if (inexact(value.view, value.shape)) return objection(says_inexact, Code::ambiguous_request);
  const int order = check.exact_bound ? compare(value.view, *check.exact_bound)
                                      : compare(value.view, *check.bound);
  if (check.kind == CheckKind::max && order > 0) {
    return objection(fmt::format("is above the maximum of {}", bound_text(check)));
  }
  if (check.kind == CheckKind::min && order < 0) {
    return objection(fmt::format("is below the minimum of {}", bound_text(check)));
  }
  return {};
}

Answer check_pattern(const Check& check, std::string_view text) {
  const re2::StringPiece piece(text.data(), text.size());
  if (check.pattern->Match(piece, 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0)) return {};
  return objection("does not match the pattern that the policy gives");
}

Answer check_prefix(const Check& check, std::string_view text) {
  for (const std::string& prefix : check.texts) {
    if (text.starts_with(prefix)) return {};
  }
  return objection("does not begin as the policy demands");
}

Answer check_length(const Check& check, std::string_view text) {
  // A character has at least one byte, so a short text needs no counting.
  if (text.size() <= check.count || utf8::count(text) <= check.count) return {};
  return objection(fmt::format("is longer than {} characters", check.count));
}

Answer check_url(const Check& check, std::string_view text) {
  const auto& rule = index_of<CheckKind::url>(check);
  UrlParts parts;
  if (std::string_view wrong = read_url(text, parts); !wrong.empty()) return objection(wrong);
  if (std::ranges::find(rule.schemes, parts.scheme) == rule.schemes.end()) {
    return objection("has a scheme that the policy does not list");
  }
  if (!rule.hosts.contains(parts.host, parts.port)) {
    return objection("has a host or port that the policy does not list");
  }
  if (rule.query_max && parts.behind.size() > *rule.query_max) {
    return objection(fmt::format("has a query of more than {} bytes", *rule.query_max));
  }
  return {};
}

Answer check_mail(const Check& check, std::string_view text) {
  std::string_view domain;
  if (std::string_view wrong = read_mail(text, domain); !wrong.empty()) return objection(wrong);
  if (index_of<CheckKind::email_domain>(check).contains(domain)) return {};
  return objection("has a mail domain that the policy does not list");
}

Answer check_addresses(const Check& check, std::string_view text) {
  const std::optional<Prefix> prefix = parse_prefix(text);
  if (!prefix) return objection("is not an address or a range in canonical spelling");
  for (const Prefix& allowed : index_of<CheckKind::cidr>(check)) {
    if (contains(allowed, *prefix)) return {};
  }
  return objection("lies outside the address ranges that the policy gives");
}

// Whether a check may be evaluated at all: one that was never compiled fails everything.
bool ready(const Check& check) {
  switch (check.kind) {
    case CheckKind::in:
    case CheckKind::not_in:
    case CheckKind::path:
    case CheckKind::url:
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::hosts_in:
    case CheckKind::sql:
    case CheckKind::shell:
    case CheckKind::argv:
    case CheckKind::manifest:
    case CheckKind::json:
    case CheckKind::k8s_kind:
      return check.index != nullptr;
    case CheckKind::matches:
      return check.pattern != nullptr && check.pattern->ok();
    case CheckKind::min:
    case CheckKind::max:
      return check.bound.has_value() || check.exact_bound.has_value();
    case CheckKind::prefix:
    case CheckKind::max_length:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::single_line:
      return true;
  }
  return false;
}

// A document of JSON inside of a text: its own members are the arguments.
Answer check_document(const std::vector<ArgumentRule>& rules, std::string_view text) {
  constexpr json::ParseLimits limits{.bytes_max = 1UL << 20, .depth_max = 64};
  const auto document = json::parse(text, limits);
  if (!document) return objection("is not one document of JSON that is read in one way");
  const json::View root = document->root();
  if (!root.is_object()) return objection("is not an object of JSON");
  std::vector<Rewrite> rewrites;
  Answer asks;
  for (const ArgumentRule& rule : rules) {
    const auto wrong = evaluate(rule, root, nullptr, {}, rewrites);
    if (!wrong) continue;
    Objection found{fmt::format("is JSON in which a member {}", wrong->says), wrong->code,
                    wrong->hold};
    if (!found.hold) return found;
    if (!asks) asks = std::move(found);
  }
  if (!rewrites.empty()) return objection("would be forwarded in another spelling", Code::internal);
  std::vector<std::string> named;
  for (const ArgumentRule& rule : rules) named.push_back(rule.path.front().name);
  for (const auto [name, value] : root.members()) {
    if (std::ranges::find(named, name) != named.end()) continue;
    return objection("is JSON with a member that the policy does not name");
  }
  const auto wrong = evaluate_unnamed(root, nullptr, named, Rule{});
  if (wrong)
    return objection(fmt::format("is JSON in which a member {}", wrong->says), wrong->code);
  return asks;
}

Answer check_text(const Check& check, std::string_view text) {
  switch (check.kind) {
    case CheckKind::matches:
      return check_pattern(check, text);
    case CheckKind::prefix:
      return check_prefix(check, text);
    case CheckKind::max_length:
      return check_length(check, text);
    case CheckKind::single_line:
      return breaks_line(text) ? objection(says_lines) : Answer{};
    case CheckKind::url:
      return check_url(check, text);
    case CheckKind::email_domain:
      return check_mail(check, text);
    case CheckKind::cidr:
      return check_addresses(check, text);
    case CheckKind::hosts_in:
      return answer(check_links(index_of<CheckKind::hosts_in>(check), text, purpose_of(check)));
    case CheckKind::in:
    case CheckKind::not_in:
    case CheckKind::min:
    case CheckKind::max:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::path:
      return {};
    case CheckKind::manifest:
      return answer(document::check_manifest(index_of<CheckKind::manifest>(check), text));
    case CheckKind::k8s_kind:
      return answer(document::check_kind(check.texts, check.excludes, text));
    case CheckKind::json:
      return check_document(index_of<CheckKind::json>(check), text);
    case CheckKind::sql:
    case CheckKind::shell:
    case CheckKind::argv:
      break;
  }
  return objection("has a check of an unknown kind", Code::internal);
}

// Whether none of eight bytes is a control character, a delete or beyond ASCII.
bool all_printable_ascii(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t high = 0x80 * ones;
  const std::uint64_t deletes = word ^ (0x7F * ones);
  const std::uint64_t below = (word - 0x20 * ones) & ~word;
  const std::uint64_t is_delete = (deletes - ones) & ~deletes;
  return ((word | below | is_delete) & high) == 0;
}

std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// How many bytes at the front are certainly printable ASCII: all of them for most texts. In blocks
// that the compiler makes vector instructions of, then in words of which the last one overlaps.
std::size_t printable_bytes(std::string_view text) {
  constexpr std::size_t block = 64;
  constexpr std::size_t word = 8;
  if (text.size() < word) {
    const std::uint64_t blanks = text.empty() ? 0 : 0x2020'2020'2020'2020 << 8 * text.size();
    const bool all = text.empty() || all_printable_ascii(TextKey::of(text).head | blanks);
    return all ? text.size() : 0;
  }
  std::size_t at = 0;
  for (; at + block <= text.size(); at += block) {
    unsigned char bad = 0;
    for (std::size_t i = 0; i < block; ++i) {
      const auto c = static_cast<signed char>(text.data()[at + i]);
      bad |= static_cast<unsigned char>(c < 0x20) | static_cast<unsigned char>(c == 0x7F);
    }
    if (bad != 0) return at;
  }
  for (; at + word <= text.size(); at += word) {
    if (!all_printable_ascii(word_at(text.data() + at))) return at;
  }
  return all_printable_ascii(word_at(text.data() + text.size() - word)) ? text.size() : at;
}

}  // namespace

std::optional<Objection> object_to(const Check& check, const CheckedValue& value) {
  if (!ready(check)) return objection("has a check that was never compiled", Code::internal);
  switch (check.kind) {
    case CheckKind::in:
      return check_in(check, value);
    case CheckKind::not_in:
      return check_not_in(check, value);
    case CheckKind::min:
    case CheckKind::max:
      return check_bound(check, value);
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::path:
      return {};
    case CheckKind::matches:
    case CheckKind::prefix:
    case CheckKind::max_length:
    case CheckKind::single_line:
    case CheckKind::url:
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::hosts_in:
    case CheckKind::manifest:
    case CheckKind::json:
    case CheckKind::k8s_kind:
      return value.view.is_string() ? check_text(check, value.text) : objection(says_string);
    case CheckKind::shell:
      return answer(check_line(index_of<CheckKind::shell>(check), value.view));
    case CheckKind::argv:
      return answer(check_line(index_of<CheckKind::argv>(check), value.view));
    case CheckKind::sql:
      return objection("was not read as SQL");
  }
  return objection("has a check of an unknown kind", Code::internal);
}

bool breaks_line(std::string_view text) {
  std::size_t i = printable_bytes(text);
  while (i < text.size()) {
    // Eight ordinary characters at a time; texts are long and seldom hold anything else.
    if (i + 8 <= text.size() && all_printable_ascii(word_at(text.data() + i))) {
      i += 8;
      continue;
    }
    const std::size_t end = std::min(text.size(), i + 8);
    for (; i < end; ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x20 || c == 0x7F) return true;
      if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
        return true;
      }
      if (c == 0xE2 && (text.substr(i, 3) == "\u2028" || text.substr(i, 3) == "\u2029"))
        return true;
    }
  }
  return false;
}

bool inexact(json::View value, const Shape* shape) {
  return value.is_number() && inexact_in_double(value) &&
         (shape == nullptr || !shape->whole || value.kind() == json::Kind::number);
}

}  // namespace pawl
