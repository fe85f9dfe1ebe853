// A call as a door proposes it, and what became of it. Threads: the loop that owns the gate.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/state/ports.h"
#include "gate/state/sub_run.h"
#include "lang/sql/summary.h"
#include "model/call.h"
#include "model/class.h"
#include "model/facts.h"
#include "model/trace.h"
#include "model/verdict.h"

namespace pawl {

struct ToolDefinition;

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
  std::shared_ptr<const CallTrace> trace;  // null: it is not traced
  // The door made this request itself, out of a call of pawl's own tool: `definition` and `pin` are
  // those of the tool that is asked for (model/access.h).
  bool own = false;
  // Owns what `call.arguments` looks at, and does not change while the call is here. Large
  // arguments of a call that has none are judged on the loop, and everybody waits.
  std::shared_ptr<const void> keeps = nullptr;
  std::optional<ModelFact> model = {};  // of a request to a model, whose budgets the gate fills in
  std::shared_ptr<SubRunLimits> sub_run;  // of the run, whose call it is; null: the whole run's
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
  std::string warning;  // that the run goes in circles; in `text` already, where that has a place
  // Of `pending`: a reviewer asks the agent something, and this is the first time that it is told.
  // A door shows it to the agent, and does not keep the request for itself.
  bool asks = false;
};

// How the parts of a call went, for those who measure. Boot time; zero: it did not come to that.
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

}  // namespace pawl
