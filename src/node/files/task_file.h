// The file of `pawl mcp --task`: read by the node, and only where it can be the sponsor's.
//
// Its text is what the sponsor said, and lets values pass that only the sponsor may name. So a file
// that the agent could have written is refused, as far as that can be told: one that lies where the
// agent works, one that others may write, a link, one that is younger than the agent's client.
// Where agent and person are one user, an agent that prepares a file and starts a client of its own
// is not told from its person: the stronger set-up has the file belong to another user
// (SECURITY.md).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>

#include "base/error.h"
#include "io/net/process.h"

namespace pawl::node {

struct TaskReader {
  uid_t user = 0;         // of the client
  net::ProcessId client;  // the agent's client
  std::string directory;  // where it works
};

// What the clocks of this machine say at one moment, `real` before `boot`: a process's beginning is
// told in ticks since the machine was started.
struct Clocks {
  timespec real{}, boot{};
  std::uint64_t ticks_of_second = 100;
};
Clocks clocks_now();

// Whether a file that was changed last at `changed` is older than the process, told apart to a
// hundredth of a second. In doubt it is not.
bool older_than(const net::ProcessId& process, const timespec& changed, const Clocks& now);

Result<std::string> read_task(const std::string& path, const TaskReader& reader);

}  // namespace pawl::node
