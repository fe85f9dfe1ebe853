// Several questions on one page, and answered in one act.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "views/activity.h"
#include "views/cards.h"

namespace pawl::views {

// The ids in `ids` of a request or an act: different ones, in byte order, at most `together_max`.
Result<std::vector<std::string>> ids_in(json::View list);

// `sha256:…` over the digests of everything that was displayed, by question.
std::string digest_of_batch(const std::map<std::string, std::string>& shown);

// The questions with all that is needed to answer each, and what their calls would take together:
// records, sums, agents and runs. `why_not` says why they cannot be approved in one act; `shown` is
// missing where one of them is not shown whole.
Result<std::string> together_json(const Gate& gate, Journal& journal,
                                  const std::vector<std::string>& ids, Instant now, bool full,
                                  const ActivityFeed* activity, const MayNot& may_not);

}  // namespace pawl::views
