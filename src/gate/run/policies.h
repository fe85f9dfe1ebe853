// Policies: which policy counts for an agent, which definitions of tools were accepted, and how a
// role comes into force (gate/state/rollout.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gate/state/ports.h"
#include "gate/state/rollout.h"
#include "model/facts.h"

namespace pawl {

class Policy;
struct GateState;
struct ToolDefinition;

// Where a policy stands among the pins of State: server and tool of its PinAccepted.
inline constexpr std::string_view policy_pin_server = "pawl";
std::string policy_pin_name(std::string_view agent);
// And the deployment file, by the digest of its bytes: the one that was accepted, and the last such
// one that was for production.
inline constexpr std::string_view deployment_pin_name = "deployment";
inline constexpr std::string_view production_pin_name = "deployment/production";

class Policies {
 public:
  explicit Policies(GateState& gate_state);

  // A policy file changed while the node runs. A stricter one is in force at once, for new runs and
  // for those that are open; answers the runs that took it. A laxer one waits and is told.
  std::vector<std::string> offer_policy(const std::shared_ptr<const Policy>& policy);
  // What governs the next run of an agent whose file says `offered`, or nothing that loads (null):
  // a file that is laxer waits for a person, and the accepted policy goes on meanwhile. Refused
  // where there is none, or its text is gone.
  Result<std::shared_ptr<const Policy>> policy_in_force(
      const std::string& agent, const std::shared_ptr<const Policy>& offered);
  std::vector<WaitingPolicy> waiting_policies() const;

  // All candidates and all observations there are now; what is not among them is over. Beginnings
  // and ends are records. An observation ends by itself; see gate/state/rollout.h.
  void set_candidates(std::vector<Candidate> candidates);
  std::vector<CandidateNow> candidates() const;
  void set_observations(const std::vector<Observation>& observations);
  // Those that are in force or wait for a person.
  std::vector<ObservationNow> observations() const;
  // Whether calls of this run may run although its policy stops them: for lists of what there is.
  bool watched(const std::string& run) const;
  Status accept_observation(const std::string& agent, const std::string& digest,
                            const std::string& person);

  // The standing budgets of the deployment: asked at every request to a model.
  void set_budgets(BudgetsOf budgets_of);

  // Definitions that a server offers: compared with what was accepted; first uses are recorded.
  PinState pin(const std::string& run, const ToolDefinition& tool, bool locked,
               const std::string& locked_digest);

  Status accept(const std::string& server, const std::string& tool, const std::string& digest,
                const std::string& person);
  // Accepts another policy for an agent's next runs.
  Status accept_policy(const std::string& agent, const std::string& digest,
                       const std::string& person);
  // Another deployment file counts; no person had to accept it where `person` is empty.
  Status accept_deployment(const std::string& digest, bool production, const std::string& person);
  // The text of an agent's accepted policy as it is in the journal; null: there is none.
  std::shared_ptr<const Policy> accepted_policy(const std::string& agent) const;

 private:
  GateState& gate_state_;
};

}  // namespace pawl
