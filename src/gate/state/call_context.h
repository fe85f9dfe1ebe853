// CallContext: one call on its way through the gate, as fields. It lives in the frame of
// `Calls::handle`, and leaves nothing behind that a crash may lose. Private to the gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "gate/state/gate_state.h"
#include "gate/state/ports.h"
#include "gate/state/proposal.h"
#include "gate/state/sub_run.h"
#include "kernel/admit/argument_findings.h"

namespace pawl {

class Policy;
class Scope;
struct BoundTool;
struct ToolRule;

// What the next step of a call is.
enum class Next : std::uint8_t {
  reply,    // it is over: `CallContext::reply` says how
  wait,     // for people
  execute,  // the decision is written and lets it run
};

// What a call took out of its sub-run. It goes back by itself, unless the call was sent.
class [[nodiscard]] SubRunCharge {
 public:
  SubRunCharge(SubRunLimits& sub_run, const SubRunUse& use);
  ~SubRunCharge();
  SubRunCharge(const SubRunCharge&) = delete;
  SubRunCharge& operator=(const SubRunCharge&) = delete;

  // It was sent: nothing goes back. A report only raises what it took.
  void spend(std::uint64_t records_reported);

 private:
  SubRunLimits* sub_run_;  // of the proposal, which outlives its context; null: it is spent
  SubRunUse use_;
};

// What a result came to, found out beside the loop.
struct ResultFindings {
  std::shared_ptr<const Scope> scope;  // under which it was projected; null: under none
  bool is_error = false;
  std::string text;
  std::vector<std::string> withheld;
};

struct CallContext {
  // It is among the live calls of its run while it lives.
  CallContext(GateState& gate_state_in, Proposal& asked_in, Upstream& upstream_in,
              Caller& caller_in);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  enum class Phase : std::uint8_t { fresh, waiting, granted, executing, over };

  const Run& state() const;  // precondition: `run` is not null
  const Policy& policy() const { return run->policy->policy(); }
  const ToolRule* entry() const;  // of the policy for this tool; null: it names none
  Settled& reply();               // made when it is first asked for
  // True where the run's policy is another one by now. Precondition: it was let run.
  bool other_policy_now() const;

  GateState& gate_state;
  Proposal& asked;
  Upstream& upstream;
  Caller& caller;
  GateRun* run;  // null: the run is unknown
  std::shared_ptr<const BoundTool> tool;
  std::string call, approval;  // ids; the call's is empty while nothing is recorded
  std::string grant;           // of those that people made, the one under which it runs
  std::string mark;            // see CallDecided; empty where the policy has no `max_repeats`
  std::string forwarded;       // canonical arguments, from the grant until they were sent
  std::optional<Completion<bool>> woken;       // delivered when waiting may be over
  std::uint64_t decided = 0;                   // the record that lets it run
  const PolicyInUse* decided_under = nullptr;  // the policy that let it run
  Duration since{};                            // boot; of the wait, then of the execution
  Duration until{}, sign{};  // boot; end of the caller's patience, its next sign of life
  std::size_t place = 0;     // among the run's live calls
  Phase phase = Phase::fresh;
  bool effect = false;
  bool watched = false;                     // it runs although it was denied or held
  bool cancelled = false;                   // the server was asked to stop
  bool out_of_time = false;                 // … since the run's time was over
  std::unique_ptr<json::Document> changed;  // what a reviewer put in the place of its arguments
  std::shared_ptr<const ChangedQuestion> change_taken;
  std::unique_ptr<json::Document> without_reply;  // its arguments, where it brought words as well
  std::unique_ptr<CallTimes> times;               // null: not measured
  std::unique_ptr<SubRunCharge> taken;            // null: it has no sub-run, or took nothing of it
  std::shared_ptr<const ArgumentFindings> findings;  // null: its arguments are not large
  std::shared_ptr<ResultFindings> result_findings;   // null: nor is its result

 private:
  std::unique_ptr<Settled> reply_;
};

// Looks at the context again in a later turn; harmless when it is too late.
void wake(CallContext& context);

// Asks the server to stop, once. The call still ends with what the server makes of it.
void cancel(CallContext& context);
void cancel_later(CallContext& context);

// A call that was let through, or held, and was never sent.
void end_unsent(CallContext& context);
void abort_call(GateState& gate_state, const std::string& call, const std::string& run);

}  // namespace pawl
