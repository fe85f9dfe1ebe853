// Syncer: who runs the group commits of a journal, and when.
//
// The journal says what there is to sync (`SyncTarget`); a Syncer decides which thread does it. The
// real one is a thread that does nothing else; the simulator calls `run` at the moments its seed
// picks; `InlineSyncer` syncs on the spot, for small tools and tests.
#pragma once

#include <memory>
#include <optional>

#include "base/time.h"

namespace pawl {

class SyncTarget {
 public:
  virtual ~SyncTarget() = default;

  // How long the next piece of work may still wait: zero or less means now, nothing means that
  // there is no work. Any thread.
  virtual std::optional<Duration> due() const = 0;

  // Does one group commit, and a checkpoint where one is due. Never two at the same time.
  virtual void run() = 0;
};

class Syncer {
 public:
  virtual ~Syncer() = default;
  virtual void start(SyncTarget& target) = 0;
  // `due` may have changed. Called from the thread that appends; must be cheap.
  virtual void wake() = 0;
  // After it returns, `run` is not running and is not called again.
  virtual void stop() = 0;
};

std::unique_ptr<Syncer> make_thread_syncer();
std::unique_ptr<Syncer> make_inline_syncer();

}  // namespace pawl
