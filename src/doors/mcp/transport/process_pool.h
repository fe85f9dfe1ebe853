// The transport to a tool server that is a program and gets its secret when it starts: a process
// for each credential, behind what a session takes for one server.
//
// Every call asks again which secret it goes out with. Where a process runs that was started with
// that very value, the call is sent to it; else one is started, and told the same opening words
// that the first process heard. One whose secret is not the newest any more gets no further call,
// and ends when those that it has are answered. So a policy chooses between credentials by choosing
// between processes, and a rotated secret is the next call's.
// What belongs to no call goes to the process of the server's own credential: tools are read there.
// A call that cannot be equipped (no secret, not for this tool, no start) is an error and was not
// sent. When a process ends, its calls are lost; when it is the one of the server itself, so is the
// transport.
//
// Ids of questions are those of a process: they are replaced on the way in and put back on the way
// out, and an answer counts only from the process that was asked. Everything that a process says
// goes through `scrub` before it is read.
// Threads: one loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "doors/mcp/transport/transport.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"

namespace pawl::mcp {

// Credentials of one session that have a process at the same time.
inline constexpr std::size_t programs_max = 16;
// A process that does not answer its opening in this time is taken for absent.
inline constexpr Duration opened_within = Duration::seconds(30);

// What a process is started with.
struct ProcessCredentials {
  struct Variable {
    std::string name;
    secrets::Credential value;
  };
  std::vector<Variable> variables;
  std::string mark;  // of these values, and of no others
  UsedCredential used = {};
};

struct ServerPrograms {
  std::string own;  // the credential of the server itself; empty: it has none
  // An error: the message is not sent, and its words are its answer.
  std::function<Task<Result<ProcessCredentials>>(Pass)> equip;
  std::function<Result<Program>(const ProcessCredentials&)> start;
  std::function<void(std::string&)> scrub = {};
};

std::unique_ptr<Transport> over_programs(net::Loop& loop, ServerPrograms programs);

}  // namespace pawl::mcp
