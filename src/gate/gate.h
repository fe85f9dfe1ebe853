// The gate: the one way of every call. Read `Gate::handle` in call.cpp and you have read the
// product.
//
//   facts -> admit -> journal -> hold -> facts and admit again -> journal -> execute -> settle ->
//   journal
//
// Promises (each has scenarios in test/):
//   - nothing is forwarded before its decision is written; an effect waits until it is durable;
//   - after the last wait before execution the kill switch, the run and the policy are compared
//   once
//     more, without waiting;
//   - a reply is released only after the record of its completion was written, durable for effects;
//   - an answer of people is used once, by a live request of the same subject, for the same bytes;
//   - when the journal cannot write, nothing is granted any more.
//
// For doors: a Gate outlives every task of `handle`. `Caller::on_gone` may be called at any moment
// of a call; the gate answers it in a later turn. `Outcome::lost` is for calls whose bytes may have
// left: a server that is known to be down before anything was sent is an `error`. `Settled::text`
// of a result is what the server sent (projected where the policy has a `scope`): reserved keys of
// `_meta` are the door's to strip. A second `open_run` with the same key is another connection of
// the same run; `leave_run` says that one is gone.
// Threads: everything happens on the loop that owns the gate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "gate/ports.h"
#include "gate/rollout.h"
#include "io/journal/journal.h"
#include "kernel/admit/admit.h"
#include "kernel/policy/policy.h"
#include "kernel/state/reach.h"
#include "kernel/state/state.h"
#include "model/class.h"
#include "model/trace.h"

namespace pawl {

class RunPart;  // part.h

struct GateLimits {
  Duration progress_every = Duration::seconds(5);
  std::uint32_t denial_records_max = 16;  // per run after a halt, and per minute in a flood
  std::uint64_t run_journal_bytes_max = 256UL << 20;
  std::uint64_t denied_payload_bytes_max = 64UL << 10;  // larger refused arguments: digest only
  Duration drift_max = Duration::seconds(60);  // wall clock against ours: beyond, no grants
  Duration idle_close = Duration::seconds(600);
  std::uint32_t questions_per_run_max = 100;           // open, or answered and not used
  std::uint32_t runs_per_minute_max = 60;              // new runs of one agent
  std::uint64_t result_payload_bytes_max = 1UL << 20;  // larger results: digest only
  std::uint64_t definition_bytes_max = 32UL << 20;     // definitions recorded for one run
  std::uint32_t notes_per_minute_max = 32;             // of one run; the others are dropped
  std::uint32_t refusals_per_minute_max = 32;          // of one topic; the others are a count
  std::uint64_t snapshot_records = 100'000;            // between two snapshots of the state
  // Arguments and results of more are looked at beside the loop.
  std::size_t offload_bytes_min = 32UL << 10;
};

// Who asks to join, and under which policy. `key` identifies the run.
struct RunRequest {
  std::string key, sponsor, client;
  std::shared_ptr<const Policy> policy;
  // A task file that narrows the policy for this run (kernel/policy, `load_task`), and how messages
  // call it. Its text is what the sponsor said, so it has to come from the person who starts the
  // run. A run gets it when it is opened, and keeps it.
  std::string task = {}, task_file = {};
  std::string caller = {};  // the deployment's name of the agent, where it proved who it is
  // The run's user cannot have written this policy: the deployment pins its digest, or its files
  // belong to somebody else. A changed policy that is not vouched for waits for a person (rule 14).
  bool vouched = false;
  // For doors whose callers come and go while a file waits for a person: where `policy` is laxer
  // than the one of a run that is there, the run keeps its own. Otherwise who joins it is refused.
  bool keeps_policy = false;
};

// One proposed call, parsed and unambiguous. Views live until `handle` returns; the functions are
// kept, and outlive the connection that the call came by.
struct Proposal {
  std::string run;
  Call call;
  std::shared_ptr<const ToolDefinition> definition;  // null for `mcp:` actions
  PinState pin = PinState::none;
  ResolvePath resolve;       // empty: lexical
  sql::ReadSql read_sql;     // empty: no SQL is understood here
  FindProgram find_program;  // empty: programs are judged by their words
  std::string note;          // what the door dropped or replaced: unlisted `_meta` keys …
  // The question of an earlier continuation of this same call, where the door proved that it is
  // one: the call goes on with that question and no other, without another charge.
  std::string resumes;
  std::shared_ptr<const CallTrace> trace;  // null: nobody traces it
  // The door made this request itself, out of a call of pawl's own tool: `definition` and `pin` are
  // those of the tool that is asked for (model/access.h).
  bool own = false;
  // Owns what `call.arguments` looks at, and is changed by nobody while the call is here. Large
  // arguments of a call that has none are judged on the loop, and everybody waits.
  std::shared_ptr<const void> keeps = nullptr;
  std::shared_ptr<RunPart> part;  // of the run, whose call it is; null: the whole run's
};

// What the door sends back.
struct Settled {
  enum class Kind : std::uint8_t {
    result,   // `text` is the result to deliver (projected where a scope says so)
    error,    // `text` is the server's JSON-RPC error object
    refused,  // `text` is the three lines for the agent, `decision` the structured form
    pending,  // a person has not answered yet: same shape as refused
    gone,     // the client left: nothing is sent
  };
  Kind kind = Kind::refused;
  std::string text, decision;
  Code code = Code::internal;
  std::string call, approval;
  std::vector<std::string> withheld;
  // Of `pending`: a reviewer asks the agent something, and this is the first time that it is told.
  // A door shows it to the agent, and does not keep the request for itself.
  bool asks = false;
};

// How the parts of a call went, for whoever measures. Boot time; zero: it did not come to that.
struct CallTimes {
  Duration asked{};     // it came to the gate
  Duration decided{};   // the first verdict was there, and its record written
  Duration released{};  // … the last one was; later where people were asked
  Duration sent{};      // its record was durable where it has to be, and the server was asked
  Duration answered{};  // the server had answered
  Duration over{};
  Class action_class = kMostDangerous;
  bool is_error = false;                    // the server says that its tool failed
  std::optional<Effect> not_enforced = {};  // the verdict that stood when the call ran all the same
};
// A call that is over: once for every `handle`, so that each continuation of a held call is one.
// Valid during the callback.
struct CallOver {
  const Proposal& asked;
  std::string_view role, call, approval;
  Settled::Kind kind;
  Code code;
  bool has_entry;  // the policy names this tool: else its name is nothing but the agent's words
  CallTimes times;
};

// What a kill stopped: the open runs it covers, the questions it withdrew, and the calls whose
// server was asked to stop (what becomes of those is in their records). `kill`: its id.
struct Stopped {
  std::vector<std::string> runs, withdrawn, cancelled;
  std::string kill = {};
};

// Whom a kill alarms. An exercise over its own run alarms nobody; over more than that, it says that
// it is one, and what is thrown in earnest meanwhile is told by itself.
enum class KillAlarm : std::uint8_t { real, exercise, none };

// A reviewer's other arguments for a call that waits.
struct Change {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string arguments;  // the text of a JSON object: all of them, not only those that differ
  std::string reason;     // the agent is told
  std::string proof, shown;
  bool typed = false;  // see Gate::answer
};
inline constexpr std::size_t changed_arguments_bytes_max = 1UL << 20;
// What would be approved.
struct Changed {
  std::string arguments;  // canonical
  std::string binding;    // what an answer to them is good for
  Class action_class = kMostDangerous;
};

// A reviewer asks the agent about a call that waits. The agent reads it when its request is
// answered as pending, which happens at once, and says something to it by calling again with the
// same arguments and one more, `pawl_answer`. That one is never part of the call: it is not what
// people approve, and no tool receives it. A tool that has an argument of this name cannot be asked
// about.
struct AskedBack {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string text, proof;
};
inline constexpr std::string_view reply_argument = "pawl_answer";
inline constexpr std::size_t asked_back_bytes_max = 1000;
inline constexpr std::size_t reply_bytes_max = 2000;

// A reviewer passes a question on.
struct PassedOn {
  std::string approval, person;
  std::vector<std::string> groups;
  std::string to;  // a person or a group
  std::string reason, proof;
};
inline constexpr std::size_t pass_reason_bytes_max = 1000;

// Answers of one person to several questions, given in one act.
struct Answers {
  struct One {
    std::string approval, shown;
    bool typed = false;
  };
  std::vector<One> to;
  bool approve = false;
  std::string person;
  std::vector<std::string> groups;
  std::string reason, proof;
  std::string batch;  // digest over all that was displayed
};

// Why a person may not answer a question, by what they would answer; empty: they may.
struct Objections {
  std::string approve, change, reject;
};

// Where a policy stands among the pins of State: server and tool of its PinAccepted.
inline constexpr std::string_view policy_pin_server = "pawl";
std::string policy_pin_name(std::string_view agent);
// And the deployment file, by the digest of its bytes: the one that was accepted, and the last such
// one that was for production.
inline constexpr std::string_view deployment_pin_name = "deployment";
inline constexpr std::string_view production_pin_name = "deployment/production";

// A policy file that permits more than the one in force, and waits for `pawl accept --policy F`.
struct WaitingPolicy {
  std::string agent, file, digest;
  std::string laxer;  // what got laxer, with its places in the file
};

struct GateState;

class Gate {
 public:
  // `state` is the fold of the journal; `epoch` and the start record are the caller's.
  Gate(State state, Journal& journal, Clock& clock, Executor& executor, Notifier& notifier,
       std::function<std::string(std::size_t)> random, GateLimits limits = {});
  ~Gate();

  // Appends what a crash left behind: indeterminate calls, halts. Once, before the first call.
  Status recover();

  // Joins the run of that key, or opens one. An open run keeps its policy: another one is refused.
  // The first policy of an agent is recorded; of a changed one, a stricter one counts at once and
  // any other waits for a person (rule 14).
  Result<std::string> open_run(const RunRequest& request);
  // One connection of the run is gone. After `idle_close` without any, with no call under way and
  // no question open, the run is closed.
  void leave_run(const std::string& run);
  Status close_run(const std::string& run, const std::string& why);
  std::shared_ptr<const Policy> policy_of(const std::string& run) const;
  // A policy file changed while the node runs. A stricter one is in force at once, for new runs and
  // for those under way; answers the runs that took it. A laxer one waits and is told.
  std::vector<std::string> offer_policy(const std::shared_ptr<const Policy>& policy);
  // What governs the next run of an agent whose file says `offered`, or nothing that loads (null):
  // a file that is laxer waits for a person, and the accepted policy goes on meanwhile. Refused
  // where there is none, or its text is gone.
  Result<std::shared_ptr<const Policy>> policy_in_force(
      const std::string& agent, const std::shared_ptr<const Policy>& offered);
  std::vector<WaitingPolicy> waiting_policies() const;

  // All candidates and all observations there are now; what is not among them is over. Beginnings
  // and ends are records. An observation ends by itself; see gate/rollout.h.
  void set_candidates(std::vector<Candidate> candidates);
  std::vector<CandidateNow> candidates() const;
  void set_observations(const std::vector<Observation>& observations);
  // Those that are in force or wait for a person.
  std::vector<ObservationNow> observations() const;
  // Whether calls of this run may run although its policy stops them: for lists of what there is.
  bool watched(const std::string& run) const;
  Status accept_observation(const std::string& agent, const std::string& digest,
                            const std::string& person);

  // The one way of a call.
  Task<Settled> handle(Proposal proposal, Upstream& upstream, Caller& caller);
  // A request that was refused before it could become a call (ambiguous, unknown method, too long):
  // charged and recorded like every attempt.
  Settled refuse(const std::string& run, Code code, const std::string& what,
                 const std::string& sentence, RunPart* part = nullptr);

  // Definitions that a server offers: compared with what was accepted; first uses are recorded.
  PinState pin(const std::string& run, const ToolDefinition& tool, bool locked,
               const std::string& locked_digest);

  // People. `person` was authenticated by the caller, `proof` says how; `typed`: the caller
  // compared what the person typed with what the question asks for. Without it such a question is
  // not approved. `reach`: what else the approval is good for, where the question offers it.
  Status answer(const std::string& approval, const std::string& person,
                const std::vector<std::string>& groups, bool approve, const std::string& reason,
                const std::string& proof, const std::string& shown, bool typed = false,
                const Reach& reach = {});
  // Approves the call of an open question with other arguments: they become what would run, they
  // go through the kernel like a call, now and at release, and the approvals that came before count
  // no more. Refused where the kernel would deny them, or would ask other or more people.
  Status change(const Change& change);
  // What `change` would do, without doing it.
  Result<Changed> try_change(const std::string& approval, std::string_view arguments) const;
  // All of them or none: what would not be written for one is a refusal of the whole act.
  Status answer(const Answers& answers);
  // What the call of an open question would take out of its run's ceilings, would it run now; an
  // error where it would be denied.
  Result<Reservation> would_take(const std::string& approval) const;
  // Neither of these two answers anything, or changes who may answer, or until when.
  Status ask_back(const AskedBack& asked);
  Status pass_on(const PassedOn& passed);
  // Whether a reviewer asks the agent of this call something that it was not told yet: the next
  // request for it is answered at once.
  bool asks_agent(const std::string& approval) const;
  Result<Stopped> kill(const std::string& scope, const std::string& name, const std::string& person,
                       const std::string& reason, KillAlarm alarm = KillAlarm::real);
  Status resume(const std::string& scope, const std::string& name, const std::string& person,
                const std::string& reason);
  // Lifts the one kill with this id, as `Stopped` has it, and no other of its scope and name: what
  // set it was an exercise, and somebody may have thrown the switch in earnest meanwhile.
  Status lift(const std::string& kill, const std::string& person, const std::string& reason);
  Status accept(const std::string& server, const std::string& tool, const std::string& digest,
                const std::string& person);
  // Accepts another policy for an agent's next runs.
  Status accept_policy(const std::string& agent, const std::string& digest,
                       const std::string& person);
  // Another deployment file counts; nobody had to accept it where `person` is empty.
  Status accept_deployment(const std::string& digest, bool production, const std::string& person);
  // The text of an agent's accepted policy as it is in the journal; null: there is none.
  std::shared_ptr<const Policy> accepted_policy(const std::string& agent) const;
  // Whether this person of the deployment is a program, which answers by itself and acts in no
  // other way.
  bool is_program(std::string_view person) const;
  // Whether this person sees everything and decides nothing: refused wherever a person decides.
  bool is_auditor(std::string_view person) const;
  // `by` is a reviewer; empty for the very first one, which comes from the configuration.
  Status enroll(const std::string& person, const std::string& proof, const std::string& verifier,
                const std::string& by);
  // Those whom the configuration names at the very first, together: where nobody is a reviewer yet,
  // whoever writes that file says who is.
  struct ConfiguredReviewer {
    std::string person, proof, verifier;
  };
  Status enroll_first(const std::vector<ConfiguredReviewer>& reviewers);
  // Deployment's default reviewers: groups or persons that may answer where the policy names none.
  void set_default_reviewers(std::vector<std::string> reviewers);
  // Everybody whom the deployment lists, with their groups. Asked again when an answer is used: who
  // is not here any more, or in other groups, has not approved (threats H06). Without this call the
  // entitlement at the time of the answer stands.
  void set_people(std::map<std::string, std::vector<std::string>, std::less<>> groups_of);
  // Accounts under which they start runs, folded, and whose they are: a run that is opened from now
  // on has the person as its sponsor, who is then never its second pair of eyes (threats H07).
  void set_accounts(std::map<std::string, std::string, std::less<>> person_of);
  // Those of the people that are programs (`automatic_proof`): what one of them is said to have
  // answered with another proof counts no more than what anybody else answers with theirs.
  void set_programs(std::set<std::string, std::less<>> programs);
  void set_auditors(std::set<std::string, std::less<>> auditors);

  // Takes a grant back. What tightens needs nobody's proof; `person` is who says so.
  Status end_grant(const std::string& grant, const std::string& person, const std::string& reason);
  // Whether people let this run use the tool at the moment: for lists of what there is.
  bool lent(const std::string& run, std::string_view server, std::string_view tool) const;

  // For a person to find later. Refused beyond `notes_per_minute_max`: notes come from outside.
  Status note(const std::string& run, const std::string& topic, const std::string& text);
  // Somebody was refused who belongs to no run: a token that proves nobody, a proof that is wrong.
  // Every one of them is a record, or counted in one. `topic` is one of the door's few words, and
  // never of who asked. What the node itself has to say has its own room beside them.
  void note_refusal(const std::string& topic, const std::string& text);
  // Writes what is only counted so far: before the node ends.
  void write_refusals();
  // How telling somebody went, for the notifier. A failed step of a escalation makes the next one
  // due.
  Status escalated(const Escalated& told);
  // Who hears of what belongs to no run, and of runs whose policy names nobody; and how long after
  // the last contact an escalation counts as unanswered.
  void set_contacts(std::vector<Contact> contacts, Duration acknowledge_within);
  // Something outside of calls that people have to hear of: a dead notifier, a tampered file.
  void escalate(const std::string& run, const std::string& event, const std::string& sentence);
  // Whether so many wait for somebody that no further one gets a escalation.
  bool ladders_full() const;
  // A person answers for an escalation: its escalation stops. `resolved`: and it is over.
  Status acknowledge(const std::string& escalation, const std::string& person,
                     const std::string& proof, bool resolved);
  Status drilled(const Drilled& drill);
  // What an answer of this person would be refused for now: for whoever is about to give one. The
  // refusals themselves come from the same place; nothing is recorded here.
  Objections objections(const std::string& approval, const std::string& person,
                        const std::vector<std::string>& groups) const;

  // From now on `told` hears of every record as it is written, in their order: not durable yet, and
  // in the middle of a turn, so it keeps what it wants and calls nothing here. Until the answer is
  // let go.
  [[nodiscard]] std::shared_ptr<void> on_record(std::function<void(const Record&)> told);
  // The same of each call when it is over. One listener; calls that came before are not measured.
  void on_over(std::function<void(const CallOver&)> told);

  const State& state() const;
  // Why no grants are given at the moment; empty: they are.
  std::string fault() const;
  // Whether a call that is under way may say more to its server, where that takes several messages:
  // looked at before each, as before the first. False once it was stopped by the switch or a halt,
  // no grants are given, or the run's policy is another than `decided_under`.
  bool goes_on(const std::string& run, const Call& call, const Policy* decided_under) const;
  // Live calls of a run, for a door that closes.
  std::size_t live_calls(const std::string& run) const;

 private:
  std::unique_ptr<GateState> gate_state_;
};

}  // namespace pawl
