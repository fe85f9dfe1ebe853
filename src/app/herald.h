// Who hears of questions and escalations, with what this version has: the node's log, the standard
// error of the client's `pawl mcp`, a desktop notification where there is a session bus, the
// deployment's notify command, and contacts whose `via` is `command: …`. Contacts with another
// `via` are recorded and printed: this version has no way to reach them, and says so.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/log.h"
#include "gate/gate.h"
#include "gate/ports.h"
#include "io/net/loop.h"
#include "kernel/policy/deployment.h"

namespace pawl::app {

class NodeHerald final : public Herald {
 public:
  // `say` reaches the people at the clients of a run; an empty run means all of them.
  NodeHerald(net::Loop& loop, std::function<void(const std::string& run, const std::string&)> say)
      : loop_(loop), say_(std::move(say)) {}

  void use(Gate* gate) { gate_ = gate; }
  void use(const Deployment& deployment);

  void question(const std::string& approval, const std::string& sentence) override;
  void escalate(const std::string& run, const std::string& event,
                const std::string& sentence) override;

 private:
  void desktop(const std::string& title, const std::string& sentence);
  void contact(const std::string& run, const std::string& event, const std::string& sentence,
               const Contact& who);
  void run_command(const std::string& run, const std::string& event, const std::string& sentence,
                   const std::string& contact, std::vector<std::string> command);

  net::Loop& loop_;
  std::function<void(const std::string&, const std::string&)> say_;
  Gate* gate_ = nullptr;
  bool desktop_wanted_ = true;
  std::vector<std::string> notify_command_;
  std::vector<net::Timer> ladder_;
};

}  // namespace pawl::app
