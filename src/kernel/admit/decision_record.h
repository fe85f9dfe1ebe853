// The record of a decision, as far as its verdict says it. The caller adds what it knows
// besides: ids, facts, payloads.
#pragma once

#include "model/call.h"
#include "model/record.h"
#include "model/verdict.h"

namespace pawl {

struct BoundTool;

// `tool`: what the call was bound to; null where no entry names it.
CallDecided decision_record(const Verdict& verdict, const Call& call, const BoundTool* tool);

}  // namespace pawl
