#include "io/http/outbox.h"

#include <algorithm>
#include <utility>

namespace pawl::http {
namespace {

// Texts up to this length are copied behind the one before: many answers, one piece.
constexpr std::size_t kJoinBytesMax = 8192;

}  // namespace

void Outbox::add(std::string_view text) {
  if (text.empty()) return;
  bytes_ += text.size();
  if (!texts_.empty() && texts_.back().size() + text.size() <= kJoinBytesMax) {
    texts_.back() += text;
  } else {
    texts_.emplace_back(text);
  }
}

void Outbox::add(std::string&& text) {
  if (text.size() <= kJoinBytesMax) return add(std::string_view(text));
  bytes_ += text.size();
  texts_.push_back(std::move(text));
}

void Outbox::add(Outbox&& other) {
  std::string_view skip;
  for (std::string& text : other.texts_) {
    if (other.front_taken_ > 0) {
      skip = std::string_view(text).substr(std::exchange(other.front_taken_, 0));
      add(skip);
    } else {
      add(std::move(text));
    }
  }
  other.clear();
}

std::size_t Outbox::pieces(std::span<iovec> into) const {
  std::size_t count = 0;
  for (const std::string& text : texts_) {
    if (count == into.size()) break;
    const std::size_t skip = count == 0 ? front_taken_ : 0;
    // writev takes what it only reads by a pointer that could write.
    into[count++] = {const_cast<char*>(text.data()) + skip, text.size() - skip};
  }
  return count;
}

void Outbox::taken(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    const std::size_t step = std::min(bytes, texts_.front().size() - front_taken_);
    front_taken_ += step;
    bytes -= step;
    if (front_taken_ == texts_.front().size()) {
      texts_.pop_front();
      front_taken_ = 0;
    }
  }
}

void Outbox::clear() {
  texts_.clear();
  front_taken_ = 0;
  bytes_ = 0;
}

}  // namespace pawl::http
