#include "base/yaml_extent.h"

#include <algorithm>

#include "base/utf8.h"

namespace pawl::yaml {

namespace {

std::string_view without_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ' ||
                           line.back() == '\t')) {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

Extents::Extents(std::string_view text, const Node& root) : text_(text) {
  lines_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') lines_.push_back(i + 1);
  }
  std::vector<Span> texts;
  find_texts(root, 0, texts);
  find_comments(texts);
}

std::size_t Extents::offset(const Position& at) const {
  if (at.line == 0 || at.line > lines_.size()) return text_.size();
  std::size_t offset = lines_[at.line - 1];
  for (std::uint32_t column = 1; column < at.column && offset < text_.size(); ++column) {
    offset = utf8::behind(text_, offset);
  }
  return offset;
}

std::uint32_t Extents::line(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(lines_, offset);
  return static_cast<std::uint32_t>(after - lines_.begin());
}

std::string_view Extents::line_text(std::uint32_t line) const {
  if (line == 0 || line > lines_.size()) return {};
  const std::size_t begin = lines_[line - 1];
  const std::size_t end = line < lines_.size() ? lines_[line] : text_.size();
  std::string_view found = text_.substr(begin, end - begin);
  if (found.ends_with('\n')) found.remove_suffix(1);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

bool Extents::blank(std::uint32_t line) const {
  return line >= 1 && line <= lines_.size() && without_end(line_text(line)).empty();
}

bool Extents::in_brackets(const Node& node) const {
  if (!node.is_map() && !node.is_sequence()) return false;
  const char first = byte(offset(node.at));
  return first == '{' || first == '[';
}

bool Extents::is_block_text(const Node& node) const {
  if (!node.is_scalar() || !node.quoted) return false;
  const char first = byte(offset(node.at));
  return first == '|' || first == '>';
}

std::size_t Extents::behind_quote(std::size_t at) const {
  const char quote = text_[at];
  for (++at; at < text_.size(); ++at) {
    if (quote == '"' && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == quote) {
      if (quote == '"' || byte(at + 1) != '\'') return at + 1;
      ++at;
    }
  }
  return text_.size();
}

// Quotes and comments count only where they begin something: inside of a plain word they do not.
std::size_t Extents::behind_brackets(std::size_t at) const {
  const auto begins = [this](std::size_t i) {
    return i == 0 || std::string_view(" \t\r\n{[,:").contains(text_[i - 1]);
  };
  std::size_t depth = 0;
  while (at < text_.size()) {
    const char c = text_[at];
    if ((c == '"' || c == '\'') && begins(at)) {
      at = behind_quote(at);
      continue;
    }
    if (c == '#' && std::string_view(" \t\n").contains(text_[at - 1])) {
      at = std::min(text_.find('\n', at), text_.size());
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    ++at;
  }
  return text_.size();
}

std::size_t Extents::behind_block(std::size_t at, std::uint32_t parent) const {
  std::uint32_t last = line(at);
  for (std::uint32_t next = last + 1; next <= lines_.size(); ++next) {
    const std::string_view found = line_text(next);
    const std::size_t first = found.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    if (first + 1 <= parent) break;
    last = next;
  }
  return lines_[last - 1] + line_text(last).size();
}

std::size_t Extents::behind(const Node& node, std::uint32_t parent) const {
  const std::size_t at = offset(node.at);
  if (node.kind == Kind::null) return at;
  if (in_brackets(node)) return behind_brackets(at);
  if (!node.is_scalar()) return at;
  if (is_block_text(node)) return behind_block(at, parent);
  if (node.quoted) return behind_quote(at);
  // A plain text may go over lines; its words stand one after another.
  std::size_t end = at;
  for (std::size_t i = 0; i < node.text.size(); ++i) {
    if (node.text[i] == ' ' || node.text[i] == '\n') continue;
    while (end < text_.size() && text_[end] != node.text[i]) ++end;
    ++end;
  }
  return std::min(end, text_.size());
}

void Extents::find_texts(const Node& node, std::uint32_t parent,  // NOLINT(misc-no-recursion)
                         std::vector<Span>& into) const {
  switch (node.kind) {
    case Kind::null:
      return;
    case Kind::scalar:
      into.push_back({offset(node.at), behind(node, parent)});
      return;
    case Kind::sequence:
      for (const Node& item : node.items) find_texts(item, node.at.column, into);
      return;
    case Kind::map:
      for (const Entry& entry : node.entries) {
        find_texts(entry.value, entry.key_at.column, into);
      }
      return;
  }
}

void Extents::find_comments(const std::vector<Span>& texts) {
  std::size_t skip = 0;
  std::size_t at = 0;
  while (at < text_.size()) {
    while (skip < texts.size() && texts[skip].end <= at) ++skip;
    if (skip < texts.size() && at >= texts[skip].begin) {
      at = texts[skip].end;
      // A comment may stand behind the `|` of a block of text, which is not looked for.
      continue;
    }
    const bool begins = at == 0 || std::string_view(" \t\n").contains(text_[at - 1]);
    if (text_[at] != '#' || !begins) {
      ++at;
      continue;
    }
    const std::size_t end = std::min(text_.find('\n', at), text_.size());
    Comment comment;
    comment.begin = at;
    comment.line = line(at);
    const std::string_view before =
        text_.substr(lines_[comment.line - 1], at - lines_[comment.line - 1]);
    comment.column = static_cast<std::uint32_t>(before.size()) + 1;
    comment.alone = before.find_first_not_of(" \t") == std::string_view::npos;
    comment.text = without_end(text_.substr(at, end - at));
    comments_.push_back(std::move(comment));
    at = end;
  }
}

bool Extents::comment_between(std::size_t begin, std::size_t end) const {
  return std::ranges::any_of(comments_, [&](const Comment& comment) {
    return comment.begin >= begin && comment.begin < end;
  });
}

}  // namespace pawl::yaml
