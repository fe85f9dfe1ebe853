// GateState: what all calls of a gate share, as fields. Private to the gate.
//
// Every record goes through `log`, and nothing else changes `state`. What is kept besides (policies
// in memory, live calls, counts of refused calls that were not written out one by one) can be
// rebuilt or may be lost in a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "gate/state/limits.h"
#include "gate/state/people_directory.h"
#include "gate/state/policy_cache.h"
#include "gate/state/ports.h"
#include "gate/state/proposal.h"
#include "gate/state/record_log.h"
#include "gate/state/rollout.h"
#include "gate/state/timer_queue.h"
#include "io/journal/journal.h"
#include "kernel/config/contact.h"
#include "kernel/origin/origin.h"
#include "kernel/state/state.h"
#include "model/record.h"

namespace pawl {

struct ToolDefinition;
class Policy;
struct CallContext;

// How a tool was asked for when a call of it was held: what it takes to judge the same call with
// other arguments while no call waits for it.
struct ToolContext {
  PinState pin = PinState::none;
  std::shared_ptr<const ToolDefinition> definition;
  ResolvePath resolve;
  sql::ReadSql read_sql;
  FindProgram find_program;
};

// What the gate keeps of it, by agent.
struct CandidateInUse {
  Candidate what;
  std::shared_ptr<PolicyInUse> policy;  // null: it cannot be used
  std::string last_error;
  CandidateCounts counts;
};

// … and of a run: the candidate as its task narrows it.
struct CandidateOfRun {
  std::shared_ptr<PolicyInUse> from, policy;  // policy null: the task does not fit
  std::string task, mistake;
};

// What the gate keeps of one, by agent.
struct ObservationInUse {
  Observation what;
  Duration ends{};  // boot, besides the wall clock, which a person may set
  std::uint64_t passed = 0;
};

// What the gate keeps about a run besides its state.
struct GateRun {
  std::shared_ptr<PolicyInUse> policy;
  std::vector<CallContext*> live;                // calls between `handle` and its return
  std::uint32_t joined = 0;                      // connections
  Duration left{};                               // boot; when the last one went
  std::optional<Duration> deadline;              // boot; for which its earliest timer stands
  std::map<std::string, std::uint64_t> counted;  // by code: refusals not in the journal yet
  ByName<std::string> offered;        // server \n tool -> digest of the newest definition
  ByName<std::string> rejected;       // binding -> approval: people said no to exactly this
  ByName<std::string> rejected_near;  // near_duplicate_form -> the same, to whatever is nearly this
  ByName<ToolContext> tool_contexts;  // server \n tool -> of its newest held call
  ByName<std::string> asking;         // request for access -> its newest question
  std::uint64_t definition_bytes = 0;  // of definitions recorded for it
  CandidateOfRun candidate;            // where its role has one
  RunOrigins origins;                  // what its sponsor said, and results that a rule refers to
};

// Notes of strangers who were refused, under one topic.
struct Refusals {
  std::int64_t minute = 0;    // of the last one; 0: there was none
  std::uint32_t written = 0;  // in that minute
  std::uint64_t counted = 0;  // … and not in the journal yet
};

struct GateState {
  GateState(State state_in, Journal& journal_in, Clock& clock_in, Executor& executor_in,
            Notifier& notifier_in, std::function<std::string(std::size_t)> random_in,
            GateLimits limits_in);

  Journal& journal;
  Clock& clock;
  Executor& executor;
  Notifier& notifier;
  std::function<std::string(std::size_t)> random;
  GateLimits limits;
  TimerQueue timers;
  RecordLog log;
  const State& state;  // the log's
  PolicyCache policies;
  json::Parser parser;  // for a look into a result, which ends before anything else happens
  json::Document parsed;
  std::unordered_map<std::string, GateRun, StateTextHash, std::equal_to<>> runs;
  std::unordered_map<std::string, CallContext*> waiting;  // by approval: who waits for it now
  ByName<std::size_t> remarks_told;                       // … how much its agent was told of it
  ByName<std::pair<std::int64_t, std::uint32_t>> notes;   // run -> minute, notes in it
  ByName<Refusals> refusals;                              // by topic, which are words of ours
  std::set<std::string> refused_policies;                 // digests that people were told about
  std::map<std::string, WaitingPolicy> waiting_policies;  // by agent
  // What was offered and refused last, by agent: it is recorded once a person accepts it.
  std::map<std::string, std::shared_ptr<const Policy>> offered_policies;
  std::map<std::string, CandidateInUse, std::less<>> candidates;         // by agent
  std::map<std::string, ObservationInUse, std::less<>> observing;        // by agent; in force
  std::map<std::string, Observation, std::less<>> observations_waiting;  // by agent
  PeopleDirectory people;
  std::vector<Contact> contacts;                             // the deployment's
  BudgetsOf budgets_of;                                      // … and its budgets; empty: none
  Duration acknowledge_within = Duration::seconds(15 * 60);  // after the last contact
  ByName<std::uint32_t> steps_taken;  // escalation -> steps that were asked for in this life
  std::set<std::string, std::less<>> hurried;  // … whose next step does not wait for its time
  std::set<std::string, std::less<>> told_without_escalation;  // what found no room
  std::function<void(const CallOver&)> over;
};

// The bytes as a payload, sealed with the run's key. They must outlive the append.
PayloadRef payload_of(GateState& gate_state, std::string_view run, std::string_view bytes);

// A text that is equal within the run where the parts are, and says nothing about them once the
// run's payloads are erased. Empty: there is no key for it any more.
std::string mark_of(GateState& gate_state, std::string_view run,
                    std::initializer_list<std::string_view> parts);

bool clock_suspect(const GateState& gate_state);

// What is kept of a run; null where the run or its policy is unknown. A policy that is not in
// memory is read back from the journal.
GateRun* run_of(GateState& gate_state, std::string_view id);

// Of a run, a kill or an approval, not in use.
std::string new_id(GateState& gate_state, std::string_view prefix);
// Of the call whose record is written next.
std::string call_id(const GateState& gate_state);

// The policy of that digest, from memory or from the journal; null where neither has it.
std::shared_ptr<PolicyInUse> known_policy(GateState& gate_state, std::string_view digest);

// A policy as a run with this task has it; the policy itself where the task is empty.
Result<std::shared_ptr<const Policy>> narrowed(const std::shared_ptr<const Policy>& policy,
                                               const std::string& task, const std::string& file);

}  // namespace pawl
