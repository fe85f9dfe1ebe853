// Memory of one evaluation, used again by the next.
//
// The first block is part of the object, so that an ordinary evaluation allocates nothing; further
// blocks come from the heap and stay for later, up to `bytes_max` for all of them. What asks for
// more gets a null pointer, and the evaluation ends as exhausted.
//
// Threads: belongs to one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "lang/cel/limits.h"
#include "lang/cel/value.h"

namespace pawl::cel {

class Scratch {
 public:
  explicit Scratch(std::size_t bytes_max = scratch_bytes_max) : bytes_max_(bytes_max) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Forgets everything that was handed out.
  void clear() {
    used_ = 0;
    block_ = 0;
    taken_ = 0;
  }

  void* take(std::size_t bytes) {
    // The common case by itself: it fits what is left of the first block.
    const std::size_t whole = (bytes + unit - 1) / unit * unit;
    if (block_ != 0 || bytes > first_bytes || whole > first_bytes - used_ ||
        taken_ + bytes > bytes_max_) {
      return take_more(bytes);
    }
    std::byte* const begin = first_.data() + used_;
    used_ += whole;
    taken_ += whole;
    return begin;
  }
  template <class T>
  T* take_many(std::size_t count) {
    if (count > bytes_max_ / sizeof(T)) return nullptr;
    return static_cast<T*>(take(count * sizeof(T)));
  }
  std::size_t taken() const { return taken_; }

 private:
  static constexpr std::size_t first_bytes = 2048;
  static constexpr std::size_t unit = 16;
  void* take_more(std::size_t bytes);
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };

  alignas(16) std::array<std::byte, first_bytes> first_;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // 0 is the first one, n is blocks_[n - 1]
  std::size_t used_ = 0;   // of the current block
  std::size_t taken_ = 0;
  std::size_t bytes_max_;
};

}  // namespace pawl::cel
