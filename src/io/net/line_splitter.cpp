#include "io/net/line_splitter.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "io/net/pipe.h"

namespace pawl::net {
namespace {

// Least free room that is worth a read.
constexpr std::size_t kReadBytesMin = 64UL << 10;

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string_view without_carriage_return(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

std::span<char> LineSplitter::space(std::span<char> shared) {
  if (begin_ == end_) {
    // Nothing is unfinished: no memory of our own is needed.
    own_.reset();
    capacity_ = 0;
    base_ = shared.data();
    begin_ = scanned_ = end_ = 0;
    return shared;
  }
  if (capacity_ - end_ < kReadBytesMin) reserve(end_ + std::max(end_, kReadBytesMin));
  return {base_ + end_, capacity_ - end_};
}

// realloc, because the memory of a long line is then moved by its page table and not by copying,
// and new memory is not written before it is read into.
void LineSplitter::reserve(std::size_t capacity) {
  void* memory = std::realloc(own_.get(), capacity + kLinePaddingBytes);
  if (memory == nullptr) throw std::bad_alloc();
  [[maybe_unused]] char* const moved = own_.release();
  own_.reset(static_cast<char*>(memory));
  base_ = own_.get();
  capacity_ = capacity;
}

void LineSplitter::filled(std::size_t count) {
  end_ += count;
}

std::optional<LineSplitter::Item> LineSplitter::next() {
  while (scanned_ < end_) {
    const void* found = std::memchr(base_ + scanned_, '\n', end_ - scanned_);
    if (found == nullptr) return unfinished();
    const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - base_);
    const std::string_view line = without_carriage_return({base_ + begin_, newline - begin_});
    begin_ = scanned_ = newline + 1;
    if (skipping_) {
      skipping_ = false;
      skipped_ = 0;
      continue;
    }
    if (line.size() > message_bytes_max_) return Item{line.substr(0, kOverlongHeadBytes), true};
    if (!blank(line)) return Item{line, false};
  }
  return std::nullopt;
}

// No newline in what has arrived: is the line too long already? A final '\r' may still turn out to
// belong to the line's end, so that the limit is the same wherever the portions were cut.
std::optional<LineSplitter::Item> LineSplitter::unfinished() {
  const std::string_view part{base_ + begin_, end_ - begin_};
  scanned_ = end_;
  if (!skipping_) {
    if (without_carriage_return(part).size() <= message_bytes_max_) return std::nullopt;
    skipping_ = true;
    skipped_ = part.size();
    begin_ = end_;
    return Item{part.substr(0, kOverlongHeadBytes), true};
  }
  skipped_ += part.size();
  begin_ = end_;
  return std::nullopt;
}

std::string_view LineSplitter::partial() const {
  if (begin_ == end_) return {};
  const std::string_view part{base_ + begin_, end_ - begin_};
  return blank(part) ? std::string_view() : part;
}

void LineSplitter::settle() {
  if (begin_ == end_) {
    own_.reset();
    capacity_ = 0;
    base_ = nullptr;
    begin_ = scanned_ = end_ = 0;
    return;
  }
  const std::size_t size = end_ - begin_;
  if (!in_own()) {
    const char* from = base_ + begin_;
    reserve(std::max(2 * size, size + kReadBytesMin));
    std::memcpy(base_, from, size);
  } else if (begin_ > 0) {
    std::memmove(base_, base_ + begin_, size);
  }
  scanned_ -= begin_;
  begin_ = 0;
  end_ = size;
}

}  // namespace pawl::net
