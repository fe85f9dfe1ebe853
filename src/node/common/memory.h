// How much freed memory libc keeps at hand in a process that serves.
//
// A thread of libc keeps seven free pieces of each size for the next one who asks. The eighth is
// joined with its neighbours and taken apart again, and a node with sixteen calls under way gives
// back some hundred pieces of one size at a time: that was a twelfth of the CPU of a call. How many
// are kept can be said only from outside, before a program begins. 256 of each size are some
// megabytes at the most.
#pragma once

namespace pawl::node {

// For the surroundings of a process that serves.
inline constexpr const char* memory_setting = "GLIBC_TUNABLES=glibc.malloc.tcache_count=256";

// Begins this program again, with the setting, where its surroundings say nothing about memory.
// Comes back where they do, after it took our own setting out: what is started here does not
// inherit it. Comes back too where there is no beginning again: the program is slower, no more.
void begin_with_memory(char** words);

}  // namespace pawl::node
