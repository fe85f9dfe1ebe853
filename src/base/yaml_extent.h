// Where the parts of a YAML file stand in its bytes: scalars, collections, comments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace pawl::yaml {

struct Comment {
  std::size_t begin = 0;  // offset of the `#`
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool alone = false;  // nothing else stands in its line
  std::string text;    // with its `#`, without blanks at the end
};

// The bytes of one file that was read without a mistake.
class Extents {
 public:
  Extents(std::string_view text, const Node& root);

  std::size_t offset(const Position& at) const;
  std::uint32_t line(std::size_t offset) const;
  char byte(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  std::string_view text() const { return text_; }
  // A line by its number, without its end; empty behind the last.
  std::string_view line_text(std::uint32_t line) const;
  bool blank(std::uint32_t line) const;

  // One behind the last byte of a scalar or of a collection in brackets. `parent` is the column of
  // what the value belongs to: a block of text goes on while lines are indented further.
  std::size_t behind(const Node& node, std::uint32_t parent) const;
  bool in_brackets(const Node& node) const;
  bool is_block_text(const Node& node) const;

  const std::vector<Comment>& comments() const { return comments_; }
  bool comment_between(std::size_t begin, std::size_t end) const;

 private:
  struct Span {
    std::size_t begin, end;
  };
  void find_texts(const Node& node, std::uint32_t parent, std::vector<Span>& into) const;
  void find_comments(const std::vector<Span>& texts);
  std::size_t behind_quote(std::size_t at) const;
  std::size_t behind_brackets(std::size_t at) const;
  std::size_t behind_block(std::size_t at, std::uint32_t parent) const;

  std::string_view text_;
  std::vector<std::size_t> lines_;
  std::vector<Comment> comments_;
};

}  // namespace pawl::yaml
