// The deployment file: read at the start, on a signal, when something joins and when a command asks
// for it; and the one that people accepted, for which what is laxer waits.
//
// A bad file never replaces a good one. What is laxer waits for a reviewer where the file may be
// another user's and a role works in production; what only tightens counts at once.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/deployment/deployment.h"
#include "node/files/config_files.h"
#include "views/node_status.h"

namespace pawl {
class Gate;
}

namespace pawl::node {

struct DeploymentWatchPorts {
  std::string state_directory;
  std::string file;
  bool named = false;                // it must exist
  bool serves = false;               // listens on the network
  std::function<void()> in_force;    // another file counts from here on
  std::function<void()> keys_taken;  // keys of the file in force were taken back
  std::function<void(const std::string& directory)> told;  // only for those who are told of it
};

class DeploymentWatch {
 public:
  explicit DeploymentWatch(DeploymentWatchPorts ports)
      : state_directory_(std::move(ports.state_directory)),
        file_(std::move(ports.file)),
        named_(ports.named),
        serves_(ports.serves),
        in_force_(std::move(ports.in_force)),
        keys_taken_(std::move(ports.keys_taken)),
        told_(std::move(ports.told)) {}
  DeploymentWatch(const DeploymentWatch&) = delete;

  // What counts, and the folder that its relative files are in. Both stay where they are.
  const Deployment& deployment() const { return deployment_; }
  const std::string& directory() const { return directory_; }
  // What was accepted, and what waits.
  const views::DeploymentNow& known() const { return known_; }

  Status check(const DeploymentRead& read) const;
  void use(const DeploymentRead& read);
  // At the start, when the journal is open.
  Status begin(Gate& gate, const DeploymentRead& read);
  // From now on people hear of what waits when it is read.
  void set_started() { started_ = true; }
  Status read();
  void say_waiting();
  void warn_of_writers();
  Status accept(const std::string& digest, const std::string& person);

 private:
  void take_back_keys(const Deployment& file);
  std::string writers() const;
  void note();
  Status begin_with_kept(const DeploymentRead& read, const std::string& accepted);
  bool waits(const DeploymentRead& read);
  bool may_be_anybodys(const DeploymentRead& read) const;
  bool needs_person() const;
  bool for_production(const Deployment& deployment) const;
  Status accept_read(const DeploymentRead& read, bool production, const std::string& person);
  void count_read(const DeploymentRead& read, bool production);
  void accept_observations(const Deployment& before, const std::string& person);
  void revoke_in_accepted(const std::vector<std::string>& prefixes);

  std::string state_directory_, file_;
  bool named_, serves_;
  std::function<void()> in_force_, keys_taken_;
  std::function<void(const std::string&)> told_;
  Gate* gate_ = nullptr;  // once the journal is open
  bool started_ = false;
  Deployment deployment_;
  std::string directory_, digest_, noted_;
  views::DeploymentNow known_;
  std::set<std::string, std::less<>> waiting_said_;  // digests
};

}  // namespace pawl::node
