#include "io/net/timer_heap.h"

#include <utility>

namespace pawl::net::loop_detail {
namespace {

bool before(const TimerNode* a, const TimerNode* b) {
  return std::pair(a->deadline_ns, a->entry) < std::pair(b->deadline_ns, b->entry);
}

}  // namespace

void TimerHeap::put(std::size_t place, TimerNode* node) {
  nodes_[place] = node;
  node->place = place;
}

void TimerHeap::add(TimerNode* node) {
  nodes_.push_back(node);
  rise(nodes_.size() - 1);
}

void TimerHeap::remove(TimerNode* node) {
  const std::size_t place = node->place;
  TimerNode* last = nodes_.back();
  nodes_.pop_back();
  node->place = kNotInHeap;
  if (last == node) return;
  put(place, last);
  rise(place);
  sink(last->place);
}

void TimerHeap::rise(std::size_t place) {
  TimerNode* node = nodes_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!before(node, nodes_[parent])) break;
    put(place, nodes_[parent]);
    place = parent;
  }
  put(place, node);
}

void TimerHeap::sink(std::size_t place) {
  TimerNode* node = nodes_[place];
  for (std::size_t child = 2 * place + 1; child < nodes_.size(); child = 2 * place + 1) {
    if (child + 1 < nodes_.size() && before(nodes_[child + 1], nodes_[child])) ++child;
    if (!before(nodes_[child], node)) break;
    put(place, nodes_[child]);
    place = child;
  }
  put(place, node);
}

}  // namespace pawl::net::loop_detail
