// A part of a run: what a sub-agent may do less than the run that its calls belong to.
//
// Its calls are calls of that run, under the run's policy and ceilings. Before anything else is
// asked about one of them, the gate asks the part; what is charged to the run is charged to the
// part as well. A part never permits anything: it only has less.
// Threads: the loop that owns the gate.
#pragma once

#include <string>
#include <string_view>

namespace pawl {

class RunPart {
 public:
  virtual ~RunPart() = default;

  // For records: `sub-run s-1 of reader`.
  virtual const std::string& name() const = 0;
  // It ended, or what it is part of did. It never comes back.
  virtual bool over() const = 0;
  // Whether it was given this tool, or this action of the protocol; nothing once it is over.
  virtual bool covers(std::string_view server, std::string_view tool) const = 0;
  // The limit that leaves no room for another call, in words; empty: there is room.
  virtual std::string spent() const = 0;
  virtual void charge_step() = 0;
  virtual void charge_denial() = 0;
};

}  // namespace pawl
