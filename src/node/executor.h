// The gate's executor on a real loop.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "gate/state/ports.h"
#include "io/net/loop.h"
#include "io/net/work_queue.h"

namespace pawl::node {

class LoopExecutor final : public Executor {
 public:
  explicit LoopExecutor(net::Loop& loop) : loop_(loop), queue_(loop) {}

  void post(std::function<void()> work) override { loop_.post(std::move(work)); }
  std::shared_ptr<void> after(Duration delay, std::function<void()> work) override {
    return std::make_shared<net::Timer>(loop_.after(delay, std::move(work)));
  }
  void offload(std::function<void()> work, std::function<void()> done) override {
    queue_.add(std::move(work), std::move(done));
  }
  // Before what is told of finished work goes.
  void finish() { queue_.finish(); }

 private:
  net::Loop& loop_;
  net::WorkQueue queue_;
};

}  // namespace pawl::node
