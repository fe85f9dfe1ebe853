#include "node/processes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/multiplexer/connect.h"
#include "node/common/log.h"
#include "node/servers/server_processes.h"

namespace pawl::node {

// Every program of the role that is not shared is a process of each session.
std::size_t Processes::of_role(const std::string& role) const {
  const auto known = deployment_.roles.find(role);
  if (known == deployment_.roles.end()) return 0;
  return static_cast<std::size_t>(
      std::ranges::count_if(known->second.servers, [this](const std::string& name) {
        return !remotes_.has(name) && !deployment_.servers.at(name).shared;
      }));
}

// Where there is none, sessions of this caller that seem unused make some, in a moment.
Status Processes::room_for_session(const ProcessOf& of, const std::string& role) {
  const std::size_t processes = of_role(role);
  if (processes == 0) return {};
  const auto lacking = starts_.lacking(of, processes);
  Status room = starts_.room_for(of, processes);
  if (room || !lacking || end_quiet_(of.caller, *lacking) < *lacking) return room;
  return fail(ErrorKind::environment,
              room.error().message + "; some of its sessions were quiet and end now: try again");
}

// What starts this server, now and again: as the deployment file has it now, whatever it says
// later.
std::function<Result<mcp::Program>()> Processes::start_of(const std::string& name,
                                                          const std::string& role,
                                                          const ProcessOf& of) {
  const Deployment::Server server = deployment_.servers.at(name);
  if (server.shared) {
    return [this, name, server, caller = of.caller, directory = config_directory_] {
      return share(name, server, directory, caller);
    };
  }
  if (!deployment_.credentials.empty()) {
    return [this, what = EquippedServer{name, server, config_directory_, {role}, of}] {
      return Result<mcp::Program>(
          mcp::Program{equipped_wire(loop_, starts_, remotes_.broker(), what), nullptr});
    };
  }
  return [this, name, server, of, directory = config_directory_] {
    return start_process(name, server, directory, of);
  };
}

Result<mcp::Program> Processes::start_process(const std::string& name,
                                              const Deployment::Server& server,
                                              const std::string& directory, const ProcessOf& of) {
  auto process = starts_.start(name, server, directory, {}, {}, of);
  PAWL_TRY(process);
  mcp::Program program;
  program.transport = starts_.transport(**process);
  program.life = starts_.life(*process);
  return program;
}

// The process that is there, where it was started from the very same words; else another one.
Result<mcp::Program> Processes::share(const std::string& name, const Deployment::Server& server,
                                      const std::string& directory, const std::string& caller) {
  std::string words = name + '\n' + directory;
  for (const std::string& word : server.command) words += '\n' + word;
  for (const std::string& variable : server.env) words += "\n$" + variable;
  std::weak_ptr<mcp::SharedServer>& known = shared_[words];
  std::shared_ptr<mcp::SharedServer> shared = known.lock();
  if (!shared || shared->over()) {
    auto program = start_process(name, server, directory);
    if (!program) return program;
    shared = std::make_shared<mcp::SharedServer>(
        loop_, *std::move(program), [name](const std::string& what) {
          log_line(fmt::format("shared server `{}`: {}", name, what));
        });
    known = shared;
  }
  auto transport = mcp::SharedServer::attach(shared, caller);
  PAWL_TRY(transport);
  return mcp::Program{*std::move(transport), nullptr};
}

}  // namespace pawl::node
