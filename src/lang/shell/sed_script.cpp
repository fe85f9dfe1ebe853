// Scripts of sed, read as GNU sed reads them (compile.c of 4.9, and what 4.8 and 4.2 read in the
// same way). What is not recognised, and what versions read in two ways, counts as running a
// program.
#include <algorithm>

#include "lang/shell/analyser.h"
#include "lang/shell/reader.h"

namespace pawl::shell {
namespace {

// Whether a place in a regular expression is inside of `[…]`. There are two ways to read one: with
// a backslash that takes the next character along, and with one that means itself.
class Brackets {
 public:
  bool inside() const { return inside_; }

  void step(char c, char next) {
    if (!inside_) {
      inside_ = c == '[';
      first_ = true;
      before_ = '\0';
      klass_ = '\0';
      return;
    }
    const char before = before_;
    before_ = c;
    if (klass_ != '\0') {
      if (c == ']' && before == klass_) klass_ = '\0';
    } else if (first_ && c == '^' && before != '^') {
      return;
    } else if (c == ']' && !first_) {
      inside_ = false;
    } else if (c == '[' && (next == ':' || next == '.' || next == '=')) {
      klass_ = next;
      before_ = '\0';
    }
    first_ = false;
  }

 private:
  bool inside_ = false;
  bool first_ = false;  // a `]` here is no end
  char klass_ = '\0';   // inside of `[:alpha:]` and the like
  char before_ = '\0';
};

class Sed {
 public:
  explicit Sed(SedScript& out) : out_(out) {}

  // The next -e. What begins in one and ends in the next are only the texts of `a`, `i` and `c`.
  bool piece(std::string_view text) {
    text_ = text;
    at_ = 0;
    if (in_text_) block();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c) || c == '\n' || c == ';') {
        ++at_;
      } else if (!command()) {
        return false;
      }
    }
    return true;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void blanks() {
    while (is_blank(peek())) ++at_;
  }
  bool number() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start;
  }

  bool command() {
    bool addressed = false;
    if (!addresses(addressed)) return false;
    blanks();
    if (peek() == '!') {
      addressed = true;
      ++at_;
      blanks();
    }
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c == '#') {
      // To the end of the line, whatever stands there.
      at_ = std::min(text_.find('\n', at_), text_.size());
      return !addressed;
    }
    if (c == '{') return true;
    if (c == '}') return !addressed && ended();
    if (std::string_view("=dDFgGhHnNpPxz").contains(c)) return ended();
    return with_operand(c);
  }

  bool with_operand(char c) {
    switch (c) {
      case 'q':
      case 'Q':
      case 'l':
        blanks();
        number();
        return ended();
      case 's':
        return substitute();
      case 'y':
        return transliterate();
      case 'a':
      case 'i':
      case 'c':
        return text();
      case ':':
        return label(false);
      case 'b':
      case 't':
      case 'T':
        return label(true);
      case 'r':
      case 'R':
        return file(false);
      case 'w':
      case 'W':
        return file(true);
      default:
        return false;
    }
  }

  bool addresses(bool& any) {
    if (!address(any)) return false;
    if (!any) return true;
    blanks();
    if (peek() != ',') return true;
    ++at_;
    blanks();
    if (peek() == '+' || peek() == '~') {
      ++at_;
      blanks();
      return number();
    }
    bool second = false;
    return address(second) && second;
  }

  // One address; none is fine too.
  bool address(bool& any) {
    const char c = peek();
    any = true;
    if (c == '$') {
      ++at_;
      return true;
    }
    if (number()) {
      const std::size_t behind = at_;
      blanks();
      if (peek() != '~') {
        at_ = behind;
        return true;
      }
      ++at_;
      blanks();
      return number();
    }
    if (c == '/' || c == '\\') {
      at_ += c == '/' ? 0 : 1;
      const char delimiter = peek();
      ++at_;
      if (!usable(delimiter) || !section(delimiter, true)) return false;
      for (blanks(); peek() == 'I' || peek() == 'M'; blanks()) ++at_;
      return true;
    }
    any = false;
    return true;
  }

  static bool usable(char delimiter) {
    return static_cast<unsigned char>(delimiter) >= 0x20 &&
           static_cast<unsigned char>(delimiter) < 0x7f && delimiter != '\\' && delimiter != '[' &&
           delimiter != ']';
  }

  // Up to and with the delimiter; a line end that is not escaped ends nothing. A delimiter in
  // brackets is read in two ways: refused.
  bool section(char delimiter, bool expression) {
    Brackets escaping, plain;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') return false;
      if (c == delimiter) {
        ++at_;
        return !expression || (!escaping.inside() && !plain.inside());
      }
      if (c == '\\') {
        ++at_;
        if (!plain.inside()) continue;
        plain.step(c, peek());
        plain.step(peek(), peek(1));
        continue;
      }
      escaping.step(c, peek(1));
      plain.step(c, peek(1));
    }
    return false;
  }

  bool substitute() {
    const char delimiter = peek();
    ++at_;
    if (!usable(delimiter) || !section(delimiter, true) || !section(delimiter, false)) return false;
    while (at_ < text_.size() &&
           (is_digit(peek()) || std::string_view("gpiImM").contains(peek()))) {
      ++at_;
    }
    if (peek() != 'w') return ended();
    ++at_;
    return file(true);
  }

  bool transliterate() {
    const char delimiter = peek();
    ++at_;
    return usable(delimiter) && section(delimiter, false) && section(delimiter, false) && ended();
  }

  bool ended() {
    blanks();
    return at_ >= text_.size() || std::string_view(";\n}#").contains(peek());
  }

  // Where a label ends has changed with the versions: only what ends it in all of them.
  bool label(bool closes) {
    blanks();
    while (is_name(peek()) || peek() == '-' || peek() == '.') ++at_;
    if (at_ >= text_.size() || peek() == ';' || peek() == '\n') return true;
    if (!closes) return false;
    return ended() && peek() != '#';
  }

  // The whole rest of the line.
  bool file(bool writes) {
    blanks();
    const std::size_t stop = std::min(text_.find('\n', at_), text_.size());
    const std::string_view name = text_.substr(at_, stop - at_);
    at_ = stop;
    // These are the streams that sed has open, and not files.
    const bool stream = name == "/dev/stdout" || name == "/dev/stderr";
    if (!stream) (writes ? out_.files : out_.inputs).emplace_back(name);
    return !name.empty();
  }

  // `a text`, `a\text`, and `a\` with the text on the next line.
  bool text() {
    blanks();
    if (at_ >= text_.size()) return false;
    if (peek() == '\\') {
      const std::size_t blank = at_ + 1;
      ++at_;
      blanks();
      const bool odd = at_ > blank && (at_ >= text_.size() || peek() == '\n');
      if (odd || peek() == '\\') return false;
      if (at_ >= text_.size()) {
        in_text_ = true;
        return true;
      }
      if (peek() == '\n') ++at_;
    }
    block();
    return true;
  }

  // Up to a line end without a backslash before it.
  void block() {
    in_text_ = false;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] != '\\') continue;
      ++at_;
      in_text_ = at_ >= text_.size();
      if (in_text_) return;
    }
  }

  SedScript& out_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool in_text_ = false;
};

}  // namespace

SedScript read_sed(std::span<const std::string> pieces) {
  SedScript out;
  Sed sed(out);
  for (const std::string& piece : pieces) {
    if (sed.piece(piece)) continue;
    out.runs = true;
    break;
  }
  return out;
}

}  // namespace pawl::shell
