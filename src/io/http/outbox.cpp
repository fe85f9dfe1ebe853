#include "io/http/outbox.h"

#include <algorithm>
#include <utility>

namespace pawl::http {
namespace {

// Texts up to this length are copied behind the one before: many answers, one piece.
constexpr std::size_t kJoinBytesMax = 8192;
// So many taken texts are kept in front of the others before these move up.
constexpr std::size_t kTakenMax = 64;

}  // namespace

void Outbox::add(std::string_view text) {
  if (text.empty()) return;
  bytes_ += text.size();
  if (bytes_ > text.size() && texts_.back().size() + text.size() <= kJoinBytesMax) {
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
  for (std::size_t i = other.first_; i < other.texts_.size(); ++i) {
    std::string& text = other.texts_[i];
    if (i == other.first_ && other.front_taken_ > 0) {
      add(std::string_view(text).substr(other.front_taken_));
    } else {
      add(std::move(text));
    }
  }
  other.clear();
}

std::size_t Outbox::pieces(std::span<iovec> into) const {
  std::size_t count = 0;
  for (std::size_t i = first_; i < texts_.size() && count < into.size(); ++i) {
    const std::string& text = texts_[i];
    const std::size_t skip = count == 0 ? front_taken_ : 0;
    // writev takes what it only reads by a pointer that could write.
    into[count++] = {const_cast<char*>(text.data()) + skip, text.size() - skip};
  }
  return count;
}

void Outbox::taken(std::size_t bytes) {
  bytes_ -= bytes;
  if (bytes_ == 0) return clear();
  while (bytes > 0) {
    std::string& front = texts_[first_];
    const std::size_t step = std::min(bytes, front.size() - front_taken_);
    front_taken_ += step;
    bytes -= step;
    if (front_taken_ < front.size()) return;
    front = std::string();
    front_taken_ = 0;
    ++first_;
  }
  if (first_ < kTakenMax) return;
  texts_.erase(texts_.begin(), texts_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void Outbox::clear() {
  texts_ = {};
  first_ = 0;
  front_taken_ = 0;
  bytes_ = 0;
}

}  // namespace pawl::http
