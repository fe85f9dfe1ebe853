// A tool server that `pawl mcp` started, in the surroundings that the client gave it.
//
// The node gets its pipes; this process keeps its standard error, which goes where the client
// expects it, and its end.
// Threads: one loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/net/child.h"
#include "io/net/loop.h"

namespace pawl::app {

struct ServerCommand {
  std::string name;  // by which the policy calls it, or empty
  std::vector<std::string> command;
  std::vector<std::string> wanted;  // variables that are passed on besides the ordinary ones
  bool reached = false;             // by the node, over HTTP: nothing is started
};

class ServerProcess {
 public:
  static Result<std::unique_ptr<ServerProcess>> start(net::Loop& loop, const ServerCommand& what);

  // For the node: what the server reads, what it writes, and its pidfd. Once; `handed_over` when
  // they were sent.
  std::vector<int> fds() const;
  // The same, to be kept; fewer where the system has no more.
  std::vector<net::Fd> own_fds() const;
  void handed_over();
  // From here on its standard error is relayed. After `handed_over`.
  Status relay();

  Task<net::Exit> ended();
  // Ends it, on the escalation of `net::Child`, and tells of what did not die.
  Task<void> end();
  bool ending() const { return ending_; }
  // What a person should know about an unexpected end.
  void report(bool initialized) const;

  const std::string& name() const { return name_; }
  const std::optional<net::Exit>& exit() const { return exit_; }

 private:
  explicit ServerProcess(net::Loop& loop) : loop_(loop) {}
  void relay_errors();

  net::Loop& loop_;
  std::string name_;
  std::optional<net::Started> started_;
  std::optional<net::Child> child_;
  net::Fd errors_;
  net::Watch errors_watch_;
  std::vector<std::string> withheld_;
  Duration since_{};
  Duration lived_{};
  std::optional<net::Exit> exit_;
  bool ending_ = false;
};

}  // namespace pawl::app
