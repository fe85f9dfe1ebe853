// Characters, levels, ends of lines.
#include "lang/shell/reader.h"

#include "base/text.h"
#include "base/utf8.h"

namespace pawl::shell {

Reader::Reader(std::string_view text, Dialect dialect, const Limits& limits)
    : text_(text),
      dialect_(dialect),
      limits_(limits),
      end_(static_cast<std::uint32_t>(text.size())) {}

void Reader::read(Line& line) {
  line.list = read_list();
  if (!broken_ && pos_ < end_) stop("expected the end of a command here");
  if (!broken_ && !pending_.empty()) trouble(pending_[0].at, "a here-document has no body");
  line.troubles = std::move(troubles_);
}

bool Reader::sees(std::string_view text) const {
  return pos_ + text.size() <= end_ && text_.substr(pos_, text.size()) == text;
}

bool Reader::take(std::string_view text) {
  if (!sees(text)) return false;
  pos_ += static_cast<std::uint32_t>(text.size());
  return true;
}

void Reader::trouble(std::uint32_t at, std::string_view why) {
  // One reason is enough for a denial; a handful is enough for a person.
  constexpr std::size_t troubles_max = 8;
  if (troubles_.size() < troubles_max) troubles_.push_back({at, std::string(why)});
}

void Reader::stop(std::string_view why) {
  if (broken_) return;
  trouble(pos_, why);
  broken_ = true;
}

bool Reader::deeper() {
  if (++level_ <= limits_.levels_max) return !broken_;
  stop("too many levels");
  return false;
}

void Reader::bash_only(std::string_view what) {
  if (bash()) return;
  trouble(pos_, std::string(what) + " means different things to different shells");
}

void Reader::skip_blanks() {
  for (;;) {
    if (is_blank(peek())) {
      ++pos_;
    } else if (peek() == '\\' && peek(1) == '\n') {
      // Behind a blank nothing is joined; elsewhere the word reader meets it and refuses.
      if (pos_ > 0 && !is_blank(text_[pos_ - 1]) && text_[pos_ - 1] != '\n') {
        return stop("a line is continued in the middle of a word");
      }
      pos_ += 2;
    } else if (peek() == '#' && (pos_ == 0 || is_divider(text_[pos_ - 1]))) {
      while (pos_ < end_ && peek() != '\n') ++pos_;
    } else {
      return;
    }
    if (done()) return;
  }
}

void Reader::end_line() {
  ++pos_;
  if (!pending_.empty()) read_pending();
}

void Reader::skip_lines() {
  skip_blanks();
  while (!done() && peek() == '\n') {
    end_line();
    skip_blanks();
  }
}

bool is_identifier(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return false;
  for (const char c : text) {
    if (!is_name(c)) return false;
  }
  return true;
}

const std::string* Word::literal() const {
  static const std::string empty;
  if (parts.empty()) return &empty;
  return parts.size() == 1 && parts[0].kind == PartKind::text ? &parts[0].text : nullptr;
}

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::posix:
      return "sh";
    case Dialect::bash:
      return "bash";
  }
  return "";
}

Result<Dialect> parse_dialect(std::string_view name) {
  if (name == "sh" || name == "posix") return Dialect::posix;
  if (name == "bash") return Dialect::bash;
  return fail(
      ErrorKind::invalid,
      "`" + escape_untrusted(name) + "` is no shell that can be analysed: expected `sh` or `bash`");
}

Result<Line> parse(std::string_view text, Dialect dialect, const Limits& limits) {
  if (text.size() > limits.text_bytes_max) {
    return fail(ErrorKind::invalid, "the command line has more than " +
                                        std::to_string(limits.text_bytes_max) + " bytes");
  }
  if (!is_ascii(text) && !valid_utf8(text)) {
    return fail(ErrorKind::invalid, "the command line is not UTF-8");
  }
  if (text.contains('\0')) return fail(ErrorKind::invalid, "the command line has a zero byte");
  Line line{dialect, limits, std::string(text), {}, {}};
  Reader(line.text, dialect, limits).read(line);
  return line;
}

}  // namespace pawl::shell
