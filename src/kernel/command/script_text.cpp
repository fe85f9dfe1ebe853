// Programs in an argument: the parts of sed and awk that only read and print. Everything that is
// not recognised counts as dangerous.
#include "kernel/command/analyser.h"
#include "kernel/command/reader.h"

namespace pawl::command {
namespace {

class Sed {
 public:
  explicit Sed(std::string_view text) : text_(text) {}

  bool harmless() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c) || c == '\n' || c == ';' || c == '{' || c == '}') {
        ++at_;
      } else if (!address() || !command()) {
        return false;
      }
    }
    return true;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool address() {
    for (;;) {
      const char c = peek();
      if (is_digit(c) || is_blank(c) || c == '$' || c == ',' || c == '~' || c == '+' || c == '!') {
        ++at_;
      } else if (c == '/') {
        ++at_;
        if (!section('/')) return false;
        while (peek() == 'I' || peek() == 'M') ++at_;
      } else {
        return c != '\\';
      }
    }
  }

  // Up to and with the delimiter. A delimiter in brackets is read in two ways: refused.
  bool section(char delimiter) {
    bool bracket = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == delimiter) {
        ++at_;
        return !bracket;
      } else if (c == '\n') {
        return false;
      } else if (c == '[') {
        bracket = true;
      } else if (c == ']') {
        bracket = false;
      }
    }
    return false;
  }

  bool substitute(bool flags) {
    const char delimiter = peek();
    const bool usable = delimiter != '\0' && delimiter != '\n' && delimiter != '\\' &&
                        delimiter != '[' && delimiter != ']';
    ++at_;
    if (!usable || !section(delimiter)) return false;
    // The replacement knows no brackets.
    for (; at_ < text_.size() && text_[at_] != delimiter; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    while (flags && (is_digit(peek()) || std::string_view("gpiIm").contains(peek())) &&
           at_ < text_.size()) {
      ++at_;
    }
    return ended();
  }

  bool ended() {
    while (is_blank(peek())) ++at_;
    return at_ >= text_.size() || peek() == ';' || peek() == '\n' || peek() == '}';
  }

  void rest_of_line() {
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
  }

  bool command() {
    const char c = peek();
    if (c == '\0' || c == '{' || c == '}') return c != '\0';
    ++at_;
    switch (c) {
      case '=':
      case 'd':
      case 'D':
      case 'g':
      case 'G':
      case 'h':
      case 'H':
      case 'n':
      case 'N':
      case 'p':
      case 'P':
      case 'x':
      case 'z':
        return ended();
      case 'q':
      case 'Q':
      case 'l':
        while (is_digit(peek()) || is_blank(peek())) ++at_;
        return ended();
      case 's':
        return substitute(true);
      case 'y':
        return substitute(false);
      case 'a':
      case 'i':
      case 'c':
      case '#':
        rest_of_line();
        return true;
      case ':':
      case 'b':
      case 't':
      case 'T':
        while (is_blank(peek())) ++at_;
        while (is_name(peek())) ++at_;
        return ended();
      default:
        return false;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool harmless_sed(std::string_view script) {
  return Sed(script).harmless();
}

// Names in awk have one spelling, so their absence proves something: without `system`, `getline`
// and a `print` before it, neither `|` nor `>` starts or writes anything.
bool harmless_awk(std::string_view script) {
  for (const std::string_view word : {"system", "@", "/inet", "getline", "\\\n", "\\\r"}) {
    if (script.contains(word)) return false;
  }
  const std::size_t print = script.find("print");
  if (print == std::string_view::npos) return true;
  return script.find('>', print) == std::string_view::npos &&
         script.find('|', print) == std::string_view::npos;
}

}  // namespace pawl::command
