// The bytes of a YAML file before a YAML parser sees them.
//
// Finds what is wrong with the bytes themselves, and makes a working copy of exactly the same
// length in which those places are harmless, so that reading can go on and find the rest. Offsets
// are the same in both, and `at` turns them into lines and columns (in characters).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::yaml {

class Source {
 public:
  Source(std::string_view text, std::string_view file);

  const std::string& working() const { return working_; }
  const std::vector<Error>& errors() const { return errors_; }
  // Lines were left out of the working copy; what is missing or looks wrong may be due to that.
  bool lines_dropped() const { return lines_dropped_; }

  Position at(std::size_t offset) const;
  char byte(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  // What stood at `offset` before a repair, or empty if nothing there was repaired.
  std::string_view repaired(std::size_t offset) const;

  // If a value near `offset`, where reading failed, is text that YAML takes for something else,
  // reports it with the advice to quote it and makes it harmless. False if there is none.
  bool repair(std::size_t offset);

 private:
  struct Span {
    std::size_t first = 0;
    std::size_t last = 0;  // one behind
  };

  void check_characters();
  void check_line(Span line);
  void check_directives();
  void report(std::size_t offset, std::string message);
  bool repair_token(std::size_t offset);
  bool repair_line(std::size_t line);
  void overwrite(Span span);
  Span line_span(std::size_t line) const;
  std::size_t line_of(std::size_t offset) const;
  std::string_view part(Span span) const;

  std::string_view text_;
  std::string file_;
  std::string working_;
  std::vector<std::size_t> line_starts_;
  std::vector<Error> errors_;
  std::vector<Span> repairs_;
  bool lines_dropped_ = false;
  // The place asked for last: asking in the order of the file costs one pass in all.
  mutable std::size_t last_offset_ = 0;
  mutable std::size_t last_column_ = 0;
};

}  // namespace pawl::yaml
