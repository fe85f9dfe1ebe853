// Slow work beside the loop, piece by piece, on one thread that lives as long as the queue.
//
//   queue.add([job] { job->answer = read(job->text); }, [this, job] { use(job->answer); });
//
// A piece gets values and touches nothing but what it holds; it is destroyed, with all that it
// holds, before `done` runs on the loop. The caller may be gone by then, so `done` looks first.
// Pieces are done in the order in which they came.
// Threads: everything but the work itself belongs to the loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "io/net/loop.h"

namespace pawl::net {

class WorkQueue {
 public:
  explicit WorkQueue(Loop& loop) : loop_(loop) {}
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue() { finish(); }

  void add(Callback work, Callback done);
  // The end: what is under way is waited for, what waits is dropped, and each `done` runs, now.
  void finish();

 private:
  struct Piece {
    Callback work;
    std::uint64_t number;
  };
  void work();
  void done(std::uint64_t number);

  Loop& loop_;
  bool over_ = false;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Callback> waiting_;  // what runs when a piece is done
  std::thread thread_;                         // from the first piece on

  std::mutex lock_;
  std::condition_variable more_;
  std::deque<Piece> pieces_;
  bool ending_ = false;
};

}  // namespace pawl::net
