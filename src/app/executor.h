// The gate's executor on a real loop.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "gate/ports.h"
#include "io/net/loop.h"

namespace pawl::app {

class LoopExecutor final : public Executor {
 public:
  explicit LoopExecutor(net::Loop& loop) : loop_(loop) {}

  void post(std::function<void()> work) override { loop_.post(std::move(work)); }
  std::shared_ptr<void> after(Duration delay, std::function<void()> work) override {
    return std::make_shared<net::Timer>(loop_.after(delay, std::move(work)));
  }

 private:
  net::Loop& loop_;
};

}  // namespace pawl::app
