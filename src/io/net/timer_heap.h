// Pending timers in order of their deadline; inside of the loop only.
//
// A binary heap of nodes that know their own place, so that cancelling is as cheap as adding.
// Equal deadlines keep their order of entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/net/loop.h"

namespace pawl::net::loop_detail {

inline constexpr std::size_t kNotInHeap = ~std::size_t{0};

struct TimerNode {
  Core* core = nullptr;  // null once the loop is gone
  std::int64_t deadline_ns = 0;
  std::uint64_t entry = 0;
  std::size_t place = kNotInHeap;
  Callback work;
};

class TimerHeap {
 public:
  bool empty() const { return nodes_.empty(); }
  std::size_t size() const { return nodes_.size(); }
  TimerNode* earliest() const { return nodes_.front(); }
  const std::vector<TimerNode*>& nodes() const { return nodes_; }

  void add(TimerNode* node);
  void remove(TimerNode* node);

 private:
  void rise(std::size_t place);
  void sink(std::size_t place);
  void put(std::size_t place, TimerNode* node);

  std::vector<TimerNode*> nodes_;
};

}  // namespace pawl::net::loop_detail
