#include "base/json_mistake.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/json_number.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl::json {
namespace {

constexpr std::size_t shown_bytes_max = 40;

enum class Expect : std::uint8_t { value, element_or_end, name_or_end, name, colon, next, nothing };

class Reader {
 public:
  Reader(std::string_view text, std::size_t depth_max) : text_(text), depth_max_(depth_max) {}

  std::optional<Mistake> run() {
    while (!mistake_) {
      skip_blanks();
      if (at_ == text_.size()) {
        if (expect_ != Expect::nothing) wrong(at_, "the text ends too early");
        break;
      }
      step(text_[at_]);
    }
    return mistake_;
  }

 private:
  void step(char c) {
    switch (expect_) {
      case Expect::value:
        return value(c);
      case Expect::element_or_end:
        return c == ']' ? close(c) : value(c);
      case Expect::name_or_end:
        return c == '}' ? close(c) : name(c);
      case Expect::name:
        return name(c);
      case Expect::colon:
        if (c != ':') return wrong(at_, "expected `:`");
        ++at_;
        expect_ = Expect::value;
        return;
      case Expect::next:
        return next(c);
      case Expect::nothing:
        return wrong(at_, "more text follows the value");
    }
  }

  void value(char c) {
    if (c == '{' || c == '[') return open(c);
    if (c == '"') {
      string();
    } else if (c == '-' || is_digit(c)) {
      number();
    } else {
      word();
    }
    end_of_value();
  }

  void open(char c) {
    if (open_.size() == depth_max_) {
      return wrong(at_, fmt::format("nested deeper than {} levels", depth_max_));
    }
    open_.push_back(c);
    ++at_;
    expect_ = c == '{' ? Expect::name_or_end : Expect::element_or_end;
  }

  void close(char c) {
    if (open_.back() != (c == '}' ? '{' : '[')) return wrong(at_, "closed by the wrong bracket");
    open_.pop_back();
    ++at_;
    end_of_value();
  }

  void name(char c) {
    if (c != '"') return wrong(at_, "expected a name in double quotes");
    string();
    expect_ = Expect::colon;
  }

  void next(char c) {
    if (c == ']' || c == '}') return close(c);
    const bool object = open_.back() == '{';
    if (c != ',') return wrong(at_, object ? "expected `,` or `}`" : "expected `,` or `]`");
    ++at_;
    expect_ = object ? Expect::name : Expect::value;
  }

  void end_of_value() { expect_ = open_.empty() ? Expect::nothing : Expect::next; }

  void word() {
    for (std::string_view known : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(known)) {
        at_ += known.size();
        return;
      }
    }
    wrong(at_, "expected a value");
  }

  std::size_t digits() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  }

  bool take(std::string_view any_of) {
    if (at_ == text_.size() || any_of.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  void number() {
    const std::size_t from = at_;
    const std::size_t token = text_.find_first_not_of("0123456789+-.eE", from);
    const std::string_view spelled = text_.substr(from, token - from);
    take("-");
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t whole = digits();
    bool good = whole > 0 && !(zero && whole > 1);
    bool integer = true;
    if (good && take(".")) {
      integer = false;
      good = digits() > 0;
    }
    if (good && take("eE")) {
      integer = false;
      take("+-");
      good = digits() > 0;
    }
    if (!good || at_ - from != spelled.size()) {
      return wrong(from, shown(spelled) + " is not a number as JSON spells it");
    }
    range(from, spelled, integer);
  }

  void range(std::size_t from, std::string_view spelled, bool integer) {
    const Decimal exact = read_decimal(spelled);
    const bool whole = exact.form == Decimal::Form::integer || exact.form == Decimal::Form::natural;
    if (whole) return;
    if (integer) return wrong(from, shown(spelled) + " does not fit in an integer of 64 bits");
    double value = 0;
    const char* first = spelled.data();
    if (std::from_chars(first, first + spelled.size(), value).ec ==
        std::errc::result_out_of_range) {
      wrong(from, shown(spelled) + " is out of the range of numbers");
    }
  }

  void string() {
    const std::size_t from = at_++;
    while (!mistake_) {
      if (at_ == text_.size()) return wrong(from, "this text has no closing quote");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (c == '\\') {
        escape();
      } else if (static_cast<unsigned char>(c) < 0x20) {
        wrong(at_, "a control character inside a text must be written as an escape");
      } else {
        character();
      }
    }
  }

  void character() {
    std::string_view rest = text_.substr(at_);
    if (!utf8::next(rest).valid) return wrong(at_, "the text is not valid UTF-8");
    at_ = text_.size() - rest.size();
  }

  void escape() {
    const std::size_t from = at_++;
    if (at_ < text_.size() && text_[at_] != 'u') {
      if (!take("\"\\/bfnrt")) wrong(from, "an unknown escape");
      return;
    }
    unsigned unit = 0;
    if (!code_unit(unit)) return wrong(from, "an escape needs four hexadecimal digits");
    if (unit < 0xD800 || unit > 0xDFFF) return;
    unsigned low = 0;
    const bool paired =
        unit < 0xDC00 && take("\\") && code_unit(low) && low >= 0xDC00 && low <= 0xDFFF;
    if (!paired) wrong(from, "half of a surrogate pair stands alone");
  }

  // `uXXXX` behind a backslash.
  bool code_unit(unsigned& unit) {
    if (!take("u") || text_.size() - at_ < 4) return false;
    const char* first = text_.data() + at_;
    const auto read = std::from_chars(first, first + 4, unit, 16);
    if (read.ptr != first + 4) return false;
    at_ += 4;
    return true;
  }

  static std::string shown(std::string_view token) {
    const bool cut = token.size() > shown_bytes_max;
    return "`" + escape_untrusted(token.substr(0, shown_bytes_max)) + (cut ? "…`" : "`");
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  void wrong(std::size_t offset, std::string message) {
    if (!mistake_) mistake_ = Mistake{offset, std::move(message)};
  }

  std::string_view text_;
  std::size_t depth_max_;
  std::size_t at_ = 0;
  Expect expect_ = Expect::value;
  std::vector<char> open_;
  std::optional<Mistake> mistake_;
};

}  // namespace

std::optional<Mistake> first_mistake(std::string_view text, std::size_t depth_max) {
  return Reader(text, depth_max).run();
}

Position position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  Position at;
  at.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  at.column = static_cast<std::uint32_t>(utf8::count(before.substr(line_start)) + 1);
  return at;
}

}  // namespace pawl::json
