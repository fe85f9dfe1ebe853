// The inside of the decision API, shared by the files that implement it:
//   api.cpp      from a request to its operation
//   runs.cpp     runs and sub-runs
//   calls.cpp    a call, from proposal to decision, and from outcome to end
//   answers.cpp  what is written back
#pragma once

#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "doors/api/api.h"
#include "doors/api/body.h"
#include "doors/api/events.h"
#include "doors/api/operations.h"
#include "doors/api/sub_runs.h"
#include "gate/state/sub_run.h"
#include "io/identity/bearer.h"

namespace pawl {

struct Settled;
class Scope;
}  // namespace pawl

namespace pawl::api {

// One request, while it is answered.
struct Visit {
  http::Request request;
  std::optional<http::Responder> responder;
  Asked asked;
  json::Document body;
  identity::Principal who;
  std::string run;                     // that counts: the root of a sub-run
  std::string sub_run;                 // empty: none
  std::shared_ptr<SubRunLimits> part;  // … and what it may; null: none

  void answer(int status, std::string text);
  void refuse(int status, Code code, std::string_view reason);
};
using VisitPtr = std::shared_ptr<Visit>;

// A call between its proposal and its end.
struct OpenCall {
  std::string id, run, server, tool;
  std::string approval;  // while a person is asked
  std::string decision;  // JSON of an allowed call, as it was told
  std::string class_text, credential;
  std::shared_ptr<const Scope> scope;
  bool notify = false;
  std::string decided = {};  // the effect of a verdict that was not enforced; empty: it was
  bool told = false;         // the executor was told that it may run
  bool gone = false;         // … and no executor is there to be told
  bool cancel = false;       // it is to be stopped
  bool reported = false;     // the executor said how it ended
  Instant settle_by{};
  Completion<Outcome> outcome;
  Completion<std::string> settlement;  // JSON, for who reported
  std::shared_ptr<void> timer;
};
using OpenCallPtr = std::shared_ptr<OpenCall>;

// What is answered to a request that cannot be met.
struct Refusal {
  int status = 503;
  Code code = Code::internal;
  std::string reason;
};

struct EndedCall {
  std::string run, text;  // JSON of `Call`
};

struct Api::Impl : std::enable_shared_from_this<Api::Impl> {
  explicit Impl(ApiPorts with);

  // api.cpp
  Task<void> visit(VisitPtr visit);
  // Who is it, may it, and is the body an object in one reading? False: it was answered.
  Task<bool> admitted(VisitPtr visit);
  bool read_body(Visit& visit);
  // A body that no reader takes; answers false.
  bool refuse_attempt(Visit& visit, int status, const std::string& why);
  // Whether the run of the path is one that this caller may see or use; false: it was answered.
  bool find_run(Visit& visit);
  void heard(const Record& record);
  void beat();

  // runs.cpp
  void open_run(Visit& visit);
  void give_credential(Visit& visit, const std::string& run, const NewRun& wanted, Lock lock);
  void open_sub_run(Visit& visit);
  // For a sub-agent of the holder of this credential; `by`: a person who asks for it, or empty.
  std::expected<OpenedSubRun, Refusal> begin_sub_run(const jose::RunCredential& parent,
                                                     const NewSubRun& wanted,
                                                     const std::string& by);
  void show_run(Visit& visit);
  void close_run(Visit& visit);
  void watch(Visit& visit);
  // Keeps the run from being closed as idle while its newest credential lasts.
  void hold_open(const std::string& run, Instant until);
  // The run as this door holds it. One of a life before this one is joined when a caller comes for
  // it; null where it cannot be: what the lock says would not be known.
  struct Held {
    Instant until{};
    std::shared_ptr<void> timer;
    Lock lock;
  };
  const Held* join_again(const std::string& run, Instant until);

  // calls.cpp
  Task<void> propose(VisitPtr visit);
  // The only way in which a proposal is refused before the gate sees it: every attempt is charged
  // to its run, and recorded or counted. `tool`: what it is about, where that can be told.
  void refuse_proposal(Visit& visit, const Refusal& refusal, std::string_view tool = "calls");
  void show_call(Visit& visit);
  std::size_t open_calls(std::string_view run) const;

  // calls.cpp
  Task<void> settle(VisitPtr visit);
  void ended(const OpenCallPtr& call, const Settled& settled);

  ApiPorts ports;
  std::string audience;
  std::shared_ptr<SubRuns> sub_runs;
  Events events;
  std::map<std::string, Held, std::less<>> held;          // runs that this door keeps open
  std::map<std::string, OpenCallPtr, std::less<>> calls;  // that may run, by id
  std::map<std::string, EndedCall, std::less<>> ended_calls;
  std::deque<std::string> ended_order;
  std::map<OpenCall*, OpenCallPtr> proposed;  // all that are under way
  bool flushing = false, closing = false, over = false;
  std::shared_ptr<void> life, hears;
};

// The decision of a call that may run.
std::string allowed_json(const OpenCall& call, std::string_view arguments);
// Of one that may not, or not yet.
std::string decided_json(const OpenCall& call, const Settled& settled);
// Of one that ended, for who reported.
std::string settlement_json(const std::string& id, const Settled& settled);
std::string run_json(const Run& run, const std::string& more = {});

}  // namespace pawl::api
