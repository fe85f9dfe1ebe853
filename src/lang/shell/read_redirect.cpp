// Redirections and here-documents.
#include "lang/shell/reader.h"

namespace pawl::shell {
namespace {

std::uint32_t number_of(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char digit : digits.substr(0, 4)) {
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return number;
}

}  // namespace

// Digits directly before `<` or `>` belong to it; so does `&>`.
bool Reader::at_redirect() const {
  std::uint32_t at = pos_;
  while (at < end_ && is_digit(text_[at])) ++at;
  if (at >= end_) return false;
  if (at == pos_ && text_[at] == '&') return at + 1 < end_ && text_[at + 1] == '>';
  if (text_[at] != '<' && text_[at] != '>') return false;
  // `<(` and `>(` at the beginning of a word are substitutions.
  return at != pos_ || at + 1 >= end_ || text_[at + 1] != '(';
}

Redirect Reader::read_redirect() {
  Redirect redirect;
  redirect.at = pos_;
  while (is_digit(peek())) ++pos_;
  if (pos_ > redirect.at + 1) bash_only("a descriptor of several digits");
  const std::string_view digits = text_.substr(redirect.at, pos_ - redirect.at);
  if (digits.size() > 4) trouble(redirect.at, "a descriptor of many digits");
  redirect.descriptor = digits.empty() ? (peek() == '<' ? 0 : 1) : number_of(digits);
  bool copies = false;
  if (sees("&>")) {
    bash_only("`&>`");
    redirect.both = true;
    pos_ += sees("&>>") ? 3 : 2;
    redirect.kind = text_[pos_ - 2] == '>' ? RedirectKind::append : RedirectKind::write;
  } else if (take("<<<")) {
    bash_only("`<<<`");
    redirect.kind = RedirectKind::here_text;
  } else if (sees("<<")) {
    read_here(redirect);
    return redirect;
  } else if (take("<>")) {
    redirect.kind = RedirectKind::read_write;
  } else if (take("<&") || take(">&")) {
    copies = true;
    redirect.kind = RedirectKind::duplicate;
  } else if (take(">>")) {
    redirect.kind = RedirectKind::append;
  } else if (take(">|") || take(">")) {
    redirect.kind = RedirectKind::write;
  } else {
    ++pos_;
  }
  skip_blanks();
  const bool process = sees("<(") || sees(">(");
  if (done() || (is_divider(peek()) && !process)) {
    stop("a redirection without a target");
    return redirect;
  }
  redirect.target = read_word(Place::command);
  if (!copies) return redirect;
  // `>&2`, `2>&-`, `2>&1-` copy a descriptor; `>&file` is a file to bash and an error to dash.
  const std::string* target = redirect.target.literal();
  if (target == nullptr || target->find_first_not_of("0123456789-") != std::string::npos) {
    trouble(redirect.at, "a descriptor is copied from a word that is no number");
  }
  return redirect;
}

void Reader::read_redirects(Node& node) {
  for (skip_blanks(); !done() && at_redirect(); skip_blanks()) {
    if (peek() == '&' && !bash()) return;  // the `&` of `( … ) & > file`: refused by the list
    node.redirects.push_back(read_redirect());
  }
}

void Reader::read_here(Redirect& redirect) {
  redirect.kind = RedirectKind::here;
  Pending pending;
  pending.at = redirect.at;
  pos_ += 2;
  pending.strip = take("-");
  skip_blanks();
  if (inside_ > 0) return stop("a here-document inside of a substitution");
  char quote = '\0';
  if (peek() == '\'' || peek() == '"') {
    quote = peek();
    ++pos_;
    pending.quoted = true;
  }
  while (is_name(peek()) || peek() == '-' || peek() == '.') pending.delimiter += text_[pos_++];
  if (quote != '\0' && !take(std::string_view(&quote, 1))) {
    return stop("the end mark of a here-document is not a simple word");
  }
  if (pending.delimiter.empty() || (pos_ < end_ && !is_divider(peek()))) {
    return stop("the end mark of a here-document is not a simple word");
  }
  pending_.push_back(std::move(pending));
}

// The bodies that begin behind this line end. An unquoted body with anything but plain text is
// refused: what is expanded in it, and how, is not worth a reader of its own.
void Reader::read_pending() {
  const std::vector<Pending> all = std::move(pending_);
  pending_.clear();
  for (const Pending& pending : all) {
    bool closed = false;
    while (!closed && pos_ < end_) {
      std::uint32_t stop_at = pos_;
      while (stop_at < end_ && text_[stop_at] != '\n') ++stop_at;
      std::string_view line = text_.substr(pos_, stop_at - pos_);
      while (pending.strip && line.starts_with('\t')) line.remove_prefix(1);
      closed = line == pending.delimiter;
      if (!pending.quoted && line.find_first_of("$`\\") != std::string_view::npos) {
        trouble(pos_, "a here-document with expansions");
      }
      pos_ = stop_at < end_ ? stop_at + 1 : end_;
    }
    if (!closed) return stop("a here-document is not closed");
  }
}

}  // namespace pawl::shell
