// How waiting calls were judged, read back from the journal: for questions that were opened before
// the snapshot that a node began with, and for facts that it does not keep.
//
// A question says when it was opened, and the record of the decision that opened it stands just
// before that. So one segment is read, and the one before it where it stood at its end.
// Threads: any; shares nothing, and reads beside the node that writes.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/journal/disk.h"
#include "model/record.h"

namespace pawl::views {

struct SoughtCall {
  std::string approval;
  Instant opened{};
};

// By question; what is not there was not found. An end of the journal, a damaged record and `stop`
// end the reading, and what was found until then is the answer.
using FoundCalls = std::map<std::string, CallDecided, std::less<>>;
FoundCalls look_back(Disk& disk, const std::vector<SoughtCall>& sought,
                     const std::function<bool()>& stop);

}  // namespace pawl::views
