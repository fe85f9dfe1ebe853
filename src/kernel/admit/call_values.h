// What the expressions of a policy see of one call.
//
// One for a decision: values are made when an expression asks, the memory and the fuel are shared
// by all of them. It lies on the stack and owns no memory unless a name is long or a spelling is
// forwarded in place of the received one.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "kernel/admit/admit.h"
#include "kernel/condition/condition.h"

namespace pawl {

class CallValues final : public Surroundings {
 public:
  explicit CallValues(const Situation& situation);

  // The arguments with these rewrites in their places: what is compared is what is forwarded.
  // False where they cannot be read: no expression may be asked then.
  bool forward(std::span<const Rewrite> rewrites);
  // As they are forwarded.
  json::View arguments() const;
  // What is in force for this call.
  void in_force(Class c);
  void in_force(Environment environment);

  // The same values for an explanation.
  cel::Value see(Known which) { return value(which); }
  std::uint64_t see(const CountAsked& asked) { return count(asked); }

 protected:
  cel::Value value(Known which) override;
  std::uint64_t count(const CountAsked& asked) override;

 private:
  std::uint64_t records(const CountAsked& asked) const;
  std::uint64_t seen(const CountAsked& asked) const;

  const Situation& situation_;
  Class class_;
  Environment environment_;
  Instant now_;  // in whole microseconds, as records spell it
  std::string name_;
  std::optional<json::Document> forwarded_;
};

// Whether any expression may be asked about this call: then `values` has to be set.
bool has_expressions(const Situation& situation);

// The condition as it was typed for the tool of this call.
const Condition& condition_of(const Situation& situation, std::uint16_t place);
bool holds(const Situation& situation, std::uint16_t place);

}  // namespace pawl
