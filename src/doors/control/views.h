// What the control door shows: JSON of approvals, runs and the node.
#pragma once

#include <string>

#include "gate/gate.h"
#include "io/journal/journal.h"

namespace pawl {

// Open questions first by risk (quorum, typed), then by expiry; each as one object.
std::string approvals_json(const State& state, Instant now);
// One question with everything that a person needs to answer it: the canonical arguments, the run,
// the class, who asked, the time left. Fault::missing where there is none of that name.
Result<std::string> approval_json(const State& state, Journal& journal, const std::string& id,
                                  Instant now);
std::string status_json(const Gate& gate, const Journal& journal, Instant now,
                        const std::string& version);

// `config` is the deployment file that this node reads.
std::string reviewers_json(const State& state, const std::string& config);

// SHA-256 of exactly what a person is shown of a question: part of the answer's record.
std::string shown_digest(const Approval& approval, std::string_view arguments);

}  // namespace pawl
