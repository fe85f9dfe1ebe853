#include "lang/cel/scratch.h"

#include <algorithm>

namespace pawl::cel {

void* Scratch::take_more(std::size_t bytes) {
  constexpr std::size_t block_bytes_min = 16UL << 10;
  if (bytes > bytes_max_ || taken_ + bytes > bytes_max_) return nullptr;
  bytes = (bytes + unit - 1) / unit * unit;
  taken_ += bytes;
  for (;;) {
    std::byte* begin = block_ == 0 ? first_.data() : blocks_[block_ - 1].bytes.get();
    const std::size_t size = block_ == 0 ? first_.size() : blocks_[block_ - 1].size;
    if (bytes <= size - used_) {
      begin += used_;
      used_ += bytes;
      return begin;
    }
    if (block_ == blocks_.size()) {
      const std::size_t wanted = std::max(bytes, block_bytes_min);
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(wanted), wanted});
    }
    ++block_;
    used_ = 0;
  }
}

}  // namespace pawl::cel
