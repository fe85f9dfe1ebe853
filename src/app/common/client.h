// The command's side of the two sockets: find the node, check its key, ask, and act with a proof.
//
// Nothing is sent before the node has proved that it holds the key whose public half lies in the
// state directory (threats H09): a squatted socket learns a nonce and nothing else.
#pragma once

#include <string>

#include "app/common/command.h"
#include "base/error.h"
#include "base/json.h"
#include "io/net/channel.h"

namespace pawl::app {

// A checked connection to `SOCKET` in a state directory. ErrorKind::missing where no node runs.
class NodeConnection {
 public:
  static Result<NodeConnection> open(const std::string& state_directory, const char* socket);

  // One request, one answer; `{"ok":false}` comes back as an error of the node's fault.
  Result<json::Document> ask(std::string_view request);
  Status send(std::string_view request, const std::vector<int>& fds);
  // The exit status of a command that would end with `status`: an answer that tells of a damaged
  // journal was said to be one on standard error, and is no good answer.
  int ends(int status) const;
  net::BlockingChannel& channel() { return channel_; }

 private:
  explicit NodeConnection(net::BlockingChannel channel) : channel_(std::move(channel)) {}
  net::BlockingChannel channel_;
  std::string damage_;  // what the node says is wrong with its journal
};

// Makes sure that a node serves the directory: connects, or starts one in the background and waits
// until it answers. The message of an error names its log. The connection, to the control socket,
// keeps the node there: as long as a command has one, it does not end for want of work.
class NodeLauncher {
 public:
  NodeLauncher(std::string state_directory, std::string config)
      : state_directory_(std::move(state_directory)), config_(std::move(config)) {}
  Result<NodeConnection> ensure() const;

 private:
  Status launch() const;
  std::string state_directory_, config_;
};

// Connects to the control socket, starting the node where none runs.
Result<NodeConnection> control(const Arguments& arguments);

// An act with a reviewer's proof: asks for a challenge, for the passphrase on the terminal, signs,
// sends. `act_json` is canonical JSON of the act.
Result<json::Document> act(NodeConnection& node, const std::string& person,
                           const std::string& act_json);

// The same of the person whom the command line names.
Result<json::Document> act(NodeConnection& node, const Arguments& arguments,
                           const std::string& act_json);

// Who acts: `--as NAME`, else PAWL_REVIEWER, else the user where a reviewer is called so, else the
// only reviewer that is enrolled. ErrorKind::usage, with the names that are, where that names
// no person.
Result<std::string> acting_person(NodeConnection& node, const Arguments& arguments);
// The same for who only looks: any name that is given, else the user's.
std::string looking_person(NodeConnection& node, const Arguments& arguments);

}  // namespace pawl::app
