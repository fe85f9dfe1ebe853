// The node: one per state directory, one loop, one journal, all runs of this directory.
//
// It transports what the floors below offer: the clock, the journal, the gate, the two sockets, the
// sessions, the notifier. It starts when the first `pawl mcp` needs it, in a process session of its
// own, and ends when nothing is connected, no run is open and no question waits.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"

namespace pawl::app {

struct NodeOptions {
  std::string state_directory;
  std::string config;         // path of the deployment file
  bool config_named = false;  // it must exist
  bool serves = false;        // `pawl serve`: listens on the network, and does not end when idle
  Duration idle = Duration::seconds(60);
  Duration idle_close = Duration::seconds(600);
  std::uint64_t snapshot_records = 100'000;  // between two snapshots; at most as a gate has it
  Duration call_deadline = Duration::seconds(3600);  // of one call at its server
};

// Runs until idle or told to stop. The exit status of `pawl node`.
int run_node(const NodeOptions& options);

class NodeConnection;

// Makes sure that a node serves the directory: connects, or starts one in the background and waits
// until it answers. The message of an error names its log. The connection, to the control socket,
// keeps the node there: as long as somebody has one, it does not end for want of work.
class NodeLauncher {
 public:
  NodeLauncher(std::string state_directory, std::string config)
      : state_directory_(std::move(state_directory)), config_(std::move(config)) {}
  Result<NodeConnection> ensure() const;

 private:
  Status launch() const;
  std::string state_directory_, config_;
};

}  // namespace pawl::app
