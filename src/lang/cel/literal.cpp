#include "lang/cel/literal.h"

#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/utf8.h"

namespace pawl::cel {
namespace {

std::optional<std::uint32_t> digits(std::string_view text, int base) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  return value;
}

std::optional<char> simple_escape(char c) {
  constexpr std::string_view letters = "abfnrtv\\?\"'`";
  constexpr std::string_view meant = "\a\b\f\n\r\t\v\\?\"'`";
  const std::size_t at = letters.find(c);
  if (at == letters.npos) return {};
  return meant[at];
}

class Reader {
 public:
  Reader(std::string_view text, bool bytes) : text_(text), bytes_(bytes) {}

  Unescaped run() {
    while (at_ < text_.size() && out_.wrong.empty()) {
      if (text_[at_] == '\\') {
        escape();
      } else {
        out_.text += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  void wrong(std::string message) {
    out_.wrong = std::move(message);
    out_.offset = at_;
  }

  void escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const auto simple = simple_escape(c)) {
      out_.text += *simple;
      at_ += 2;
    } else if (c == 'x' || c == 'X') {
      coded(2, 2, 16);
    } else if (c == 'u' && !bytes_) {
      coded(2, 4, 16);
    } else if (c == 'U' && !bytes_) {
      coded(2, 8, 16);
    } else if (c >= '0' && c <= '3') {
      coded(1, 3, 8);
    } else {
      wrong("unknown escape; `\\\\` is a backslash, and r\"...\" a text without escapes");
    }
  }

  void coded(std::size_t skip, std::size_t count, int base) {
    const std::string_view code = text_.substr(std::min(at_ + skip, text_.size()), count);
    const auto value = code.size() == count ? digits(code, base) : std::nullopt;
    const bool surrogate = value && *value >= 0xD800 && *value <= 0xDFFF;
    if (!value || *value > 0x10FFFF || surrogate) {
      wrong("this escape is not a character");
      return;
    }
    if (bytes_) {
      out_.text += static_cast<char>(static_cast<unsigned char>(*value));
    } else {
      utf8::append(static_cast<char32_t>(*value), out_.text);
    }
    at_ += skip + count;
  }

  std::string_view text_;
  bool bytes_;
  std::size_t at_ = 0;
  Unescaped out_;
};

}  // namespace

Unescaped unescape(std::string_view text, bool bytes) {
  return Reader(text, bytes).run();
}

std::optional<std::uint64_t> read_natural(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  return value;
}

std::optional<std::int64_t> read_integer(std::string_view text, bool negative) {
  const auto value = read_natural(text);
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value || *value > most + (negative ? 1 : 0)) return {};
  // Negated as unsigned, so that the smallest number needs no way of its own.
  return static_cast<std::int64_t>(negative ? 0 - *value : *value);
}

std::optional<double> read_number(std::string_view text) {
  constexpr std::size_t number_bytes_max = 400;
  if (text.empty() || text.size() > number_bytes_max) return {};
  const char first = text.front();
  if (first == ' ' || (first >= '\t' && first <= '\r')) return {};
  if (text.find_first_of("xXpP(") != text.npos) return {};  // hexadecimal and NaN with a payload
  const std::string copy(text);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size()) return {};
  return value;
}

}  // namespace pawl::cel
