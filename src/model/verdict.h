// What the kernel says about one call.
// A Verdict has no default constructor: its maker has to say the effect. On the path of an allowed
// call it owns no memory, so that deciding costs nothing but the comparison. Sentences are made
// from it afterwards, by `kernel/admit/explain.h`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "model/class.h"
#include "model/environment.h"
#include "model/spend.h"
#include "model/sum.h"

namespace pawl {

// In order of strictness; among everything that applies to a call the strictest wins.
enum class Effect : std::uint8_t { allow, notify, contain, hold, deny };
std::string_view to_string(Effect effect);
inline Effect stricter(Effect a, Effect b) {
  return a < b ? b : a;
}

// The one table of codes that an agent, a record and a metric may carry. `none` goes with effects
// that let the call run; `approval_pending` goes with hold.
enum class Code : std::uint8_t {
  none,
  not_granted,
  blocked,
  constraint,
  origin,
  schema,
  tool_changed,
  frozen,
  not_in_state,
  approval_pending,
  approval_rejected,
  approval_expired,
  run_halted,
  ceiling,
  rate,
  killed,
  identity,
  ambiguous_request,
  cancelled,
  upstream_failed,
  audit_unavailable,
  internal,
};
std::string_view to_string(Code code);
bool parse_code(std::string_view text, Code& into);

// Whether the same call may succeed later without anybody changing anything.
bool retryable(Code code);

// Whether a denial with this code is the agent's own: it asked for what it may not have. Only these
// count for `max_denials`; a server that is down, a kill switch that was set and a question that
// no one answered say nothing about the agent.
bool counts_as_denial(Code code);

// A rule of the policy: where it stands in the tree (`tools/update_order_status/args/status`) and
// in the file. Lives as long as the policy that owns it.
struct Rule {
  std::string path;
  Position at;
};

// What the author of a rule says to the agent and the reviewer when the rule decides.
struct Words {
  std::string say, instead;
};

// Why, in parts. `rule` is null where no line of the file decided (default deny, kill switch).
struct Reason {
  Code code = Code::internal;
  const Rule* rule = nullptr;
  std::string argument;  // the argument at fault, as a path: `a[].b`; empty if none
  std::string says;      // what is wrong, in words without list contents and argument bytes
  // Of the rule that decided, in place of the entry's own; null: the entry's. Lives as long as
  // rule.
  const Words* words = nullptr;
};

// A canonical spelling that is forwarded in place of the received one ("compared is forwarded").
struct Rewrite {
  std::string pointer;  // JSON pointer into the arguments
  std::string text;     // the string value that takes its place
};

// Who must answer and how, when the effect is hold. Union of everything that holds: the strictest.
struct Question {
  std::uint8_t quorum = 1;
  bool typed = false;  // typed confirmation
  // The arguments whose texts are typed, sorted; empty where `typed`: the tool's name.
  std::vector<std::string> typed_of;
  bool deny_on_timeout = true;  // false keeps the question open; it never allows
  Duration within = Duration::seconds(300);
  std::vector<std::string> reviewers;  // groups, persons; empty: the deployment's default_reviewers
  std::string why;                     // sentences for the reviewer, one per holding stage, "; "
  // A second reviewer is required, who did not start the run: in production, and in a freeze.
  bool apart = false;
  // What one approval may be good for besides this call; zero: nothing.
  std::uint64_t identical = 0;
  Duration for_run{};
};

// What one part of an entry (a row of `commands`) asks of people, gathered while deny stages look
// at the call, and united with what the hold stages ask.
struct CommandApproval {
  Question question;  // `why`: the reason; an empty list of reviewers: those of entry and file
  const Rule* rule = nullptr;
  const Words* words = nullptr;
};

// What the call takes out of the run's ceilings. Charged by the fold, never by admit itself.
struct Reservation {
  std::uint32_t steps = 0;           // 1 for a proposal, 0 for the second look at a held call
  std::uint64_t records = 0;         // counted against max_records_per_run of the tool's entry
  std::uint32_t calls = 0;           // 1 where the call would execute
  std::vector<SumCharge> sums = {};  // what it adds to counters; none that adds nothing
  // Of a request to a model. `output` divided by its choices is the cap that is written into it.
  std::optional<Spend> spend = {};
  std::vector<BudgetWindow> budgets = {};  // that it is taken out of too
};

struct Verdict {
  explicit Verdict(Effect e, Class c) : effect(e), action_class(c) {}

  Effect effect;
  Class action_class;  // in force for this call: a case may say another one than the entry
  Environment environment = Environment::none;  // likewise
  const std::string* credential = nullptr;  // that the call would use; lives as long as the policy
  std::uint64_t cases = 0;                  // a bit for each case of the entry that applies
  Reason reason;
  Reservation reservation;
  std::shared_ptr<const CommandApproval> wish;  // may be set where effect is hold
  std::shared_ptr<const Question> question;     // set exactly where effect is hold
  std::vector<Rewrite> rewrites;
  std::string grant;    // that lets the call run where no entry of the policy does
  bool notify = false;  // a person is told although the call runs
  bool halt = false;    // the run halts and escalates with this verdict
  bool retry = false;   // a later identical call may succeed

  bool runs() const { return effect == Effect::allow || effect == Effect::notify; }
};

}  // namespace pawl
