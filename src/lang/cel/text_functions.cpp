// Functions that look at a text as a whole: contains, matches, replace, split, join and so on.
#include <algorithm>
#include <array>
#include <cstring>

#include <re2/re2.h>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/cel/collection.h"
#include "lang/cel/functions.h"
#include "lang/cel/text_value.h"

namespace pawl::cel {
namespace {

bool strings(Arguments a, std::size_t count) {
  return std::ranges::all_of(a.first(count),
                             [](const Value& v) { return v.is(ValueKind::string); });
}

Value starts_with(Context&, Arguments a) {
  return strings(a, 2) ? Value::of(a[0].text().starts_with(a[1].text())) : no_such_overload();
}

Value ends_with(Context&, Arguments a) {
  return strings(a, 2) ? Value::of(a[0].text().ends_with(a[1].text())) : no_such_overload();
}

// memmem is linear; the search of std::string_view is not.
std::size_t position(std::string_view text, std::string_view part) {
  if (part.empty()) return 0;
  const void* found = ::memmem(text.data(), text.size(), part.data(), part.size());
  return found == nullptr ? text.npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

Value text_contains(Context& context, Arguments a) {
  if (!strings(a, 2)) return no_such_overload();
  context.charge_bytes(a[0].size);
  return Value::of(position(a[0].text(), a[1].text()) != std::string_view::npos);
}

Value matches(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  if (!a[1].is(ValueKind::pattern)) {
    return a[1].is(ValueKind::string) ? Value::failed(Failure::invalid, "a pattern is a constant")
                                      : no_such_overload();
  }
  context.charge(1 + a[0].size / 16);
  const re2::StringPiece text(a[0].as.text, a[0].size);
  // What PartialMatch would do, without its list of places for groups.
  return Value::of(a[1].as.pattern->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0));
}

template <char First, char Last, char Toward>
Value changed(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  std::string text(a[0].text());
  for (char& c : text) {
    if (c >= First && c <= Last) c = static_cast<char>(c - First + Toward);
  }
  return context.string(text);
}

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value trimmed(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  context.charge_bytes(a[0].size);
  const std::string_view text = a[0].text();
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    if (is_space(utf8::next(rest).value)) continue;
    begin = std::min(begin, at);
    end = text.size() - rest.size();
  }
  return Value::of(begin < end ? text.substr(begin, end - begin) : text.substr(0, 0));
}

Value reversed(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  std::string out(a[0].size, '\0');
  std::size_t at = out.size();
  for (std::string_view rest = a[0].text(); !rest.empty();) {
    const std::string_view before = rest;
    utf8::next(rest);
    const std::size_t size = before.size() - rest.size();
    at -= size;
    before.copy(out.data() + at, size);
  }
  return context.string(out);
}

// A count of parts or of replacements; negative is "all".
std::optional<std::int64_t> count_argument(Arguments a, std::size_t at) {
  if (a.size() <= at) return -1;
  if (!a[at].is(ValueKind::integer)) return {};
  return a[at].as.integer;
}

Value replaced(Context& context, Arguments a) {
  const auto limit = count_argument(a, 3);
  if (!strings(a, 3) || !limit) return no_such_overload();
  std::string_view text = a[0].text();
  const std::string_view from = a[1].text();
  TextBuilder out(context);
  for (std::int64_t left = *limit; left != 0 && !out.full(); --left) {
    const std::size_t at = position(text, from);
    if (at == text.npos) break;
    out.add(text.substr(0, at));
    out.add(a[2].text());
    text.remove_prefix(at + from.size());
    if (!from.empty()) continue;
    // Nothing is found before every character, and behind the last.
    if (text.empty()) break;
    const std::string_view before = text;
    utf8::next(text);
    out.add(before.substr(0, before.size() - text.size()));
  }
  out.add(text);
  return out.done();
}

Value divided(Context& context, Arguments a) {
  const auto limit = count_argument(a, 2);
  if (!strings(a, 2) || !limit) return no_such_overload();
  std::string_view text = a[0].text();
  const std::string_view by = a[1].text();
  std::vector<Value> parts;
  context.charge_bytes(text.size());
  while (*limit != 0 && !context.exhausted) {
    context.charge(1);
    const bool last = *limit > 0 && std::cmp_equal(parts.size() + 1, *limit);
    std::size_t at = last ? text.npos : position(text, by);
    if (by.empty() && !last) {
      std::string_view rest = text;
      if (!rest.empty()) utf8::next(rest);
      at = rest.empty() ? text.npos : text.size() - rest.size();
      if (text.empty()) break;
    }
    parts.push_back(Value::of(text.substr(0, at)));
    if (at == text.npos) break;
    text.remove_prefix(at + by.size());
  }
  return context.list(parts);
}

Value joined(Context& context, Arguments a) {
  if (!a[0].is_list() || (a.size() == 2 && !a[1].is(ValueKind::string))) return no_such_overload();
  TextBuilder out(context);
  for (Walk walk(a[0]); walk.more() && !out.full(); walk.next()) {
    const Value part = walk.value();
    if (!part.is(ValueKind::string)) return no_such_overload();
    if (walk.index() > 0 && a.size() == 2) out.add(a[1].text());
    out.add(part.text());
  }
  return out.done();
}

Value quoted(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view letters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : a[0].text()) {
    const std::size_t at = special.find(c);
    if (at != special.npos) out += '\\';
    out += at == special.npos ? c : letters[at];
  }
  return context.string(out + '"');
}

Value encoded(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::bytes)) return no_such_overload();
  context.charge_bytes(a[0].size);
  return context.string(base64(a[0].text()));
}

// Padding may be missing.
Value decoded(Context& context, Arguments a) {
  if (!a[0].is(ValueKind::string)) return no_such_overload();
  context.charge_bytes(a[0].size);
  std::string text(a[0].text());
  if (text.find('=') == text.npos) text.append((4 - text.size() % 4) % 4, '=');
  std::string out;
  if (!unbase64(text, out)) return Value::failed(Failure::invalid, "this is not base64");
  return context.bytes(out);
}

constexpr auto kTextRows = std::to_array<FunctionRow>({
    {"startsWith", "string.(string) bool", starts_with},
    {"endsWith", "string.(string) bool", ends_with},
    {"contains", "string.(string) bool", text_contains},
    {"matches", "string.(string) bool; (string,string) bool", matches},
    {"lowerAscii", "string.() string", changed<'A', 'Z', 'a'>},
    {"upperAscii", "string.() string", changed<'a', 'z', 'A'>},
    {"trim", "string.() string", trimmed},
    {"reverse", "string.() string", reversed},
    {"replace", "string.(string,string) string; string.(string,string,int) string", replaced},
    {"split", "string.(string) list(string); string.(string,int) list(string)", divided},
    {"join", "list(string).() string; list(string).(string) string", joined},
    {"strings.quote", "(string) string", quoted},
    {"base64.encode", "(bytes) string", encoded},
    {"base64.decode", "(string) bytes", decoded},
});

}  // namespace

std::span<const FunctionRow> text_rows() {
  return kTextRows;
}

// Functions that count characters: charAt, indexOf, lastIndexOf, substring. Positions are of code
// points, not of bytes.

namespace {

Value beyond_text() {
  return Value::failed(Failure::out_of_range, "index out of range");
}

// The byte where character `index` begins; the text's size is behind the last one. Nothing where
// there is no such character.
std::optional<std::size_t> byte_at(std::string_view text, std::int64_t index) {
  if (index < 0) return {};
  std::string_view rest = text;
  for (; index > 0 && !rest.empty(); --index) utf8::next(rest);
  if (index > 0) return {};
  return text.size() - rest.size();
}

std::int64_t characters(std::string_view text) {
  return static_cast<std::int64_t>(utf8::count(text));
}

bool fits(Arguments a, std::size_t texts) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].is(i < texts ? ValueKind::string : ValueKind::integer)) return false;
  }
  return true;
}

Value char_at(Context& context, Arguments a) {
  if (!fits(a, 1)) return no_such_overload();
  context.charge_bytes(a[0].size);
  const auto at = byte_at(a[0].text(), a[1].as.integer);
  if (!at) return beyond_text();
  std::string_view rest = a[0].text().substr(*at);
  const std::string_view from = rest;
  if (!rest.empty()) utf8::next(rest);
  return Value::of(from.substr(0, from.size() - rest.size()));
}

Value index_of(Context& context, Arguments a) {
  if (!fits(a, 2)) return no_such_overload();
  context.charge_bytes(a[0].size);
  const std::string_view text = a[0].text();
  const std::string_view part = a[1].text();
  const auto from = a.size() == 3 ? byte_at(text, a[2].as.integer) : std::size_t{0};
  if (!from) return beyond_text();
  const std::string_view rest = text.substr(*from);
  const void* found =
      part.empty() ? rest.data() : ::memmem(rest.data(), rest.size(), part.data(), part.size());
  if (found == nullptr && !part.empty()) return Value::of(std::int64_t{-1});
  const auto offset = part.empty()
                          ? std::size_t{0}
                          : static_cast<std::size_t>(static_cast<const char*>(found) - rest.data());
  return Value::of(characters(text.substr(0, *from + offset)));
}

Value last_index_of(Context& context, Arguments a) {
  if (!fits(a, 2)) return no_such_overload();
  const std::string_view text = a[0].text();
  const std::string_view part = a[1].text();
  const auto until = a.size() == 3 ? byte_at(text, a[2].as.integer) : text.size();
  if (!until) return beyond_text();
  if (part.size() > text.size()) return Value::of(std::int64_t{-1});
  // Each position is compared with the part, so both lengths are paid for.
  context.charge(1 + text.size() / 64 * (1 + part.size() / 64) + part.size() / 64);
  for (std::size_t at = std::min(*until, text.size() - part.size());; --at) {
    if (context.exhausted) break;
    if (text.substr(at, part.size()) == part) return Value::of(characters(text.substr(0, at)));
    if (at == 0) break;
  }
  return Value::of(std::int64_t{-1});
}

Value substring(Context& context, Arguments a) {
  if (!fits(a, 1)) return no_such_overload();
  context.charge_bytes(a[0].size);
  const std::string_view text = a[0].text();
  const auto begin = byte_at(text, a[1].as.integer);
  const auto end = a.size() == 3 ? byte_at(text, a[2].as.integer) : text.size();
  if (!begin || !end) return beyond_text();
  if (*begin > *end) {
    return Value::failed(Failure::out_of_range, "a substring ends before it begins");
  }
  return Value::of(text.substr(*begin, *end - *begin));
}

constexpr auto kPositionRows = std::to_array<FunctionRow>({
    {"charAt", "string.(int) string", char_at},
    {"indexOf", "string.(string) int; string.(string,int) int", index_of},
    {"lastIndexOf", "string.(string) int; string.(string,int) int", last_index_of},
    {"substring", "string.(int) string; string.(int,int) string", substring},
});

}  // namespace

std::span<const FunctionRow> text_position_rows() {
  return kPositionRows;
}

}  // namespace pawl::cel
