#include "doors/console/redemptions.h"

#include <algorithm>

namespace pawl::console {

bool Redemptions::used(std::string_view ticket) const {
  return used_.find(ticket) != used_.end();
}

bool Redemptions::use(std::string_view ticket, std::string_view person, Duration now) {
  std::erase_if(used_, [now](const auto& one) { return one.second.until.ns <= now.ns; });
  const auto theirs = std::ranges::count_if(
      used_, [person](const auto& one) { return one.second.person == person; });
  if (static_cast<std::size_t>(theirs) >= limits_.of_person_max) return false;
  return used_
      .try_emplace(std::string(ticket), std::string(person), Duration{now.ns + limits_.life.ns})
      .second;
}

bool Returns::may_go(std::string_view address, Duration now) {
  const auto of_one = std::ranges::count_if(
      under_way_, [address](const auto& one) { return one.second == address; });
  if (under_way_.size() >= limits_.under_way_max ||
      static_cast<std::size_t>(of_one) >= limits_.under_way_of_one_max) {
    return false;
  }
  const std::int64_t most = static_cast<std::int64_t>(limits_.burst) * limits_.again.ns;
  const auto known = free_at_.find(address);
  return known == free_at_.end() || known->second.ns - now.ns + limits_.again.ns <= most;
}

Returns::Turn Returns::begin(std::string_view ticket, std::string_view address, Duration now) {
  if (people_.used(ticket) || under_way_.find(ticket) != under_way_.end()) return Turn::before;
  if (!may_go(address, now)) return Turn::waits;
  std::erase_if(free_at_, [now](const auto& one) { return one.second.ns <= now.ns; });
  const auto known = free_at_.find(address);
  if (known != free_at_.end()) {
    known->second.ns += limits_.again.ns;
  } else {
    if (free_at_.size() >= limits_.addresses_max) {
      free_at_.erase(
          std::ranges::min_element(free_at_, {}, [](const auto& one) { return one.second.ns; }));
    }
    free_at_.emplace(address, Duration{now.ns + limits_.again.ns});
  }
  under_way_.emplace(ticket, address);
  return Turn::goes;
}

bool Returns::ended(std::string_view ticket, std::string_view person, Duration now) {
  const auto found = under_way_.find(ticket);
  if (found == under_way_.end()) return false;
  const std::string address = std::move(found->second);
  under_way_.erase(found);
  if (person.empty()) return false;
  // Many people behind one address sign in one after the other, and none of them waits.
  if (const auto known = free_at_.find(address); known != free_at_.end()) {
    known->second.ns -= limits_.again.ns;
  }
  return people_.use(ticket, person, now);
}

}  // namespace pawl::console
