// Sub-runs: what a sub-agent may do less than the run that it is part of.
//
// A chain of them only narrows. What one uses is counted at it and at each one above it, so that
// the sum of the children never exceeds what their parent may; the run at the root has its own
// counters in the gate.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kernel/token/attenuation.h"

namespace pawl::api {

struct SubRun {
  std::string id;
  std::string parent;  // a sub-run, or the run at the root
  std::string root;
  std::string agent;
  token::Attenuation attenuation;
  Instant expires{};
  std::uint64_t steps = 0, denials = 0;
};

class SubRuns {
 public:
  explicit SubRuns(std::size_t per_root_max) : per_root_max_(per_root_max) {}

  // `parent` is a sub-run that is not over, or the root itself. Fault::refused: too many.
  Status add(SubRun run, Instant now);
  // Null where there is none, or its time is over.
  const SubRun* find(std::string_view id, Instant now) const;

  // Why this sub-run may not propose a call of that name; empty: it may.
  std::string objection(std::string_view id, std::string_view server, std::string_view tool,
                        Instant now) const;
  // A call of it is proposed; and one was denied.
  void charge_step(std::string_view id);
  void charge_denial(std::string_view id);

  // Ends it and everything below. The ids that ended.
  std::vector<std::string> end(std::string_view id);
  void end_root(std::string_view root);

 private:
  std::size_t per_root_max_;
  std::map<std::string, SubRun, std::less<>> runs_;
};

}  // namespace pawl::api
