// Functions that count characters: charAt, indexOf, lastIndexOf, substring. Positions are of code
// points, not of bytes.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/utf8.h"
#include "lang/cel/functions.h"

namespace pawl::cel {
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
