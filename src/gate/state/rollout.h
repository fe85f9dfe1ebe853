// How a role comes into force (policy rule 15): a candidate that is judged beside the policy in
// force, and a time in which people watch before anything is stopped.
//
// A candidate is a second policy of the role. On each look at a call it is bound, gathered for and
// asked, with the state of the real run, and what it says stands in the record of the decision. It
// reserves, asks, holds and denies nothing. Where it cannot be asked, the record says why and the
// call does not notice.
//
// An observation lets calls run that the policy denies or holds, until it ends. The verdict stays
// what it is: the record says `deny` or `hold`, and that it was not enforced. What stays enforced
// is said in kernel/admit/let_through.h; beyond that, nothing is let through while the clock cannot
// be trusted or no grants are given, and never after a hold. An observation loosens, so it counts
// by rule 14: for an agent that never ran so far at once, else when a person accepts it. One that
// ends sooner than the one in force counts at once.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "model/candidate.h"

namespace pawl {

class Policy;

struct Candidate {
  std::string agent, file;
  std::shared_ptr<const Policy> policy;  // null: it cannot be used, and `why` says so
  std::string why = {};
};

// A candidate as it stands at this gate.
struct CandidateNow {
  std::string agent, file, digest;
  std::string why;         // not empty: it cannot be used
  std::string last_error;  // the newest call that it could not be asked about
  CandidateCounts counts;  // of looks, since this candidate is judged here
};

struct Observation {
  std::string agent;
  Instant until{};
  std::string reason;

  // What a person accepts.
  std::string digest() const;
  friend bool operator==(const Observation&, const Observation&) = default;
};

struct ObservationNow {
  Observation what;
  bool waits = false;        // a person has to accept it first
  std::uint64_t passed = 0;  // calls that were let through under it, since this node started
};

// A policy file that permits more than the one in force, and waits for `pawl accept --policy F`.
struct WaitingPolicy {
  std::string agent, file, digest;
  std::string laxer;  // what got laxer, with its places in the file
};

// Where an observation stands among the pins of State.
std::string observation_pin_name(std::string_view agent);

}  // namespace pawl
