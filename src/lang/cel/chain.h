// The quick way of an expression that is nothing but probes joined by `&&`, or nothing but probes
// joined by `||`: most conditions of a policy.
//
// A chain answers only what it can answer like the machine: every place is there and holds what its
// type says, every comparison is of whole numbers or short texts, nothing fails, and there is fuel
// for all of it. It then takes the fuel that the machine would have taken. For everything else it
// says nothing and takes nothing, and the machine begins again; so no message is worded here.
#pragma once

#include <cstdint>
#include <span>

#include "lang/cel/code.h"
#include "lang/cel/context.h"

namespace pawl::cel {

enum class Told : std::uint8_t { no, yes, nothing };

// Precondition: `code.links` is not empty.
Told ask_chain(const Code& code, std::span<const Value> variables, Scratch& scratch, Fuel& fuel);

}  // namespace pawl::cel
