// Lines out of bytes that arrive in any portions. Pure: no descriptor, no loop.
//
//   auto space = splitter.space(shared);      // read into it
//   splitter.filled(count);
//   while (auto item = splitter.next()) …     // lines and notices, in order
//   splitter.settle();                        // before `shared` is used for anything else
//
// Complete lines are delivered straight from the shared buffer; only what is unfinished is copied
// aside, and the rest of a long line is read into the place where its beginning is. So each byte
// is scanned once and a line is copied at most once, and nothing is held between two lines.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace pawl::net {

class LineSplitter {
 public:
  struct Item {
    std::string_view text;  // the line, or the beginning of an overlong one
    bool overlong = false;
  };

  explicit LineSplitter(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  // `shared` must be followed by kLinePaddingBytes of readable memory. Never empty.
  std::span<char> space(std::span<char> shared);
  void filled(std::size_t count);
  std::optional<Item> next();
  void settle();

  // What has arrived and belongs to no finished line, unless it is only blanks. Of an overlong
  // line no text is left, but all its bytes count.
  std::string_view partial() const;
  std::size_t partial_bytes() const { return skipped_ + partial().size(); }
  std::size_t held_bytes() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  bool in_own() const { return base_ == own_.get(); }
  void reserve(std::size_t capacity);
  std::optional<Item> unfinished();

  std::size_t message_bytes_max_;
  std::unique_ptr<char, Free> own_;
  std::size_t capacity_ = 0;  // of own_, without the padding
  char* base_ = nullptr;      // own_ or the shared buffer
  std::size_t begin_ = 0;     // of the current line
  std::size_t scanned_ = 0;   // no newline between begin_ and here
  std::size_t end_ = 0;       // of what has arrived
  bool skipping_ = false;     // behind the limit, up to the next newline
  std::size_t skipped_ = 0;   // bytes of the overlong line that are gone already
};

}  // namespace pawl::net
