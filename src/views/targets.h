// What the kill switch can be thrown over: the names that exist now, by scope.
//
// A kill of a name that nothing has stops nothing, and the person who throws it in an emergency
// has to be told so, with the names that are nearest. It stands all the same, for whatever gets
// that name later; a run has its name from the node, so a kill of an unknown one is refused.
// Threads: the loop that owns the gate.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gate/gate.h"

namespace pawl {
class Policy;
}  // namespace pawl

namespace pawl::views {

// Names that the state does not have: of the deployment file, and of what is connected.
struct StandingNames {
  std::vector<std::string> roles, agents, servers;
  std::vector<std::shared_ptr<const Policy>> policies;  // of roles that have no run now
};

// Sorted, each once. Tools as `server/tool` where the server is known. Of `all`: nothing.
std::vector<std::string> targets_of(std::string_view scope, const Gate& gate,
                                    const StandingNames& standing);
// Whether a kill with this scope and name is about any of them.
bool is_target(std::string_view scope, std::string_view name,
               const std::vector<std::string>& targets);
// At most three that may have been meant, the nearest first.
std::vector<std::string> near_targets(std::string_view scope, std::string_view name,
                                      const std::vector<std::string>& targets);
// `{"agent":[…],"ok":true,"role":[…],"run":[…],"tool":[…],"upstream":[…]}`
std::string targets_json(const Gate& gate, const StandingNames& standing);
// `: did you mean `a`?`, or with several `: nearest are `a`, `b``; empty for none.
std::string meant_text(const std::vector<std::string>& near);

}  // namespace pawl::views
