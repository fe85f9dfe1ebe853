// What `pawl mcp` tells the node when it joins, and how the node takes it.
//
// For each server the shim hands over two pipe ends and a pidfd with a frame of its own, in order:
//   fds[0] to the server (write)   fds[1] the server's messages (read)   fds[2] its pidfd
// A server that the deployment file reaches over HTTP is not started: its frame carries nothing.
// Then it joins, with the client's pipe ends:
//   fds[0] the client's messages (read)   fds[1] to the client (write)
// Where it joined with several servers and one of them ends, the node asks for it once more, by its
// place, and gets a frame with three others, or one that says why not.
// The node runs nothing on request: command and directory are told only to be compared with the
// deployment file, and to be recorded. Which run this is, the node finds out itself where it can:
// the parent of the shim is read from /proc, not believed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "io/net/process.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

inline constexpr std::size_t join_fds = 2, server_fds = 3;
inline constexpr const char* server_frame = R"({"op":"server"})";
// How long a shim may take to start a server again.
inline constexpr Duration shim_starts_within = Duration::seconds(10);

struct JoinServer {
  std::string name;  // empty: it has none
  std::vector<std::string> command;
};

struct JoinRequest {
  std::string policy;  // absolute path, or empty: the binding of the directory
  std::vector<JoinServer> servers;
  std::string directory;  // where the client started the shim
  std::string run;        // PAWL_RUN
  std::string task;       // absolute path of a task file, or empty
  std::string session;    // the client's own session id, where it tells one
  std::string client;     // name of the parent's program, for people
  bool shares_files = true;
};

std::string to_json(const JoinRequest& request);
Result<JoinRequest> parse_join(json::View request);

// The role that this directory is bound to; null: none.
const Deployment::Role* role_of_directory(const Deployment& deployment,
                                          const std::string& directory);

// The policy file that governs: the one named, unless the deployment binds the directory to
// another.
Result<std::string> governing_policy(const JoinRequest& request, const Deployment& deployment,
                                     const std::string& config_directory);

// A server name is a lookup: where the deployment file binds it, the command must be that one.
Status check_server(const JoinServer& server, const Deployment& deployment);

// The run's key: PAWL_RUN, else the client's session, else parent process and boot.
std::string run_key(const JoinRequest& request, const std::string& agent,
                    const net::ProcessId& parent, const std::string& boot_id);

}  // namespace pawl::node
