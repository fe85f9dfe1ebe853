// What a server offers, asked once: for `init`, `accept`, `check` and `classify`, which look at
// definitions before any agent sees them.
//
// A server is a program that is started for it, or one of the deployment file: then it is started
// or reached as the node does it, at that address only, with the credential that the file gives it,
// within what the file says of that credential. An address on the command line is
// not offered: who may be reached, and with which secret, is decided in one place.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/definition/definition.h"
#include "kernel/deployment/deployment.h"

namespace pawl::node {

struct DiscoveredTools {
  std::string server_name, server_version;  // what it says of itself
  std::string instructions;
  std::vector<ToolDefinition> tools;
  bool says_tools = false, says_resources = false, says_prompts = false;  // in its capabilities
  std::vector<std::string> notes;  // what of its list was left out or cut, and why
};

// Who is asked.
struct AskedServer {
  std::string name;  // in policies and in the deployment file; may be empty
  // A program that is started, with the variables `NAME=value`, in a folder (empty: this one).
  std::vector<std::string> command = {}, environment = {};
  std::string directory = {};
  // Without a command: the deployment file that has its address, or the program that gets a secret;
  // the folder of the node with its store of secrets, and the roles for which those are asked.
  Deployment deployment = {};
  std::string state_directory = {};
  std::vector<std::string> roles = {};
};

// How it is started or reached, in one line for people.
std::string shown(const AskedServer& server);

// Asks it for its tools, all pages, and ends what was started by the escalation. The standard error
// of a program goes to ours.
Result<DiscoveredTools> discover_tools(AskedServer server,
                                       Duration at_most = Duration::seconds(60));

// The definition under which instructions are pinned; see doors/mcp/session/tool_catalog.h.
ToolDefinition pinned_instructions(const std::string& server, const std::string& instructions);

// The variables that a server gets without being asked for, and those named.
std::vector<std::string> passed_environment(const std::vector<std::string>& wanted,
                                            std::vector<std::string>* withheld = nullptr);

}  // namespace pawl::node
