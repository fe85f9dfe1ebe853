// The policies in force at this gate, each once, with its entries bound to the definitions that
// were called so far. Private to this room.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "kernel/state/state.h"

namespace pawl {

struct ToolDefinition;
class Policy;
struct BoundTool;

// Names that a client made up and a glob grants must not fill the memory.
inline constexpr std::size_t bound_tools_max = 4096;

// A tool of a server as a key: no name of a server has a line break.
std::string tool_key(std::string_view server, std::string_view tool);

class PolicyInUse {
 public:
  explicit PolicyInUse(std::shared_ptr<const Policy> policy);

  const Policy& policy() const { return *policy_; }
  const std::shared_ptr<const Policy>& shared() const { return policy_; }
  const std::string& digest() const { return digest_; }  // `sha256:…`

  // The entry that grants this tool, bound to its definition; null where none does. Bound again
  // when the definition is another one or an accepted risk has ended since, so that the answer is
  // what binding now would give.
  std::shared_ptr<const BoundTool> bound(std::string_view server, std::string_view tool,
                                         const std::shared_ptr<const ToolDefinition>& definition,
                                         Instant now);

 private:
  struct Kept {
    Digest definition{};
    bool defined = false;
    Instant at{};
    std::shared_ptr<const BoundTool> tool;
  };
  bool still_good(const Kept& kept, const ToolDefinition* definition, Instant now) const;

  std::shared_ptr<const Policy> policy_;
  std::string digest_;
  ByName<Kept> kept_;  // server \n tool
};

class PolicyCache {
 public:
  std::shared_ptr<PolicyInUse> keep(const std::shared_ptr<const Policy>& policy);
  std::shared_ptr<PolicyInUse> find(std::string_view digest) const;

 private:
  ByName<std::shared_ptr<PolicyInUse>> by_digest_;
  std::vector<std::shared_ptr<PolicyInUse>> all_;  // none goes while the node lives
};

}  // namespace pawl
