// What the gate needs from the world, as small interfaces: the real node and the seeded simulator
// implement the same ones, so that the same code is tested under crashes and faults.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "model/call.h"
#include "model/clock.h"
#include "model/facts.h"
#include "model/record.h"
#include "model/verdict.h"

namespace pawl {

// Timers and later turns of the loop that owns the gate.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;
  // Calls `work` once after `delay`; the returned token cancels when it is destroyed.
  virtual std::shared_ptr<void> after(Duration delay, std::function<void()> work) = 0;
  // Runs `work`, which is slow and touches nothing but what it holds, and then `done` in a later
  // turn of the loop. Where there is a thread beside the loop, `work` runs there, and is destroyed
  // there. At the end `done` may come without it.
  virtual void offload(std::function<void()> work, std::function<void()> done) {
    work();
    work = {};
    post(std::move(done));
  }
};

// How a call at the tool server ended. `result` is the JSON of a tools/call result (or of any other
// method's result); with `error` it is the JSON of a JSON-RPC error object. `lost` and `cancelled`
// are for calls whose bytes may have left and whose end is unknown; a server known to be down
// before anything was sent is an `error`. A lost effect halts its run.
struct Outcome {
  enum class Kind : std::uint8_t { result, error, cancelled, lost };
  Kind kind = Kind::lost;
  std::string result;
  std::string why;  // of lost: the server ended, the deadline passed
  UsedCredential sent_with = {};
  // How many records it touched, where the server says so. A report only raises the
  // charge: less than was reserved counts as the reservation, and more halts the run.
  std::uint64_t records = 0;
  bool untold = false;  // it ended well, and what came of it is not said
  // Of a request to a model: what it used. Absent: it is charged what it reserved.
  std::optional<Spent> spent = {};
};

// The standing budgets that count a run of this agent at this time, with their windows.
using BudgetsOf = std::function<std::vector<BudgetFact>(std::string_view agent, Instant now)>;

// The side that has the effect. `arguments` is the canonical text of exactly what was decided.
class Upstream {
 public:
  virtual ~Upstream() = default;
  // With every grant, before `execute`: the name of the credential that the decision lets the call
  // use; empty: none.
  virtual void entitle(std::string_view credential) { (void)credential; }
  virtual Task<Outcome> execute(std::string_view tool, std::string_view arguments) = 0;
  // Asks the server to stop; `execute` still ends, with whatever the server makes of it.
  virtual void cancel() = 0;
  // False: the one who asked executes it, and nothing here can stop that.
  virtual bool can_stop() const { return true; }
};

// The side that asked: how long it can wait for a person, and how it is kept patient.
class Caller {
 public:
  virtual ~Caller() = default;
  // How long the door can keep this request open (facts: the escalation for today's clients).
  virtual Duration patience(Duration within) const = 0;
  // Called when the wait begins and about every 5 s while it goes on.
  virtual void waiting(const std::string& approval, Duration so_far, Duration left) = 0;
  // True once the client has cancelled or is gone. Checked after every wait.
  virtual bool gone() const = 0;
  // The call may run: under which id it stands in the records, and the verdict. Before `execute`,
  // and not yet durable; nothing of it is told to anybody before that. Lives during the call only.
  virtual void granted(const std::string& call, const Verdict& verdict) {
    (void)call;
    (void)verdict;
  }
  // Set by the gate: called by the door when the client cancels or leaves.
  std::function<void()> on_gone;
};

// Where a path argument really is: symlinks followed as far as the path exists. Empty where the
// server's files are not ours.
using ResolvePath = std::function<PathFact(std::string_view pointer, std::string_view path)>;

// Which program a word of a command line starts, looked for in these directories in their order.
using FindProgram =
    std::function<ProgramFact(std::string_view word, std::span<const std::string> directories)>;

// One contact is to be told. `escalation` is empty where no person has to answer for it.
struct EscalationStep {
  std::string escalation, run, event, sentence;
  LadderContact contact;
  std::uint32_t step = 0;
};

// Something happened to a question that waits. `to`: the persons or groups whom it concerns.
struct QuestionNews {
  enum class Kind : std::uint8_t {
    passed,   // it was passed on to them
    replied,  // its agent said something to what they asked
  };
  Kind kind;
  std::string approval, sentence;
  std::vector<std::string> to;
};
std::string_view to_string(QuestionNews::Kind kind);

// Someone has to hear of something. Never waits; how it went comes back as Escalated records.
class Notifier {
 public:
  virtual ~Notifier() = default;
  // A question was opened (desktop notification, command).
  virtual void question(const std::string& approval, const std::string& sentence) = 0;
  virtual void news(const QuestionNews& news) { (void)news; }
  // A halt, an indeterminate effect, a tampered file: for the people at this node.
  virtual void escalate(const std::string& run, const std::string& event,
                        const std::string& sentence) = 0;
  // One step of a escalation, which the gate climbs. Its outcome goes to `Gate::escalated`.
  virtual void tell(const EscalationStep& step) { (void)step; }
  // A person answered for it, or what it was about is over: `how` as in EscalationChanged.
  virtual void changed(const EscalationOpened& opened, const std::string& how) {
    (void)opened;
    (void)how;
  }
};

}  // namespace pawl
