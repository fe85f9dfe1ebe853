// The decision API: any orchestrator asks over HTTP whether a call may run, and says how it ended.
//
//   POST /v1/runs                              a run, with its credential
//   POST /v1/runs/{run}/calls                  allow (with the arguments to use), hold or deny
//   POST /v1/runs/{run}/calls/{call}/outcome   what became of it
//   GET  …                                     how things stand; events as a stream
//   GET  /v1/openapi.json                      all of it (operations.h)
//
// A call goes the one way of the gate, like at every other door. The side that has the effect is
// the executor: `execute` answers the request that asked, with the arguments that were decided,
// and waits for the outcome. None in time, or a node that ends, is a call whose end is unknown: an
// effect halts its run. Who proposes does not settle, unless the deployment file says that it may:
// the word of an agent about its own call is nothing (case R11).
//
// A held call is waited for as long as its caller says, then answered with `hold`; the same call
// again goes on waiting. A caller that leaves before it was told loses nothing: the question stays
// open, and what was allowed and not told has not happened.
//
// Sub-runs: with the credential of a run, an agent gets one for a sub-agent, with fewer tools and
// smaller limits, for this door or for the MCP door of the role. A sub-run has no counters of its
// own that could add up: each of its calls is a call of the run at the root, under its policy and
// its ceilings, and whatever ends that run ends them all. Sub-runs live in memory: they end with
// the node.
//
// Threads: the loop that owns the gate.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "io/http/responder.h"
#include "io/identity/identities.h"
#include "io/pins/lock.h"
#include "lang/sql/summary.h"

namespace pawl {

class Executor;
class SubRunLimits;
struct CallTrace;
class Gate;
class Policy;
}  // namespace pawl

namespace pawl::api {

struct ApiLimits {
  Duration settle_within = Duration::seconds(3600);
  Duration after_cancel = Duration::seconds(5);  // for who executes, to say how far it came
  std::size_t open_calls_per_run_max = 1024;     // held or executing
  std::size_t ended_calls_max = 4096;            // remembered after their end, of all runs
  std::size_t ended_result_bytes_max = 64UL << 10;
  std::size_t sub_runs_per_run_max = 64;
  std::size_t streams_per_run_max = 16;
  std::size_t streams_max = 1024;
  std::size_t events_per_run_max = 256;  // to begin again from
  std::size_t runs_remembered_max = 4096;
  std::size_t events_max = 16'384;                // of all runs together, some hundred bytes each
  Duration sign_of_life = Duration::seconds(15);  // on a quiet stream
};

// A role as it is in force for the next run.
struct RoleInForce {
  std::shared_ptr<const Policy> policy;  // null: nothing is, and `missing` says why
  Error missing = {};
  Lock lock = {};
  bool vouched = false;  // see RunRequest
};

struct ApiPorts {
  Gate& gate;
  identity::Identities& identities;
  Executor& executor;
  std::function<Instant()> now;
  // Reads the role's files again. ErrorKind::missing: there is no such role.
  std::function<Result<RoleInForce>(const std::string& role)> role;
  sql::ReadSql read_sql;
  std::string address;  // `https://gate.example`: of the audience of credentials
  // Begins the trace of a call whose caller says this of its own; empty: nothing is traced.
  std::function<std::shared_ptr<const CallTrace>(std::string_view traceparent)> trace = {};
  ApiLimits limits = {};
};

struct NewSubRun;  // body.h

struct OpenedSubRun {
  std::string run, parent, sponsor, audience;
  identity::Identities::Issued issued;
};

class Api {
 public:
  explicit Api(ApiPorts ports);
  ~Api();
  Api(const Api&) = delete;

  // Answers every request below `/v1/`.
  void serve(http::Request request, http::Responder responder);

  // The run that a credential counts in: the run itself, or the root of a sub-run that is not over.
  const Run* run_of(std::string_view id) const;
  // The audience of credentials for this door.
  const std::string& audience() const;
  // … and for the MCP door of a role, at the same address.
  std::string audience_of_role(std::string_view role) const;
  // What a sub-run may that is not over; null: there is none of this id.
  std::shared_ptr<SubRunLimits> part(std::string_view sub_run) const;
  // A sub-run for a user of this machine, who answers for it as `by`. ErrorKind::missing: there
  // is no such parent. Others: it may not be, and why.
  Result<OpenedSubRun> open_sub_run(const std::string& parent, const NewSubRun& wanted,
                                    const std::string& by);
  // A run that another door opened and joined, with a credential until then: it is kept open as
  // long as that.
  void adopt(const std::string& run, Lock lock, Instant until);

  // No further runs and calls; outcomes still come in.
  void refuse_new();
  // Calls that an executor runs now.
  std::size_t executing() const;
  // The node ends: nothing is waited for any more. Before the gate goes.
  void finish();

  struct Impl;

 private:
  std::shared_ptr<Impl> room_;
};

}  // namespace pawl::api
