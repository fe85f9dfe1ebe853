// What a process of ours gives up before it reads hostile bytes with a foreign parser.
//
// No new privileges, no core file, nothing written to files, no process may look into it; its
// memory, stack and open files are bounded; and a filter leaves it reading, writing and memory: it
// can open nothing, connect nowhere and start nothing. There is no way back. (A program under a
// sanitizer keeps its address space and its system calls: the sanitizer needs them.)
#pragma once

#include <cstddef>

namespace pawl::net {

inline constexpr std::size_t confined_memory_bytes_max = 512UL << 20;
inline constexpr std::size_t confined_stack_bytes_max = 64UL << 20;
inline constexpr std::size_t confined_files_max = 16;

// False where the kernel refuses; the process should then not go on.
bool confine();

}  // namespace pawl::net
