// One proposed tool call, as a door hands it over and as the kernel reads it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace pawl {

// Who asks. `agent` is the role (the policy file's agent.id), `identity` the agent's own account,
// `sponsor` the person who started the run, `run` the run's id.
struct Subject {
  std::string agent;
  std::string identity;
  std::string sponsor;
  std::string run;
};

// The secret that a call went out with, as far as it may be written down. All empty: none of ours.
struct UsedCredential {
  std::string name;       // in the deployment file
  std::string version;    // where its source knows versions
  std::string principal;  // whom the server sees, where that is known
};

// The action. `server` is empty where only one server exists or the door has no such notion.
// Reserved names of other requests are tools of the server `mcp:`: tool is `mcp:resources/read`.
// All views live as long as the message they were parsed from.
struct Call {
  std::string_view server;
  std::string_view tool;
  json::View arguments;  // an object; a call without arguments has the empty object

  // `server/tool`, or `tool` alone without a server.
  std::string name() const {
    return server.empty() ? std::string(tool) : std::string(server) + "/" + std::string(tool);
  }
};

}  // namespace pawl
