// One check of an argument against another of the same kind.
#include <algorithm>
#include <optional>
#include <string_view>

#include "kernel/admit/admit.h"
#include "kernel/constraint/line_rule.h"
#include "kernel/constraint/path_text.h"
#include "kernel/strictness/parts.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {

namespace {

constexpr std::int64_t exact_max = std::int64_t{1} << 53;

bool each_in(const std::vector<std::string>& these, const std::vector<std::string>& those) {
  return std::ranges::all_of(these, [&](const std::string& text) {
    return std::ranges::find(those, text) != those.end();
  });
}

bool each_value_in(const std::vector<Literal>& these, const std::vector<Literal>& those) {
  return std::ranges::all_of(these, [&](const Literal& value) {
    return std::ranges::find(those, value.json, &Literal::json) != those.end();
  });
}

// Texts, numbers and truth values: an excluded value also excludes every other sort than its own.
int sort_of(const Literal& value) {
  if (value.string) return 0;
  if (value.number || value.integer) return 1;
  return value.json == "true" || value.json == "false" ? 2 : 3;
}

bool excludes_more(const std::vector<Literal>& before, const std::vector<Literal>& after) {
  return each_value_in(before, after) && std::ranges::all_of(after, [&](const Literal& value) {
           return std::ranges::any_of(
               before, [&](const Literal& known) { return sort_of(known) == sort_of(value); });
         });
}

// -1, 0, 1 as a is below, at or above b; nothing where rounding could decide it.
std::optional<int> order(const Check& a, const Check& b) {
  if (a.exact_bound && b.exact_bound) {
    return *a.exact_bound < *b.exact_bound ? -1 : (*a.exact_bound > *b.exact_bound ? 1 : 0);
  }
  const auto number = [](const Check& check) -> std::optional<double> {
    if (!check.exact_bound) return check.bound;
    if (*check.exact_bound > exact_max || *check.exact_bound < -exact_max) return std::nullopt;
    return static_cast<double>(*check.exact_bound);
  };
  const std::optional<double> x = number(a);
  const std::optional<double> y = number(b);
  if (!x || !y || !(*x <= *y || *x > *y)) return std::nullopt;
  return *x < *y ? -1 : (*x > *y ? 1 : 0);
}

// A directory that leads elsewhere now opens what was not accepted.
bool lead_no_further(const PathCheck& before, const PathCheck& after) {
  return std::ranges::all_of(after.leads, [&](const auto& lead) {
    return std::ranges::any_of(before.leads, [&](const auto& wider) {
      return lies_under(wider.first, lead.first) && lies_under(wider.second, lead.second);
    });
  });
}

bool as_strict_path(const PathCheck& before, const PathCheck& after) {
  if (!lead_no_further(before, after)) return false;
  const bool more_signs = after.signs.find_first_not_of(before.signs) != std::string::npos;
  if (more_signs || after.base != before.base || !each_in(before.not_in, after.not_in))
    return false;
  if (before.under.empty() && !before.named_only) return true;
  const bool bounded = !after.under.empty() || after.named_only;
  return bounded && std::ranges::all_of(after.under, [&](const std::string& place) {
           return std::ranges::any_of(
               before.under, [&](const std::string& wider) { return lies_under(wider, place); });
         });
}

bool as_strict_url(const UrlCheck& before, const UrlCheck& after) {
  const std::vector<std::string> usual = {"https"};
  const auto& old_schemes = before.schemes.empty() ? usual : before.schemes;
  const auto& new_schemes = after.schemes.empty() ? usual : after.schemes;
  return (!after.hosts.empty() || after.named_only) && each_in(after.hosts, before.hosts) &&
         each_in(new_schemes, old_schemes) && not_above(after.query_max, before.query_max);
}

// Lists of names that both compiled to one spelling.
bool as_strict_sql(const sql::SqlRule& before, const sql::SqlRule& after) {
  const bool columns =
      !before.columns || (after.columns && each_in(*after.columns, *before.columns));
  return before.dialect == after.dialect && each_in(after.statements, before.statements) &&
         each_in(after.tables, before.tables) && columns &&
         each_in(after.functions, before.functions) && each_in(after.types, before.types) &&
         (after.where_required || !before.where_required) &&
         after.statements_max <= before.statements_max;
}

bool as_strict_manifest(const document::ManifestRule& before, const document::ManifestRule& after) {
  const bool places = before.namespaces.empty() ||
                      (!after.namespaces.empty() && each_in(after.namespaces, before.namespaces));
  return places && each_in(after.kinds, before.kinds) && each_in(before.denies, after.denies);
}

// Every text that begins with `narrow` begins with one of `wide`.
bool begins_like(const std::string& narrow, const std::vector<std::string>& wide) {
  return std::ranges::any_of(wide,
                             [&](const std::string& text) { return narrow.starts_with(text); });
}

// A pattern of printable ASCII that is written with nothing that could stand for a control
// character: no dot, no negation, no class by name, no flag, and of the escapes only digits, word
// characters and punctuation.
bool matches_only_lines(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto c = static_cast<unsigned char>(pattern[i]);
    const std::string_view two = pattern.substr(i, 2);
    if (c < 0x20 || c >= 0x7F || c == '.') return false;
    if (two == "[^" || two == "[:" || two == "(?") return false;
    if (c != '\\') continue;
    if (i + 1 == pattern.size()) return false;
    const char escaped = pattern[++i];
    const bool letter = (escaped >= 'a' && escaped <= 'z') || (escaped >= 'A' && escaped <= 'Z');
    const bool number = escaped >= '0' && escaped <= '9';
    if (number || (letter && escaped != 'd' && escaped != 'w' && escaped != 'b')) return false;
  }
  return true;
}

bool plain_text(const std::string& text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7F;
  });
}

}  // namespace

bool as_strict(const Check& before, const Check& after) {
  const std::optional<int> bound = order(after, before);
  switch (before.kind) {
    case CheckKind::in:
      return each_value_in(after.values, before.values);
    case CheckKind::not_in:
      return excludes_more(before.values, after.values);
    case CheckKind::min:
      return bound && *bound >= 0;
    case CheckKind::max:
      return bound && *bound <= 0;
    case CheckKind::matches:
      return !before.texts.empty() && before.texts == after.texts;
    case CheckKind::prefix:
      return !after.texts.empty() && std::ranges::all_of(after.texts, [&](const std::string& text) {
        return begins_like(text, before.texts);
      });
    case CheckKind::max_length:
    case CheckKind::max_items:
      return after.count <= before.count;
    case CheckKind::min_items:
      return after.count >= before.count;
    case CheckKind::single_line:
      return true;
    case CheckKind::path:
      return before.path && after.path && as_strict_path(*before.path, *after.path);
    case CheckKind::url:
      return before.url && after.url && as_strict_url(*before.url, *after.url);
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::hosts_in:
      return (!after.texts.empty() || after.named_only) && each_in(after.texts, before.texts);
    case CheckKind::sql:
      return before.sql && after.sql && as_strict_sql(*before.sql, *after.sql);
    case CheckKind::shell:
    case CheckKind::argv:
      return before.line && after.line && before.line->dialect == after.line->dialect &&
             before.line->spelled == after.line->spelled;
    case CheckKind::manifest:
      return before.manifest && after.manifest &&
             as_strict_manifest(*before.manifest, *after.manifest);
    case CheckKind::json:
      return before.members && after.members &&
             spelled_rules(*before.members) == spelled_rules(*after.members);
    case CheckKind::k8s_kind:
      return before.excludes == after.excludes && !after.texts.empty() &&
             (before.excludes ? each_in(before.texts, after.texts)
                              : each_in(after.texts, before.texts));
  }
  return false;
}

bool lifts_one_line(const Check& check) {
  switch (check.kind) {
    case CheckKind::matches:
      return check.texts.empty() || !matches_only_lines(check.texts.front());
    case CheckKind::in:
      return std::ranges::any_of(check.values, [](const Literal& value) {
        return value.string && !plain_text(*value.string);
      });
    case CheckKind::sql:  // a statement may have many lines, and so may documents and scripts
    case CheckKind::shell:
    case CheckKind::argv:
    case CheckKind::manifest:
    case CheckKind::json:
      return true;
    case CheckKind::k8s_kind:
    case CheckKind::path:  // these refuse control characters by themselves
    case CheckKind::url:
    case CheckKind::email_domain:
    case CheckKind::cidr:
    case CheckKind::not_in:
    case CheckKind::min:
    case CheckKind::max:
    case CheckKind::prefix:
    case CheckKind::max_length:
    case CheckKind::max_items:
    case CheckKind::min_items:
    case CheckKind::single_line:
    case CheckKind::hosts_in:
      return false;
  }
  return true;
}

}  // namespace pawl
