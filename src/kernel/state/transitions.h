// What may follow what. The three tables below are the whole of it: a pair that has no row cannot
// happen, and a record that says it did is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/state/state.h"

namespace pawl {

// halt: a ceiling, a settlement above its reservation, a crash in the middle of an effect.
// kill, lift: the switch is thrown over the run, and lifted. resume: a person ends the halt.
enum class RunEvent : std::uint8_t { halt, kill, lift, resume, close };
std::optional<RunPhase> next(RunPhase from, RunEvent event);

// The first decision of a call makes it denied, held or admitted; see `first`.
// abort: never forwarded. lose: forwarded, and how it ended is unknown.
enum class CallEvent : std::uint8_t { admit, hold, deny, complete, fail, cancel, abort, lose };
CallPhase first(CallEvent decision);  // precondition: admit, hold or deny
std::optional<CallPhase> next(CallPhase from, CallEvent event);
// The event of an outcome word (`completed`, `failed`, `cancelled`, `aborted`, `indeterminate`).
std::optional<CallEvent> outcome_event(std::string_view word);
// The event of an effect that a decision may have today: `allow`, `notify`, `hold`, `deny`.
std::optional<CallEvent> decision_event(std::string_view effect);

// grant: the quorum is reached. One rejection ends a question, also a granted one not yet used.
enum class ApprovalEvent : std::uint8_t { grant, reject, expire, withdraw, consume };
std::optional<ApprovalPhase> next(ApprovalPhase from, ApprovalEvent event);
// The event of the word in `approval.ended`: `approved`, `rejected`, `expired`, `withdrawn`,
// `consumed`.
std::optional<ApprovalEvent> ending_event(std::string_view how);

}  // namespace pawl
