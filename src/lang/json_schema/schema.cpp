#include "lang/json_schema/schema.h"

#include <utility>

#include "lang/json_schema/check.h"

namespace pawl::json_schema {

bool Schema::valid(json::View value, const Trusted& trusted) const {
  return Check(*compiled_, nullptr, trusted).run(value);
}

std::optional<Violation> Schema::validate(json::View value, const Trusted& trusted) const {
  if (valid(value, trusted)) return std::nullopt;
  return std::move(violations(value, 1, trusted).front());
}

// The second walk says why. What it finds it finds again, so there is at least one.
std::vector<Violation> Schema::violations(json::View value, std::size_t at_most,
                                          const Trusted& trusted) const {
  Report report;
  report.at_most = at_most == 0 ? 1 : at_most;
  Check(*compiled_, &report, trusted).run(value);
  return std::move(report.violations);
}

const std::vector<Finding>& Schema::findings() const {
  return compiled_->findings;
}

}  // namespace pawl::json_schema
