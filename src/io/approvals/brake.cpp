#include "io/approvals/brake.h"

#include <algorithm>

namespace pawl {

Duration Brake::wait(const std::string& source, Instant now) const {
  const auto found = sources_.find(source);
  return found == sources_.end() || now >= found->second.until ? Duration{}
                                                               : found->second.until - now;
}

Status Brake::may_try(const std::string& source, Instant now) const {
  const Duration left = wait(source, now);
  if (left.ns == 0) return {};
  return fail(ErrorKind::refused,
              "too many wrong answers came from here: try again in " + to_string(left));
}

void Brake::failed(const std::string& source, Instant now) {
  if (!sources_.contains(source)) make_room(now);
  Failures& failures = sources_[source];
  failures.last = now;
  ++failures.count;
  if (failures.count <= free_failures) return;
  const std::uint32_t doublings = std::min(failures.count - free_failures - 1, 10U);
  failures.until = now + std::min(Duration{first_wait.ns << doublings}, longest_wait);
}

void Brake::make_room(Instant now) {
  if (sources_.size() < sources_max) return;
  std::erase_if(sources_, [&](const auto& entry) {
    return now >= entry.second.until && now - entry.second.last >= quiet_max;
  });
  while (sources_.size() >= sources_max) {
    sources_.erase(std::ranges::min_element(
        sources_, {}, [](const auto& entry) { return entry.second.until.ns; }));
  }
}

}  // namespace pawl
