// What a Child knows about its process and everybody that came from it. Inside of this room only.
#pragma once

#include <memory>
#include <vector>

#include "io/net/child.h"

namespace pawl::net {

struct Child::State : std::enable_shared_from_this<Child::State> {
  State(Loop& l, ProcessId process, Fd fd, bool is_ours);
  ~State();

  void start_watching();
  void leader_ended();
  // The owner is gone, though a caller may still await the end: all processes die now.
  void let_go();

  void remember();
  std::vector<ProcessStat> group_now(const std::vector<ProcessStat>& all) const;
  // True as long as no stranger can have the group's number: the leader, be it a zombie, holds it.
  bool group_is_ours() const;
  // Followers of the leader that have not ended; looks for new ones where none is known.
  std::vector<ProcessStat> living();
  void kill_all(int signal);
  void reap();
  void reap_followers();

  static Task<Exit> wait(std::shared_ptr<State> self);
  static Task<Ending> climb(std::shared_ptr<State> self, Grace grace);
  // True when leader and followers are gone, false when `at_most` has passed before.
  static Task<bool> emptied(std::shared_ptr<State> self, Duration at_most);

  Loop& loop;
  ProcessId id;
  Fd pidfd;
  bool ours;
  bool over = false;  // the leader has ended; as a zombie, it may still hold its number
  bool reaped = false;
  bool finished = false;  // a steps has been climbed to its end
  Exit exit;
  Watch watch;
  std::vector<Completion<bool>> waiters;  // for the leader's end
  std::vector<ProcessStat> followers;     // everybody ever seen below the leader or in its group
};

}  // namespace pawl::net
