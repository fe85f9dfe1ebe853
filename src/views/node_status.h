// How the node stands and who its people are, as JSON.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace pawl {
class Gate;
class Journal;
class State;
}  // namespace pawl

namespace pawl::views {

class ActivityFeed;

// The deployment file as it stands at a node.
struct DeploymentNow {
  std::string digest, text;    // of the bytes that count; no text: there is no file
  std::string waiting, laxer;  // another one, which is laxer, until a person accepts it
};

// `notices`: how the ways to people fare, as a list of JSON; `deployments`: files that wait
// for a person, as another one.
std::string status_json(const Gate& gate, const Journal& journal, Instant now,
                        const std::string& version, const ActivityFeed* activity = nullptr,
                        const std::string& notices = "[]", const std::string& deployments = "[]",
                        const std::map<std::string, std::string>& failing = {});
// The bundle of an agent's accepted policy, for a comparison with a new one; empty where none was
// accepted or its bytes are gone.
std::string policy_json(const State& state, Journal& journal, std::string_view agent);

// `config` is the deployment file that this node reads.
std::string reviewers_json(const State& state, const std::string& config);

// How roles come into force, for `pawl status`: candidates and roles that are watched.

// The members `candidates` and `observing` of an open object.
void write_rollout(json::Writer& out, const Gate& gate);

}  // namespace pawl::views
