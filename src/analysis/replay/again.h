// Deciding a recorded call once more. Private to this room.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/replay/candidate.h"
#include "analysis/replay/replay.h"
#include "base/json.h"
#include "kernel/definition/definition.h"
#include "kernel/policy/policy.h"
#include "kernel/state/state.h"
#include "model/facts.h"
#include "model/verdict.h"

namespace pawl {

// How one decision came out.
struct Again {
  enum class Kind : std::uint8_t { equal, different, at_the_door, indeterminate, not_comparable };
  Kind kind = Kind::indeterminate;
  std::vector<Difference> differences;
  std::string why;  // of the last two kinds
};

class Comparison;

class Judge {
 public:
  explicit Judge(const PayloadLookup& payload) : payload_(payload) {}

  // What later decisions refer to: policies and definitions by their digest.
  void learn(const PolicyLoaded& loaded);
  void learn(const DefinitionSeen& seen);

  // `state` is what was known just before this record.
  Again decide(const State& state, const Record& record, const CallDecided& decided);

  // What another policy says of it. The error says what is not known.
  Result<Said> decide_under(const std::shared_ptr<const Policy>& candidate, const State& state,
                            const Record& record, const CallDecided& decided);

  // Null where its bytes cannot be had or do not load; the reason is in the error.
  Result<std::shared_ptr<const Policy>> policy(std::string_view digest);

  // Canonical arguments as received.
  Result<std::string> arguments(const CallDecided& decided) const;
  // What an agent said to people, as it said it.
  Result<std::string> words(const ApprovalReplied& replied) const;

 private:
  struct Source {
    std::string payload, file;
  };
  // What the recorded decision was made from.
  struct Inputs {
    Facts facts;
    std::shared_ptr<const Policy> policy;
    std::string received;
    json::Document arguments;
    std::shared_ptr<const ToolDefinition> definition;
  };
  Result<Inputs> inputs(const CallDecided& decided);
  Status compare_forwarded(const Inputs& in, const CallDecided& decided,
                           std::span<const Rewrite> rewrites, Comparison& sides) const;
  Result<std::string> text(std::string_view commitment, std::string_view what) const;
  Result<std::shared_ptr<const ToolDefinition>> definition(std::string_view digest,
                                                           const std::string& server);

  Result<std::shared_ptr<const Policy>> narrowed(const std::shared_ptr<const Policy>& candidate,
                                                 const std::string& task);

  const PayloadLookup& payload_;
  std::map<std::string, std::shared_ptr<const Policy>, std::less<>> narrowed_;  // by their task
  std::map<std::string, Source, std::less<>> policy_sources_;
  std::map<std::string, std::string, std::less<>> definition_payloads_;
  std::map<std::string, std::shared_ptr<const Policy>, std::less<>> policies_;
  std::map<std::string, std::shared_ptr<const ToolDefinition>, std::less<>> definitions_;
};

}  // namespace pawl
