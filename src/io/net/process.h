// What /proc says about processes.
//
// A process id alone is not an identity: it is used again. `ProcessId` is a process id together
// with the start time in clock ticks since boot, which no later process shares.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::net {

struct ProcessId {
  pid_t pid = 0;
  std::uint64_t started_ticks = 0;  // since boot, field 22 of /proc/PID/stat

  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
};

// The fields of /proc/PID/stat that pawl reads.
struct ProcessStat {
  ProcessId id;
  std::string name;  // at most 15 bytes, chosen by the process: untrusted text
  char state = '?';  // R S D T t Z X …
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;

  bool dead() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

// One line of /proc/PID/stat. The name may hold blanks, parentheses and newlines.
Result<ProcessStat> parse_stat(std::string_view text);
// The words of /proc/PID/cmdline: separated and ended by NUL.
std::vector<std::string> parse_command_line(std::string_view text);

// ErrorKind::missing where the process does not exist (any more).
Result<ProcessStat> read_stat(pid_t pid);
Result<std::string> executable(pid_t pid);  // fails for processes of other users
Result<std::vector<std::string>> command_line(pid_t pid);
Result<std::string> boot_id();

// True while exactly this process lives; a zombie does not.
bool alive(const ProcessId& id);

// The name under which this process is listed. Begun through /proc/self/exe it is `exe`.
void name_this_process(const char* name);

// Every process that is visible, zombies included.
std::vector<ProcessStat> processes();

// Children, their children and so on, of `root`, without it.
std::vector<ProcessStat> descendants(pid_t root, const std::vector<ProcessStat>& among);
std::vector<ProcessStat> children(pid_t parent);
std::vector<ProcessStat> group_members(pid_t group, const std::vector<ProcessStat>& among);

}  // namespace pawl::net
