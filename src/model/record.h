// The records of the journal: what happened, in the order in which it happened.
//
// The journal is the database: all state is a fold over these (kernel/state). Each record is one
// canonical JSON object: `v` (format version), `type`, `seq`, `at` (RFC 3339), `boot` (nanoseconds
// of CLOCK_BOOTTIME), then the members of its struct below under the names given in
// docs/formats/records.md. Arguments, results, policies and definitions are not in it but in the
// payload file; the record holds their salted commitment (`sha256:…`).
// An unknown type is kept as `Unknown`: it verifies, but it does not fold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "model/call.h"
#include "model/spend.h"
#include "model/sum.h"
#include "model/verdict.h"

namespace pawl {

inline constexpr int record_format = 1;
// Replay demands equal verdicts within one decision version only, and the state counts what a
// record says as its version did:
//   4  what requests to models used is counted, and expressions read it
//   3  only the agent's own denials count (counts_as_denial)
//   2  every denial counted, and every held call that ended without a second look
inline constexpr int decision_abi = 4;
inline constexpr int all_denials_count_abi = 2;  // the last version in which they did

// A node took the state directory. `fault` says why grants are stopped, if they are.
struct NodeStarted {
  std::string node, version, boot_id;
  std::string setup;       // `wrap`, later `hooks`, `contained`, `separate`
  std::int64_t epoch = 0;  // fencing: one more than the node before
};
struct NodeStopped {
  std::string why;
};

// Bytes of a policy bundle, once per digest.
struct PolicyLoaded {
  std::string digest, agent, file, payload;  // payload: commitment to the bundle
};
// Bytes of a tool definition, once per digest; `pin` is how it stands: see PinState.
struct DefinitionSeen {
  std::string digest, server, tool, pin, payload;
};
// A person accepted what a server offers (`pawl accept`), or development recorded its first use.
struct PinAccepted {
  std::string server, tool, digest, person;  // person empty: recorded on first use
};

struct RunOpened {
  std::string run, key, agent, identity, sponsor, policy, client;
  std::string task = {};          // digest of the task file that narrowed the policy; empty: none
  std::string caller = {};        // the deployment's name of the agent that proved who it is
  std::uint64_t payload_key = 0;  // the journal's number of the key that seals its payloads
};
struct RunHalted {
  std::string run, code, why;
};
struct RunClosed {
  std::string run, why;
};
// The run goes on under a stricter policy.
struct RunTightened {
  std::string run, policy;
};

// How often the switch is thrown, and over what. scope: `all`, `role`, `agent`, `run`, `tool`,
// `upstream`.
struct KillSet {
  std::string id, scope, name, person, reason;
};
// `pawl resume`: lifts a kill (scope and name as it was set) or a halt (scope `run` or `agent`).
struct Resumed {
  std::string scope, name, person, reason;
};

// What a candidate said of a look: a second policy, which never acts. Without an effect and a
// reason it said the same as the policy in force.
struct CandidateSaid {
  std::string policy;                  // digest of its bundle, before any task
  std::string effect = {}, code = {};  // empty: as decided
  std::string rule = {}, rule_at = {};
  std::string why = {};  // not known what it would have said

  friend bool operator==(const CandidateSaid&, const CandidateSaid&) = default;
};

// One look of the kernel at one call. round 1 is the proposal, round 2 the look after a hold.
struct CallDecided {
  std::string call, run;
  int round = 1;
  std::string server, tool;
  std::string args;         // commitment to the canonical arguments as received
  std::string args_digest;  // of a hold: what an answer is good for (binding_of)
  std::uint64_t args_bytes = 0;
  std::string forwarded;   // commitment to what is forwarded, where rewrites changed it
  std::string policy;      // digest of the bundle
  std::string definition;  // digest, empty where none is known
  std::string facts;       // canonical JSON of Facts: what admit saw besides state
  std::string effect, code, rule, rule_at, reason, class_text;
  bool halt = false, notify = false, retry = false;
  std::uint32_t steps = 0, calls = 0;
  std::uint64_t records = 0;
  std::vector<SumCharge> sums = {};  // what a call that runs adds to counters
  // Of a request to a model: what it reserves, and the standing budgets that it reserves it from.
  std::optional<Spend> spend = {};
  std::vector<BudgetWindow> budgets = {};
  std::string credential = {};  // that the call uses, where it may run or is asked for
  std::string entry;            // ToolRule::key, for counters; empty without a grant
  std::string approval;         // round 1: the question opened or joined; 2: the answer used
  std::int64_t abi = decision_abi;
  // False: the role is watched and not stopped, so the call runs although it was denied or held.
  // What it reserves and its class are then those under which it runs (kernel/admit/let_through.h).
  bool enforced = true;
  std::optional<CandidateSaid> candidate = {};  // absent: none was asked
  std::string grant = {};                       // under which it runs; see GrantMade
  std::string call_note;  // what was dropped or replaced before deciding: `_meta` keys …
  // Under `max_repeats`: keyed digest of server, tool and arguments, equal within a run where
  // these are (kernel/state/repeats.h). Empty: the call neither counts nor breaks a loop.
  std::string mark = {};
};

// A question to people. Opened with the decision that holds.
struct ApprovalOpened {
  std::string approval, call, run, binding;  // binding: what the answer is good for
  std::string args;                          // commitment to the arguments that a reviewer is shown
  std::string agent, sponsor, tool;
  std::uint8_t quorum = 1;
  bool typed = false, deny_on_timeout = true;
  std::vector<std::string> typed_of = {};  // see Question
  std::string credential = {};
  std::vector<std::string> reviewers;
  Instant expires{};
  std::string why;
  std::string class_text = {};  // of the call; empty in records of before: as irreversible
  bool apart =
      false;  // a second reviewer is required, who did not start the run, whatever the quorum
  // What one approval may be good for besides its call; zero: nothing. Of calls of the run whatever
  // their arguments are, `likeness` says what they have in common.
  std::uint64_t identical = 0;
  Duration for_run{};
  std::string likeness = {};
};
struct ApprovalAnswered {
  std::string approval, person, answer, reason, proof, shown;  // answer: `approve` or `reject`
  bool typed = false;      // the person typed what the question asks for
  std::string batch = {};  // digest over everything that was answered in one act; empty: alone
  // What else it is good for: so many identical calls, or calls like it for as long as was offered.
  std::uint64_t identical = 0;
  bool for_run = false;
};
// A reviewer approves the call with other arguments than its agent asked for. What others approved
// before was another call, and counts no more.
struct ApprovalChanged {
  std::string approval, person, reason, proof, shown;
  std::string args;     // commitment to the arguments that would run
  std::string binding;  // what this answer and later ones are good for
  bool typed = false;
};
// A reviewer asks the agent something about its call, and answers later. Neither the question to
// people nor its time changes with that.
struct ApprovalAsked {
  std::string approval, person, text, proof;
};
// What the agent says to that. Its words are a payload.
struct ApprovalReplied {
  std::string approval, words;  // words: their commitment
};
// A reviewer passes a question on to a person or a group among those who may answer it. All of them
// still may.
struct ApprovalPassed {
  std::string approval, person, to, reason, proof;
};
// approved, rejected, expired, withdrawn or consumed.
struct ApprovalEnded {
  std::string approval, how, call;
};
// The caller is gone or is back; the question stays open.
struct ApprovalAttached {
  std::string approval, call;
  bool attached = true;
};

// How an admitted call ended. outcome: completed, failed, cancelled, aborted, indeterminate.
struct CallEnded {
  std::string call, run, outcome;
  bool is_error = false;
  std::string result;  // commitment to the result as delivered
  std::uint64_t result_bytes = 0;
  std::uint64_t records = 0;  // settled; at least what was reserved (claims only raise)
  std::vector<std::string> withheld;
  Duration took{};
  UsedCredential sent_with = {};
  std::optional<Spent> spent = {};  // of a request to a model; absent: charged as reserved
  std::string mark = {};  // of what came of the call, likewise; empty: that is like nothing else
};

// Denials beyond the first 16 after a halt or in a flood: a count per minute. Before they are
// answered, `ahead` says how many may be answered without a record; it replaces the one before.
struct DenialsCounted {
  std::string run, code;  // code empty: of a count that only looks ahead, or that a crash left
  std::uint64_t count = 0, ahead = 0;
  std::int64_t abi = decision_abi;
};

struct ReviewerEnrolled {
  std::string person, proof, verifier, by;  // verifier: public part; `by` empty: configuration
};
// How telling one contact went. `step` of `escalation` counts from 1; 0: outside of a escalation.
struct Escalated {
  std::string run, event, contact, via, outcome;
  std::string escalation = {};
  std::uint32_t step = 0;
  bool failed = false;  // no one was reached this way
};
struct LadderContact {
  std::string name, via;
  Duration after{};  // since the escalation was opened
};
// Something that a person has to answer for, and who is told of it one after another.
struct EscalationOpened {
  std::string escalation, run, event, why;
  std::string about = {};  // of a kill: `SCOPE NAME`, so that lifting it ends the escalation
  std::vector<LadderContact> contacts;
  Instant ends{};  // not acknowledged until then: it is unanswered
};
// how: `acknowledged`, `resolved`, or `unanswered`, which no person says.
struct EscalationChanged {
  std::string escalation, how, person, proof;
};
// An exercise of the kill switch: a run made for it, effects under way, processes started.
struct Drilled {
  std::string drill, role, run, person;
  std::uint64_t calls = 0;      // let through before the switch
  std::uint64_t processes = 0;  // that were running
  std::uint64_t alive = 0;      // … and could not be proved dead
  std::uint64_t after = 0;      // calls that were let through after the switch
  Duration decided{};           // from the switch to the last call that was let through
  Duration dead{};              // … to the end of the last process
  bool passed = false;
};
struct SnapshotTaken {
  std::string digest;
  std::uint64_t size = 0;
};
// One argument that calls under a grant have to have: its digest with the grant's id, so that equal
// values of two grants do not look equal. Who can guess the value can find it, also after payloads
// were erased.
struct GrantedArgument {
  std::string name, digest;
};
// People let an agent use a tool for a while that its policy only lets it ask for. `call` is the
// request, and `approval` what was answered.
struct GrantMade {
  std::string grant, run, call, approval, tool;  // tool: `server/tool`, or `tool`
  std::string line;                              // digest of the policy's line as it was compiled
  Instant until{};
  std::uint64_t calls = 0;   // at most; zero: no limit
  std::uint64_t before = 0;  // calls of the same line that were charged to the run already
  std::vector<GrantedArgument> arguments;
};
// A grant that was revoked. Time, the end of the run, a halt and a kill need no record.
struct GrantEnded {
  std::string grant, run, person, reason;
};
// Anything a person should find later: a dropped answer, a stripped key, a server that died.
struct Noted {
  std::string run, topic, text;
};
struct Unknown {
  std::string type;
};

using Body =
    std::variant<NodeStarted, NodeStopped, PolicyLoaded, DefinitionSeen, PinAccepted, RunOpened,
                 RunHalted, RunClosed, KillSet, Resumed, CallDecided, ApprovalOpened,
                 ApprovalAnswered, ApprovalEnded, ApprovalAttached, CallEnded, DenialsCounted,
                 ReviewerEnrolled, Escalated, SnapshotTaken, Noted, RunTightened, EscalationOpened,
                 EscalationChanged, Drilled, ApprovalChanged, ApprovalAsked, ApprovalReplied,
                 ApprovalPassed, GrantMade, GrantEnded, Unknown>;

struct Record {
  std::uint64_t seq = 0;
  Instant at{};
  std::int64_t boot_ns = 0;
  Body body = Unknown{};
};

// `call.decided`, `run.halted`, …
std::string_view type_of(const Body& body);
// One line of canonical JSON without a newline.
std::string to_json(const Record& record);
Result<Record> parse_record(json::View view);
Result<Record> parse_record(std::string_view text);

}  // namespace pawl
