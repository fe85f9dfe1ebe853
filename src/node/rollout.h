// How roles come into force: candidates that are judged beside a policy, and times in which people
// watch before anything is stopped. What the deployment file says of both, told to the gate, and
// what became of it, told to the reader of the log.
// Threads: the node's loop.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gate/state/rollout.h"
#include "model/candidate.h"

namespace pawl {
class Gate;
struct Deployment;
}  // namespace pawl

namespace pawl::node {

class Rollout {
 public:
  // `deployment`: the one in force. Both outlive it.
  Rollout(Gate& gate, const Deployment& deployment) : gate_(gate), deployment_(deployment) {}
  void begin();
  void look();

 private:
  // The candidate of a role as it was read last.
  struct ReadCandidate {
    std::vector<std::string> parts;
    std::string look;
    Candidate what;
  };
  void tell();

  Gate& gate_;
  const Deployment& deployment_;
  std::map<std::string, ReadCandidate> candidates_;  // by role
  std::set<std::string> said_;
};

}  // namespace pawl::node
