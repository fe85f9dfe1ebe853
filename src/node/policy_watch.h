// Policy files that change while the node runs: looked at once a second, by what `stat` says alone,
// and read only where that differs. What the file means then is the gate's business (rule 14).
// Threads: the node's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "model/clock.h"

namespace pawl {
class Gate;
class Policy;
struct Deployment;
}  // namespace pawl
namespace pawl::api {
struct RoleInForce;
}

namespace pawl::node {

// What `stat` says about files, as one text.
std::string look_of(const std::vector<std::string>& files);
// What `fit_for_use` said of a policy, which it keeps so that no other one takes its address, from
// a moment on and before another.
struct JudgedPolicy {
  std::shared_ptr<const Policy> policy;
  Instant from{}, until{};
  Status answer;

  bool is_of(const std::shared_ptr<const Policy>& other, Instant now) const {
    return policy != nullptr && policy == other && from <= now && now < until;
  }
};

// The policy of a role as it was read last. Forgotten with each deployment file that is read.
struct ReadPolicy {
  std::string file;
  std::string look;  // of `parts`, before and after they were read; empty: read them again
  std::vector<std::string> parts;
  std::shared_ptr<const Policy> policy;  // null: it did not load
  std::string agent;                     // of the last one that did
  JudgedPolicy judged;                   // the one that governs instead, or this one
};

// What governs the next run of a role, whatever its file says meanwhile.
struct RolePolicy {
  std::shared_ptr<const Policy> policy;  // null: nothing does, and `missing` says why
  Error missing = {};
  std::string file = {};
};

// The files that a policy was read from, and how they looked then.
struct Watched {
  std::vector<std::string> files;
  std::string seen;  // empty: look at once
};

struct PolicyWatchPorts {
  Gate& gate;
  Clock& clock;
  const Deployment& deployment;                 // in force
  const std::string& config_directory;          // where its file is
  std::function<void(const Policy&)> in_force;  // hears of a policy that governs a role
  std::function<void()> changed;                // a run has a stricter policy now
};

class PolicyWatch {
 public:
  explicit PolicyWatch(PolicyWatchPorts ports)
      : gate_(ports.gate),
        clock_(ports.clock),
        deployment_(ports.deployment),
        config_directory_(ports.config_directory),
        in_force_(std::move(ports.in_force)),
        changed_(std::move(ports.changed)) {}
  PolicyWatch(const PolicyWatch&) = delete;

  // The deployment file was read: every policy is read again.
  void file_changed() { role_policies_.clear(); }
  void watch(const std::string& file, std::vector<std::string> parts);
  void look();
  Status fit_for_use(const Policy& policy);
  void look_at_roles();
  // Files that do not load now, with the first mistake of each. What was in force stays.
  const std::map<std::string, std::string>& mistakes() const { return mistakes_; }
  // What governs the next run of a role.
  RolePolicy policy_for(const std::string& role);
  std::string file_of_role(const std::string& written) const;
  Status is_of_role(const RolePolicy& governs, const std::string& name) const;
  Result<api::RoleInForce> role_as_it_is(const std::string& name);
  Result<api::RoleInForce> role_in_force(const std::string& name);

 private:
  Gate& gate_;
  Clock& clock_;
  const Deployment& deployment_;
  const std::string& config_directory_;
  std::function<void(const Policy&)> in_force_;
  std::function<void()> changed_;
  std::map<std::string, Watched> watched_;  // by policy file, of every run that joined
  std::map<std::string, ReadPolicy> role_policies_;
  std::map<std::string, std::string> mistakes_;
  std::set<std::string> findings_said_;  // of `fit_for_use` that are in the log
};

}  // namespace pawl::node
