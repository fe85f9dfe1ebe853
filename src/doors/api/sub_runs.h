// Sub-runs: what a sub-agent may do less than the run that it is part of.
//
// A chain of them only narrows. What one uses is counted at it and at each one above it, so that
// the sum of the children never exceeds what their parent may; the run at the root has its own
// counters in the gate. The gate asks each of them as a part of that run (gate/state/sub_run.h), at
// whatever door its calls come in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "gate/state/sub_run.h"
#include "lang/jose/run_credential.h"

namespace pawl::api {

struct SubRun {
  std::string root;                // the run of the gate
  jose::RunCredential credential;  // what the sub-agent has; it is not its text
  Instant expires{};
  std::uint64_t steps = 0, denials = 0;
  SubRunUse used = {};  // of calls that were sent, or are about to be

  const std::string& id() const { return credential.run; }
  const std::string& parent() const { return credential.parent_run; }  // a sub-run, or the root
};

class SubRuns : public std::enable_shared_from_this<SubRuns> {
 public:
  SubRuns(std::size_t per_root_max, std::function<Instant()> now)
      : per_root_max_(per_root_max), now_(std::move(now)) {}

  // The parent is a sub-run that is not over, or the root itself. ErrorKind::refused: too many.
  Status add(SubRun run);
  // Null where there is none, or its time is over.
  const SubRun* find(std::string_view id) const;
  // One that is there, for the gate; it is asked there as long as a caller holds it.
  std::shared_ptr<SubRunLimits> part(std::string_view id);

  // Ends it and everything below. The ids that ended.
  std::vector<std::string> end(std::string_view id);
  void end_root(std::string_view root);

 private:
  class Part;
  // Visits the sub-run and those above it.
  template <class Visit>
  void climb(std::string_view id, Visit&& visit);

  std::size_t per_root_max_;
  std::function<Instant()> now_;
  std::map<std::string, SubRun, std::less<>> runs_;
};

}  // namespace pawl::api
