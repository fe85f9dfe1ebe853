// The kill switch, and what lifts it. Setting it needs no permission, and works also where nothing
// can be written any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace pawl {

struct GateState;

// What a kill stopped: the open runs it covers, the questions it withdrew, and the calls whose
// server was asked to stop (what becomes of those is in their records). `kill`: its id.
struct Stopped {
  std::vector<std::string> runs, withdrawn, cancelled;
  std::string kill = {};
};

// Whom a kill alarms. An exercise over its own run alarms no person; over more than that, it says
// that it is one, and a kill in earnest meanwhile is told by itself.
enum class KillAlarm : std::uint8_t { real, exercise, none };

class KillSwitch {
 public:
  explicit KillSwitch(GateState& gate_state);

  Result<Stopped> kill(const std::string& scope, const std::string& name, const std::string& person,
                       const std::string& reason, KillAlarm alarm = KillAlarm::real);
  Status resume(const std::string& scope, const std::string& name, const std::string& person,
                const std::string& reason);
  // Lifts the one kill with this id, as `Stopped` has it, and no other of its scope and name: what
  // set it was an exercise, and the switch may have been set in earnest meanwhile.
  Status lift(const std::string& kill, const std::string& person, const std::string& reason);

 private:
  GateState& gate_state_;
};

}  // namespace pawl
