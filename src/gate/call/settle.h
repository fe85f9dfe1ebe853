// Settle: how a call ended, what of its result goes back, and the record of both. Private to the
// gate.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/state/call_context.h"
#include "gate/state/ports.h"

namespace pawl {

class Scope;

// Projects the result where the policy has a scope, and writes how the call ended. Nothing a server
// reports is trusted as a count: a call settles at its reservation. An effect with an
// unknown end halts the run. The record's number is in `context.decided` afterwards.
Status settle(CallContext& context, Outcome outcome);

// The parts of it that need nothing but the result. The scope is the one that counts now; null:
// there is none.
std::shared_ptr<const Scope> scope_now(const CallContext& context);
bool says_error(std::string_view result);
std::string projected(const Scope& scope, const std::string& result,
                      std::vector<std::string>& withheld);

// What the client gets: nothing that was not written down first.
void deliver(CallContext& context, const Status& recorded);

// A call that was sent and whose end is never seen.
void lose(CallContext& context);

}  // namespace pawl
