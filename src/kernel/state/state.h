// The state of a node: what is left of the journal when it is folded.
//
//   State state;  for (const Record& record : journal) state.apply(record);
//
// There is no second store that could disagree. `apply` is total: a record that cannot be (a
// completion of a call that was not admitted, two ends of one call) is refused with an error that
// says so and leaves the state as it was. Run, call and approval states are explicit tables
// (transitions.h). Times count in whole microseconds, as records spell them.
//
// Ceilings: what is *settled* has happened; what is *reserved* belongs to calls in flight. Both
// live here, and only `apply` changes them, so that a crash can lose no charge:
//   - a proposal costs its step at once, denied ones too, and every denial counts;
//   - a decision that admits reserves its records and its call; a hold reserves nothing more;
//   - an end settles at the larger of what was reserved and what is reported; a call that was never
//     forwarded (aborted) gives everything but its step back; an indeterminate one stays spent;
//   - what a call adds to counters is reserved and settled likewise, but a server's refusal
//   (failed)
//     gives it back too, and so does cancelling a call without an effect;
//   - a request to a model reserves tokens and money, and settles at what was measured, else at the
//     whole reservation (spending.h);
//   - a decision that says so halts its run, and so does a settlement above its reservation.
// A halt and a kill withdraw the open and the unused granted questions they cover, in the same
// record, so that no crash can come between.
//
// The order in which the gate appends, which the fold accepts:
//   a hold      CallDecided round 1 `hold` that names the approval, then ApprovalOpened. A crash
//               between the two leaves a held call without a question: it is aborted at the
//               next start (settle_after_crash).
//   answers     ApprovalAnswered alone: one `reject` makes it rejected, `quorum` distinct persons
//               with `approve` make it approved. ApprovalEnded comes for expired and withdrawn only
//               (one that repeats what the fold knows already is accepted).
//   a change    ApprovalChanged: the question is about other arguments from then on, and the
//               approvals before it count no more; it is itself the approval of the person who
//               changed them. An identical call of the agent still finds the question by what was
//               asked first.
//   a remark    ApprovalAsked while the question is open, at most one ApprovalReplied to what was
//               asked before it, ApprovalPassed to who should look at it. None of them moves it.
//   a wider one ApprovalAnswered with `identical` or `for_run`: what all who approved chose stands
//               once its call is let run; CallDecided round 1 of another call names it.
//   a release   CallDecided round 2 with `approval`: an effect that runs consumes the approval in
//               that very record; a denial ends the held call, and an approval that was still open
//               or approved is withdrawn with it.
//   left alone  ApprovalAttached{attached: false} when the caller goes; when an identical call
//               comes back, ApprovalAttached{attached: true} with the id of the first call: it goes
//               on as that call and costs no step. NodeStarted detaches every approval.
//   no one back ApprovalEnded expired or withdrawn, then CallEnded `aborted` for the held call.
//   a grant     GrantMade while the request for it executes, so before its CallEnded: what a crash
//               leaves is a grant or none. GrantEnded where it is revoked.
//   refused     a request that never became a call: CallDecided `deny`, empty facts, 1 step.
//   in a flood  DenialsCounted charges `count` steps, and denials by its code. `ahead` of them may
//               be answered before the next one; a crash in between charges all of these, so that a
//               run has never fewer denials than its caller was told (settle_after_crash).
//   no room     CallDecided `hold` without an approval, then CallEnded `aborted`: no one was
//               asked.
// Which denials count for `max_denials`: the agent's own, as counts_as_denial (model/verdict.h) has
// it by code. A held call that ends without a second look is none. Records of an older decision
// version count as they did there.
// Threads: one loop owns a State and does not share it.
#pragma once

#include <cstdint>
#include <deque>
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
#include "base/text_key.h"
#include "base/time.h"
#include "kernel/state/question.h"
#include "kernel/state/repeats.h"
#include "kernel/state/spending.h"
#include "kernel/state/sums.h"
#include "model/record.h"

namespace pawl {

enum class RunPhase : std::uint8_t { open, halted, killed, closed };
enum class CallPhase : std::uint8_t {
  denied,
  held,
  admitted,
  aborted,
  completed,
  failed,
  cancelled,
  indeterminate,
};
std::string_view to_string(RunPhase phase);
std::string_view to_string(CallPhase phase);

struct StateTextHash {
  using is_transparent = void;
  // Ids are short, and every call asks for its run.
  std::size_t operator()(std::string_view text) const {
    const TextKey key = TextKey::of(text);
    return key.exact() ? key.hash() : std::hash<std::string_view>{}(text);
  }
};
template <class T>
using ByName = std::unordered_map<std::string, T, StateTextHash, std::equal_to<>>;

struct Count {
  std::uint64_t settled = 0, reserved = 0;
  std::uint64_t total() const { return settled + reserved; }
};

// Starts of calls within one second since 1970.
struct Starts {
  std::int64_t second = 0;
  std::uint64_t count = 0;
  friend bool operator==(const Starts&, const Starts&) = default;
};

// Counters of one entry of the policy within one run.
struct EntryCounts {
  Count records, calls;
  std::vector<Starts> recent;  // the last minute in whole seconds, oldest first: at most 61

  // Starts within the minute before `now`. The oldest second counts whole: the stricter side.
  std::uint64_t last_minute(Instant now) const;
};

// A call that is not over: held or admitted. Ended calls leave nothing but their counts.
struct LiveCall {
  std::string id, run, entry, tool, approval;
  std::string mark;  // see CallDecided
  CallPhase phase = CallPhase::held;
  bool has_effect = false;
  bool waits = false;  // held, and a live caller waits for the answer of a person
  std::uint64_t records = 0;
  std::uint32_t calls = 0;
  std::vector<SumCharge> sums;
  std::optional<Spend> spend;  // of a request to a model
  std::vector<BudgetWindow> budgets;
  Instant since{};
  std::int64_t abi = decision_abi;  // decision version of its newest look
};

// A tool that people let a run use for a while (GrantMade). Over when its time is, when its calls
// are used up, and with everything that stops the run.
struct Grant {
  std::string id, tool, line, approval;
  Instant until{};
  std::uint64_t calls = 0, before = 0;  // see GrantMade
  std::vector<GrantedArgument> arguments;
};

// An approval that its reviewers made good for more calls of its run than the one that it was asked
// for. It counts as long as the question is remembered; over with its calls or its time, and with
// everything that stops the run.
struct Standing {
  std::string approval, tool;
  bool for_run = false;          // for calls like it; else for identical ones
  std::uint64_t left = 0;        // identical calls
  std::optional<Instant> until;  // of one for the run
};
inline constexpr std::size_t standing_max = 64;  // of one run; the oldest goes first

struct Run {
  std::string id, key, agent, identity, sponsor, policy;
  std::string caller;             // the deployment's name of the agent, where it proved who it is
  std::uint64_t payload_key = 0;  // seals its payloads in the journal; 0: none does
  RunPhase phase = RunPhase::open;
  std::string halted, why;  // code and reason of a halt that stands, also after the run closed
  Count steps, denials;
  std::map<std::string, EntryCounts, std::less<>> entries;
  Sums sums;          // of counters per run
  Spending spending;  // of requests to models
  Repeats repeats;    // of marked calls; anew once a person lets one run, or the run go on
  // Calls that were let through, by `server/tool` or `tool`; one that never left is taken back.
  std::map<std::string, std::uint64_t, std::less<>> seen;
  std::vector<Grant> grants;       // in their order; one whose time is over may still be here
  std::vector<Standing> standing;  // likewise
  Instant opened{};
  std::optional<Instant> revoked;  // a kill: credentials of before are good for nothing
  // The wall clock: starts at the first call, stands still while a call waits for a person
  // and none executes.
  std::optional<Instant> first_call;
  Duration counted{};                    // settled part of the clock
  std::optional<Instant> running_since;  // absent while it stands still
  std::uint32_t executing = 0, waiting = 0;
  std::uint32_t live = 0;            // calls that are not over, held and admitted
  std::uint32_t denial_records = 0;  // written out after a halt or in the present minute
  std::int64_t denial_minute = 0;    // which minute, since 1970
  std::uint64_t ahead = 0;           // denials that may be answered and are not counted yet
  std::uint64_t journal_bytes = 0;   // payloads, and a flat charge for each record

  Duration clock(Instant now) const;
  // What this approval is good for besides its call, now; null: nothing.
  const Standing* stands(std::string_view approval, Instant now) const;
  // Denials that were written out one by one: after a halt since the halt, else in this minute.
  std::uint32_t denials_written(Instant now) const;
};

inline constexpr std::uint64_t record_charge_bytes = 1024;
inline constexpr std::size_t closed_runs_max = 1024;      // remembered after their end
inline constexpr std::size_t ended_approvals_max = 4096;  // likewise

enum class ApprovalPhase : std::uint8_t { open, approved, rejected, expired, withdrawn, consumed };
std::string_view to_string(ApprovalPhase phase);

// `counts` says whether it moves the question: not the agent's own, not a second one of the same
// person, not the sponsor's as the second pair of eyes, not one after the question's time.
struct Answer {
  std::string person, answer, reason;
  Instant at{};
  bool counts = false;
  bool automatic = false;       // a program's: never the only one for what cannot be undone
  std::uint64_t identical = 0;  // see ApprovalAnswered
  bool for_run = false;
};
// How an answer of an automated reviewer was proven.
inline constexpr std::string_view automatic_proof = "automatic";
inline constexpr std::size_t asked_back_max = 8;  // about one question
inline constexpr std::uint32_t passes_max = 16;
struct Approval {
  OpenedQuestion asked;
  std::shared_ptr<const ChangedQuestion> changed;  // null: it is what its agent asked for
  std::shared_ptr<const Talk> talk;                // null: no reviewer said anything
  ApprovalPhase phase = ApprovalPhase::open;
  Instant opened{};
  std::vector<Answer> answers;
  bool attached = true;  // a live caller waits for it
  std::string call;      // the call it belongs to now

  // What would run, and what an answer is good for.
  std::string args() const { return changed ? changed->args : asked.args.text(); }
  std::string binding() const { return changed ? changed->binding : asked.binding.text(); }
};

struct Kill {
  std::string id, scope, name, person, reason;
  Instant at{};
};
// `all`, `role`, `agent`, `run`, `tool`, `upstream`: what a kill may be over.
bool is_scope(std::string_view scope);
// True where the kill covers a run; where it covers a tool (`server/tool`, or `tool`) of any run.
bool covers(const Kill& kill, const Run& run);
bool covers_tool(const Kill& kill, std::string_view tool);
// True where lifting what is stopped under this scope and name lifts the run's halt.
bool resumes(std::string_view scope, std::string_view name, const Run& run);

// What people have to hear of and no reviewer has ended yet. `told` counts the steps of the
// escalation whose outcome is a record; the next life of a node goes on behind them.
struct Escalation {
  enum class Phase : std::uint8_t { open, unanswered, acknowledged };
  EscalationOpened opened;
  Instant at{};
  Phase phase = Phase::open;
  std::uint32_t told = 0;
  std::string person;  // who acknowledged it
};
std::string_view to_string(Escalation::Phase phase);
inline constexpr std::size_t escalations_max = 256;  // kept at a time

struct Pin {
  std::string digest, person;
};
struct Reviewer {
  std::string person, proof, verifier, by;
};

class State {
 public:
  // Records come in the order of their `seq`, without a gap.
  Status apply(const Record& record);

  // Everything after the last record was read: calls that were admitted and never ended become
  // indeterminate, and denials that may have been answered are counted. Returns the records to
  // append for that (CallEnded and, for effects, RunHalted; DenialsCounted); applying them is the
  // caller's job, in order.
  std::vector<Body> settle_after_crash() const;

  const Run* run(std::string_view id) const;
  const Run* run_by_key(std::string_view key) const;  // the newest run of that key
  const LiveCall* call(std::string_view id) const;
  const Approval* approval(std::string_view id) const;
  // The open or approved, unconsumed question with this binding whose caller is gone, or null.
  const Approval* detached(std::string_view run, std::string_view binding) const;
  // One of those about which its agent was asked something: with the oldest unanswered question
  // where there is any, or null.
  const Approval* asked_back(std::string_view run, std::string_view binding) const;
  // The sums of an agent's counters over all of its runs, or null.
  const Sums* sums(std::string_view agent) const;
  // What was spent of a standing budget in a window, or null.
  const Spending* spending(const BudgetWindow& window) const { return budgets_.find(window); }
  const StandingBudgets& budgets() const { return budgets_; }
  // A kill that covers this subject and tool, or null. The most general one first.
  const Kill* killed(std::string_view agent, std::string_view run, std::string_view tool) const;
  // A halt that still stands for (agent, sponsor) from an earlier run, or null (case R04).
  const Run* halt_of(std::string_view agent, std::string_view sponsor) const;
  // Sponsors of runs of this agent whose halt stands, sorted.
  std::vector<std::string> halted_sponsors(std::string_view agent) const;
  bool any_halt() const { return !halts_.empty(); }

  // The accepted definition of a tool, or null; `person` is empty where its first use was recorded.
  const Pin* pin(std::string_view server, std::string_view tool) const;
  // Whether a tool of this server was ever accepted or seen first; its instructions alone do not
  // count, they come before its list.
  bool knows_tools_of(std::string_view server) const;
  // The commitment to the payload of a policy that was loaded; empty for an unknown digest.
  std::string_view policy_payload(std::string_view digest) const;

  const ByName<Run>& runs() const { return runs_; }
  const ByName<LiveCall>& calls() const { return calls_; }
  const ByName<Approval>& approvals() const { return approvals_; }
  const std::vector<Kill>& kills() const { return kills_; }
  const std::map<std::string, Escalation, std::less<>>& escalations() const { return escalations_; }
  // The newest exercise of the switch that passed.
  struct LastDrill {
    Instant at{};
    Drilled drill;
  };
  const std::optional<LastDrill>& last_drill() const { return last_drill_; }
  const ByName<Reviewer>& reviewers() const { return reviewers_; }
  const std::set<std::string>& policies() const { return policies_; }  // digests with payload
  const std::set<std::string>& definitions() const { return definitions_; }
  // By server and tool.
  const std::map<std::pair<std::string, std::string>, Pin>& pins() const { return pins_; }
  std::uint64_t next_seq() const { return next_seq_; }
  std::int64_t epoch() const { return epoch_; }

  // Whether the sums are what the live calls say. Always, unless a snapshot was made by hand.
  Status consistent() const;

  // The whole state as canonical JSON, and back: snapshots. Equal states give equal bytes.
  std::string to_json() const;
  static Result<State> from_json(std::string_view text);

 private:
  friend struct Fold;      // fold.h: one function for each type of record
  friend struct Snapshot;  // snapshot.cpp

  struct ByTerms {
    using Terms = std::shared_ptr<const QuestionTerms>;
    bool operator()(const Terms& a, const Terms& b) const { return *a < *b; }
  };
  // question.cpp: every question comes and goes this way, so that none keeps terms of its own.
  void put_question(Approval approval);
  void forget_question(const std::string& id);

  ByName<Run> runs_;
  ByName<std::string> run_keys_;  // key -> the newest run
  ByName<LiveCall> calls_;
  ByName<Approval> approvals_;
  std::set<std::shared_ptr<const QuestionTerms>, ByTerms> terms_;  // of all questions
  ByName<std::set<std::string>> detached_;  // binding -> live questions whose caller is gone
  std::vector<Kill> kills_;
  std::map<std::string, Escalation, std::less<>> escalations_;
  std::optional<LastDrill> last_drill_;
  // agent -> sponsor -> runs whose halt stands
  std::map<std::string, std::map<std::string, std::set<std::string>, std::less<>>, std::less<>>
      halts_;
  std::map<std::string, Sums, std::less<>> sums_;  // by agent
  StandingBudgets budgets_;
  ByName<Reviewer> reviewers_;
  std::set<std::string> policies_, definitions_;
  std::map<std::string, std::string, std::less<>> policy_payloads_;  // digest -> commitment
  std::map<std::pair<std::string, std::string>, Pin> pins_;          // server, tool -> accepted
  std::deque<std::string> closed_;                                   // runs to forget, oldest first
  std::deque<std::string> ended_;  // approvals to forget, oldest first
  std::uint64_t next_seq_ = 0;
  std::int64_t epoch_ = 0;
};

}  // namespace pawl
