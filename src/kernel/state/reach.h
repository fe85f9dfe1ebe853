// How far one approval reaches: its own call, so many identical ones, or calls like it of its run.
//
// The policy says what may be offered, the question what is, the reviewer chooses from that. Of
// several who approve, the one who chose least decides; a program never chooses more than the call.
#pragma once

#include <string>

#include "kernel/state/state.h"

namespace pawl {

struct Reach {
  std::uint64_t identical = 0;  // calls, its own among them
  bool for_run = false;

  bool any() const { return identical > 0 || for_run; }
};

// Why an answer to this question cannot reach so far; empty: it can.
std::string out_of_reach(const Approval& approval, const Reach& reach);
// What all who approved it made it good for.
Reach reach_of(const Approval& approval);

}  // namespace pawl
