// `pawl diff --live ROLE`: what the candidate of a role said as its calls came.
#pragma once

#include <string>
#include <string_view>

#include "app/common/command.h"
#include "app/common/evidence.h"
#include "base/error.h"
#include "base/time.h"

namespace pawl::app {

// What of the calls is wanted, and how they are said.
struct DiffView {
  std::string run;
  Instant since{};
  bool all = false, json = false;

  bool wants(std::string_view in, Instant at) const {
    return (run.empty() || in == run) && at >= since;
  }
};
Result<DiffView> diff_view_of(const Arguments& arguments, Evidence& evidence);

int run_diff_recorded(const Arguments& arguments);

}  // namespace pawl::app
