// Runs: who joins one, which policy it is under, and when it ends by itself.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace pawl {

class Policy;
struct GateState;

// Who asks to join, and under which policy. `key` identifies the run.
struct RunRequest {
  std::string key, sponsor, client;
  std::shared_ptr<const Policy> policy;
  // A task file that narrows the policy for this run (kernel/policy, `load_task`), and how messages
  // call it. Its text is what the sponsor said, so it has to come from the person who starts the
  // run. A run gets it when it is opened, and keeps it.
  std::string task = {}, task_file = {};
  std::string caller = {};  // the deployment's name of the agent, where it proved who it is
  // The run's user cannot have written this policy: the deployment pins its digest, or its files
  // belong to another user. A changed policy that is not vouched for waits for a person (rule 14).
  bool vouched = false;
  // For doors whose callers come and go while a file waits for a person: where `policy` is laxer
  // than the one of a run that is there, the run keeps its own. Otherwise who joins it is refused.
  bool keeps_policy = false;
};

class Runs {
 public:
  explicit Runs(GateState& gate_state);

  // Joins the run of that key, or opens one. An open run keeps its policy: another one is refused.
  // The first policy of an agent is recorded; of a changed one, a stricter one counts at once and
  // any other waits for a person (rule 14).
  Result<std::string> open(const RunRequest& request);
  // One connection of the run is gone. After `idle_close` without any, with no open call and
  // no question open, the run is closed.
  void leave(const std::string& run);
  Status close(const std::string& run, const std::string& why);
  std::shared_ptr<const Policy> policy_of(const std::string& run) const;

 private:
  GateState& gate_state_;
};

// The rest is private to the gate.

// After a run was closed: what the gate kept about it, unless calls of it are still open
// or refusals of it are not in the journal yet.
void forget_run(GateState& gate_state, const std::string& id);

// Closes the run at this time, in boot time, if it has had no connection for long by then.
void close_when_idle(GateState& gate_state, const std::string& run, Duration boot);

}  // namespace pawl
