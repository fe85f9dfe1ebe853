// A sub-run: what a sub-agent may do less than the run that its calls belong to.
//
// Its calls are calls of that run, under the run's policy and ceilings. Before anything else is
// asked about one of them, the gate asks the sub-run; what is charged to the run is charged to the
// sub-run as well. A sub-run never permits anything: it only has less.
// Threads: the loop that owns the gate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pawl {

// What a call that is let run takes. It is taken before the decision is written, in the same turn,
// so that calls at the same time never take more together than there is.
struct SubRunUse {
  std::uint64_t calls = 0;
  std::uint64_t records = 0;  // that it touches
};

class SubRunLimits {
 public:
  virtual ~SubRunLimits() = default;

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

  // Whether it, or what it is part of, is bounded in records: then they are counted, also of tools
  // of which the policy counts none.
  virtual bool counts_records() const = 0;
  // The limit that leaves no room for this much more, in words; empty: there is room.
  virtual std::string no_room(const SubRunUse& use) const = 0;
  // Precondition of `take`: `no_room` was asked in this turn, and said that there is.
  virtual void take(const SubRunUse& use) = 0;
  // Of a call that was never sent: all that it had taken.
  virtual void give_back(const SubRunUse& use) = 0;
  // Of a call that touched more than it had taken.
  virtual void charge_records(std::uint64_t more) = 0;
};

}  // namespace pawl
