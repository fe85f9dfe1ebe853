#include "lang/json_schema/pattern.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "base/utf8.h"

namespace pawl::json_schema {
namespace {

// A pattern gets the small amount, and the large one if it does not fit and there is enough left.
constexpr std::array<std::size_t, 2> memory_steps = {256UL << 10, 4UL << 20};

std::unique_ptr<const re2::RE2> build(const std::string& translated, std::size_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(static_cast<std::int64_t>(memory));
  auto built = std::make_unique<const re2::RE2>(translated, options);
  return built;
}

}  // namespace

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view text) const {
  return compiled->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                         re2::RE2::UNANCHORED, nullptr, 0);
}

Pattern compile_pattern(std::string_view source, std::size_t& left) {
  Pattern out;
  out.source = source;
  const Result<std::string> translated = to_re2(source);
  if (!translated) {
    out.why = translated.error().message;
    return out;
  }
  for (std::size_t memory : memory_steps) {
    if (memory > left) break;
    auto built = build(*translated, memory);
    if (built->ok()) {
      out.compiled = std::move(built);
      out.why.clear();
      left -= memory;
      return out;
    }
    out.why = escape_untrusted(built->error());
    if (built->error_code() != re2::RE2::ErrorPatternTooLarge) return out;
  }
  if (out.why.empty()) out.why = "the patterns of this schema take too much memory";
  return out;
}

// The syntax of ECMA-262's regular expressions, written again as RE2's. See pattern.h.

namespace {

constexpr std::string_view any_point = "[\\x{0}-\\x{10ffff}]";
constexpr std::string_view no_point = "[^\\x{0}-\\x{10ffff}]";
constexpr std::string_view no_line_end = "[^\\n\\r\\x{2028}\\x{2029}]";
// Inside brackets; `\s` of ECMA-262 and everything else.
constexpr std::string_view blanks =
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"
    "\\x{3000}\\x{feff}";
constexpr std::string_view no_blanks =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";

// Long names of general categories, and RE2's.
constexpr auto categories = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"Letter", "L"},
    {"Lowercase_Letter", "Ll"},
    {"Uppercase_Letter", "Lu"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"Punctuation", "P"},
    {"Symbol", "S"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Control", "Cc"},
});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

class Translator {
 public:
  explicit Translator(std::string_view from) : rest_(from) {}

  Result<std::string> run() {
    while (!rest_.empty() && why_.empty()) term();
    if (!why_.empty()) return fail(ErrorKind::invalid, std::move(why_));
    return std::move(out_);
  }

 private:
  // What stands for one code point, or for several (a class, ready to stand inside brackets).
  struct Item {
    char32_t point = 0;
    std::string several;
  };

  void wrong(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char32_t take_point() { return utf8::next(rest_).value; }
  void put(char32_t point) { out_ += fmt::format("\\x{{{:x}}}", static_cast<unsigned>(point)); }

  void term();
  void group();
  void brackets();
  void quantifier();
  void escape();
  std::optional<Item> escaped(bool in_brackets);
  std::optional<Item> escaped_letter(char letter, bool in_brackets);
  std::optional<Item> unicode();
  std::optional<Item> property(bool opposite);
  std::optional<unsigned> hex(std::size_t digits);
  std::optional<Item> bracket_item();

  std::string_view rest_;
  std::string out_;
  std::string why_;
};

void Translator::term() {
  const char c = rest_.front();
  switch (c) {
    case '\\':
      return escape();
    case '[':
      return brackets();
    case '(':
      return group();
    case '{':
      return quantifier();
    case '.':
      out_ += no_line_end;
      break;
    case '^':
      out_ += "\\A";
      break;
    case '$':
      out_ += "\\z";
      break;
    case ')':
    case '|':
    case '*':
    case '+':
    case '?':
      out_ += c;
      break;
    default:
      return put(take_point());
  }
  rest_.remove_prefix(1);
}

void Translator::group() {
  if (take("(?=") || take("(?!")) return wrong("it looks ahead");
  if (take("(?<=") || take("(?<!")) return wrong("it looks behind");
  if (take("(?<")) {
    const std::size_t end = rest_.find('>');
    if (end == std::string_view::npos) return wrong("a group's name has no end");
    rest_.remove_prefix(end + 1);
  } else if (!take("(?:")) {
    if (rest_.starts_with("(?")) return wrong("it has a group of an unknown kind");
    rest_.remove_prefix(1);
  }
  out_ += "(?:";
}

// `{2}`, `{2,}`, `{2,5}`; anything else is a brace.
void Translator::quantifier() {
  std::size_t at = 1;
  while (at < rest_.size() && is_digit(rest_[at])) ++at;
  bool counts = at > 1;
  if (counts && at < rest_.size() && rest_[at] == ',') {
    ++at;
    while (at < rest_.size() && is_digit(rest_[at])) ++at;
  }
  counts = counts && at < rest_.size() && rest_[at] == '}';
  if (!counts) return put(take_point());
  out_ += rest_.substr(0, at + 1);
  rest_.remove_prefix(at + 1);
}

void Translator::escape() {
  if (take("\\b")) {
    out_ += "\\b";
    return;
  }
  if (take("\\B")) {
    out_ += "\\B";
    return;
  }
  const std::optional<Item> item = escaped(false);
  if (!item) return;
  if (item->several.empty()) return put(item->point);
  out_ += "[" + item->several + "]";
}

std::optional<Translator::Item> Translator::escaped(bool in_brackets) {
  rest_.remove_prefix(1);
  if (rest_.empty()) {
    wrong("it ends with a backslash");
    return std::nullopt;
  }
  const char c = rest_.front();
  if (is_letter(c)) {
    rest_.remove_prefix(1);
    return escaped_letter(c, in_brackets);
  }
  if (is_digit(c)) {
    rest_.remove_prefix(1);
    if (c == '0' && (rest_.empty() || !is_digit(rest_.front()))) return Item{};
    wrong("it refers back to a group");
    return std::nullopt;
  }
  return Item{take_point(), {}};
}

std::optional<Translator::Item> Translator::escaped_letter(char letter, bool in_brackets) {
  switch (letter) {
    case 'd':
      return Item{0, "0-9"};
    case 'D':
      return Item{0, "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}"};
    case 'w':
      return Item{0, "0-9A-Z_a-z"};
    case 'W':
      return Item{0, "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}"};
    case 's':
      return Item{0, std::string(blanks)};
    case 'S':
      return Item{0, std::string(no_blanks)};
    case 't':
      return Item{'\t', {}};
    case 'n':
      return Item{'\n', {}};
    case 'v':
      return Item{'\v', {}};
    case 'f':
      return Item{'\f', {}};
    case 'r':
      return Item{'\r', {}};
    case 'p':
    case 'P':
      return property(letter == 'P');
    case 'u':
      return unicode();
    case 'x':
      if (const auto point = hex(2)) return Item{*point, {}};
      break;
    case 'c':
      if (!rest_.empty() && is_letter(rest_.front())) {
        return Item{take_point() % 32, {}};
      }
      break;
    case 'b':
      if (in_brackets) return Item{'\b', {}};
      break;
    case 'k':
      wrong("it refers back to a group");
      return std::nullopt;
    default:
      break;
  }
  wrong(fmt::format("`\\{}` means nothing there", letter));
  return std::nullopt;
}

std::optional<unsigned> Translator::hex(std::size_t digits) {
  unsigned value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const auto digit = i < rest_.size() ? hex_digit(rest_[i]) : std::nullopt;
    if (!digit) return std::nullopt;
    value = value * 16 + *digit;
  }
  rest_.remove_prefix(digits);
  return value;
}

std::optional<Translator::Item> Translator::unicode() {
  std::optional<unsigned> point;
  if (take("{")) {
    const std::size_t digits = rest_.find('}');
    if (digits != std::string_view::npos && digits > 0 && digits <= 6) point = hex(digits);
    if (!take("}")) point.reset();
  } else {
    point = hex(4);
    const bool high = point && *point >= 0xd800 && *point < 0xdc00;
    if (high && take("\\u")) {
      const auto low = hex(4);
      const bool pair = low && *low >= 0xdc00 && *low < 0xe000;
      point = pair ? std::optional(0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00))
                   : std::nullopt;
    }
  }
  if (point && *point <= 0x10ffff && (*point < 0xd800 || *point > 0xdfff)) return Item{*point, {}};
  wrong("`\\u` names no character");
  return std::nullopt;
}

std::optional<Translator::Item> Translator::property(bool opposite) {
  const std::size_t end = rest_.find('}');
  if (!take("{") || end == std::string_view::npos || end < 2) {
    wrong("`\\p` names no property");
    return std::nullopt;
  }
  std::string_view name = rest_.substr(0, end - 1);
  rest_.remove_prefix(end);
  for (std::string_view kind : {"General_Category=", "gc=", "Script=", "sc="}) {
    if (name.starts_with(kind)) name.remove_prefix(kind.size());
  }
  for (char c : name) {
    if (is_letter(c) || c == '_') continue;
    wrong("`\\p` names no property that is known");
    return std::nullopt;
  }
  for (const auto& [long_name, short_name] : categories) {
    if (name == long_name) name = short_name;
  }
  if (name == "Any") {
    return Item{0, opposite ? "\\P{Any}" : "\\x{0}-\\x{10ffff}"};
  }
  if (name == "ASCII") {
    return Item{0, opposite ? "\\x{80}-\\x{10ffff}" : "\\x{0}-\\x{7f}"};
  }
  return Item{0, fmt::format("\\{}{{{}}}", opposite ? 'P' : 'p', name)};
}

std::optional<Translator::Item> Translator::bracket_item() {
  if (rest_.front() == '\\') return escaped(true);
  return Item{take_point(), {}};
}

void Translator::brackets() {
  rest_.remove_prefix(1);
  const bool negated = take("^");
  if (take("]")) {
    out_ += negated ? any_point : no_point;
    return;
  }
  out_ += negated ? "[^" : "[";
  while (!rest_.empty() && rest_.front() != ']') {
    const std::optional<Item> first = bracket_item();
    if (!first) return;
    const bool range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
    if (!range) {
      if (first->several.empty()) put(first->point);
      out_ += first->several;
      continue;
    }
    rest_.remove_prefix(1);
    const std::optional<Item> last = bracket_item();
    if (!last) return;
    const bool points = first->several.empty() && last->several.empty();
    if (!points || last->point < first->point) return wrong("a range has no plain ends");
    put(first->point);
    out_ += '-';
    put(last->point);
  }
  if (!take("]")) return wrong("a class has no end");
  out_ += ']';
}

}  // namespace

Result<std::string> to_re2(std::string_view ecma) {
  return Translator(ecma).run();
}

}  // namespace pawl::json_schema
