// The node: one per state directory, one loop, one journal, all runs of this directory.
//
// It transports what the floors below offer: the clock, the journal, the gate, the two sockets, the
// sessions, the notifier. It starts when the first `pawl mcp` needs it, in a process session of its
// own, and ends when nothing is connected, no run is open and no question waits.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace pawl::node {

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

// How a node ended: in order; it may not start, for what is in its directory or file; it could
// not start or go on.
enum class NodeEnd : std::uint8_t { done, refused, failed };

// Runs until idle or told to stop.
NodeEnd run_node(const NodeOptions& options);

}  // namespace pawl::node
