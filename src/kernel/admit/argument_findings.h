// What the stages find out about the arguments of one call, whatever the state is: the schema, each
// rule about them, the defaults, and what would leave with them. All of it is a function of the
// arguments, of the tool as it is bound, and of the facts about paths, SQL and origins. Where the
// arguments are large it is found out ahead of `admit`, beside the loop, and `admit` takes from
// here what it would have computed itself. What is about another tool, other arguments or other
// facts is not taken.
//
// Threads: made by one, and then a value; it keeps alive what it looked at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/admit/admit.h"
#include "kernel/constraint/constraint.h"
#include "lang/json_schema/schema.h"

namespace pawl {

class Policy;
struct BoundTool;

// What is looked at. `keeps` owns the arguments; of `facts` only paths, SQL and origins count.
struct LookedAhead {
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const BoundTool> tool;
  std::shared_ptr<const void> keeps;
  json::View arguments;
  Facts facts;
};

class ArgumentFindings {
 public:
  explicit ArgumentFindings(LookedAhead about);

  bool is_of(const BoundTool* tool, json::View arguments) const;
  // Whether they are about exactly this.
  bool about(const BoundTool* tool, json::View arguments, const Facts& facts) const;
  const Facts& facts() const { return about_.facts; }

  struct Judged {
    std::optional<Violation> violation;
    std::vector<Rewrite> rewrites;
  };
  const Judged* rule(const ArgumentRule& rule) const;
  const std::optional<Violation>& unnamed() const { return unnamed_; }
  const std::optional<json_schema::Violation>& schema() const { return schema_; }
  // Nothing: it was not checked.
  const std::optional<std::optional<std::string>>& leaves() const { return leaves_; }

 private:
  void look_at(const ArgumentRule& rule);

  LookedAhead about_;
  std::string facts_;  // spelled
  std::unordered_map<const ArgumentRule*, Judged> rules_;
  std::optional<Violation> unnamed_;
  std::optional<json_schema::Violation> schema_;
  std::optional<std::optional<std::string>> leaves_;
};

// For the stages: from the findings of the situation where it has some, else found out now.
std::optional<Violation> violation_of(const Situation& s, const ArgumentRule& rule,
                                      std::vector<Rewrite>& rewrites);
std::optional<Violation> unnamed_violation_of(const Situation& s);
std::optional<json_schema::Violation> schema_violation_of(const Situation& s);
// outside.cpp: what should not leave, in words that hold no bytes of the arguments but names.
std::optional<std::string> leaving(const Policy& policy, const BoundTool& tool,
                                   json::View arguments);
std::optional<std::string> leaving_of(const Situation& s);

}  // namespace pawl
