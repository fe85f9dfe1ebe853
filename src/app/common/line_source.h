// Lines of a descriptor, of any length, without more waiting than it needs.
//
// A program that answers line by line must know when to flush its answers: right before the next
// read could wait. `next` returns a line while there is one in memory, and asks `before_waiting`
// before each read. Memory is bounded: of a line longer than `bytes_max` the first `bytes_max + 1`
// bytes are kept, so that the reader of the line refuses it by its length. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::app {

class LineSource {
 public:
  LineSource(int fd, std::size_t bytes_max, std::function<Status()> before_waiting)
      : fd_(fd), bytes_max_(bytes_max), before_waiting_(std::move(before_waiting)) {}

  // The next line without its line break; a last line needs none. Nothing at the end.
  Result<std::optional<std::string>> next();

 private:
  Status fill();
  void keep(std::string_view piece);

  int fd_;
  std::size_t bytes_max_;
  std::function<Status()> before_waiting_;
  std::string buffer_;
  std::size_t at_ = 0;  // of the first byte in the buffer that is not yet given out
  std::string line_;    // what there is of the line so far
  bool begun_ = false;  // something of a line is there
  bool ended_ = false;
};

// All of it, to a descriptor that may take less at a time.
Status write_fully(int fd, std::string_view text);

}  // namespace pawl::app
