#include "base/json_mend.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace pawl::json {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view replacement_escape = "\\ufffd";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t unit_bytes = 6;  // `\uXXXX`

constexpr std::string_view hex_digits = "0123456789abcdef";

bool high_half(unsigned unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool low_half(unsigned unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

// Goes over a text once. What is fine is copied in pieces, up to where something is replaced.
class Mender {
 public:
  Mender(std::string_view text, std::size_t bytes_max) : text_(text), bytes_max_(bytes_max) {}

  std::optional<std::string> run() {
    if (text_.starts_with(byte_order_mark)) replace(byte_order_mark.size(), {});
    while (at_ < text_.size() && out_.size() <= bytes_max_) {
      const char c = text_[at_];
      if (c == '"') {
        inside_ = !inside_;
        ++at_;
      } else if (!inside_) {
        ++at_;
      } else if (c == '\\') {
        escape();
      } else if (static_cast<unsigned char>(c) < 0x20) {
        control(static_cast<unsigned char>(c));
      } else {
        character();
      }
    }
    const std::size_t left = text_.size() - copied_;
    if (copied_ == 0 || out_.size() > bytes_max_ || left > bytes_max_ - out_.size()) {
      return std::nullopt;
    }
    out_ += text_.substr(copied_);
    return std::move(out_);
  }

 private:
  void replace(std::size_t bytes, std::string_view with) {
    out_ += text_.substr(copied_, at_ - copied_);
    out_ += with;
    at_ += bytes;
    copied_ = at_;
  }

  void character() {
    std::string_view rest = text_.substr(at_);
    if (utf8::next(rest).valid) {
      at_ = text_.size() - rest.size();
    } else {
      replace(1, replacement);
    }
  }

  void control(unsigned char c) {
    std::string escaped = "\\u00";
    escaped += hex_digits[c >> 4U];
    escaped += hex_digits[c & 15U];
    replace(1, escaped);
  }

  // The unit of an escape that begins here.
  std::optional<unsigned> unit_at(std::size_t at) const {
    const std::string_view part = text_.substr(std::min(at, text_.size()), unit_bytes);
    if (part.size() < unit_bytes || !part.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    const char* const end = part.data() + part.size();
    const auto read = std::from_chars(part.data() + 2, end, unit, 16);
    return read.ec == std::errc{} && read.ptr == end ? std::optional(unit) : std::nullopt;
  }

  void escape() {
    const auto unit = unit_at(at_);
    if (!unit) {
      // The quote behind a backslash ends nothing; of anything else the next round has a look.
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      at_ += next == '"' || next == '\\' ? 2 : 1;
      return;
    }
    const auto second = high_half(*unit) ? unit_at(at_ + unit_bytes) : std::nullopt;
    if (second && low_half(*second)) {
      at_ += 2 * unit_bytes;
    } else if (high_half(*unit) || low_half(*unit)) {
      replace(unit_bytes, replacement_escape);
    } else {
      at_ += unit_bytes;
    }
  }

  std::string_view text_;
  std::size_t bytes_max_;
  std::size_t at_ = 0;
  std::size_t copied_ = 0;  // of the text, into `out_` or left out
  bool inside_ = false;     // of a string
  std::string out_;
};

}  // namespace

std::optional<std::string> with_replacements(std::string_view text, std::size_t bytes_max) {
  return Mender(text, bytes_max).run();
}

}  // namespace pawl::json
