// `pawl drill`: the kill switch, tried on a run that was made for it.
// Threads: the node's loop.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "io/net/loop.h"
#include "kernel/deployment/deployment.h"

namespace pawl {
class Gate;
struct Stopped;
}  // namespace pawl
namespace pawl::api {
struct RoleInForce;
}

namespace pawl::node {

struct DrillPorts {
  net::Loop& loop;
  Gate& gate;
  const Deployment& deployment;  // in force
  std::function<Result<api::RoleInForce>(const std::string& role)> role;
  std::function<void(const Stopped&)> killed;  // sessions cancel what is at their servers
};

class Drill {
 public:
  explicit Drill(DrillPorts ports)
      : loop_(ports.loop),
        gate_(ports.gate),
        deployment_(ports.deployment),
        role_(std::move(ports.role)),
        killed_(std::move(ports.killed)) {}
  Drill(const Drill&) = delete;

  // Tries the kill switch in the name of a person; what came out, as JSON.
  Task<Result<std::string>> run(std::string person, bool everything);

 private:
  Result<std::string> open_run(const std::string& id, const std::string& person);

  net::Loop& loop_;
  Gate& gate_;
  const Deployment& deployment_;
  std::function<Result<api::RoleInForce>(const std::string&)> role_;
  std::function<void(const Stopped&)> killed_;
};

}  // namespace pawl::node
