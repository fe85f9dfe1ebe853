#include "kernel/state/sums.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/sum.h"

namespace pawl {

namespace {

Amount more(Amount a, Amount b) {
  return {sum_of(a.nano, b.nano)};
}

Amount less(Amount a, Amount b) {
  return {a.nano - std::min(a.nano, b.nano)};
}

// Ends of a later time than now count: a clock was set back.
bool counts(Instant at, Instant now, Duration window) {
  if (at >= now) return true;
  std::int64_t age = 0;
  return !__builtin_sub_overflow(now.ns, at.ns, &age) && age < window.ns;
}

bool over_with(const Sum& sum, Instant now, Duration window) {
  return sum.in_flight == 0 && window.ns != 0 &&
         (sum.ends.empty() || !counts(sum.ends.back().at, now, window));
}

void forget_ends(CounterSums& counter, Sum& sum, Instant now) {
  while (!sum.ends.empty() && !counts(sum.ends.front().at, now, counter.window)) {
    sum.ends.pop_front();
    --counter.places;
  }
  sum.settled = {};
  for (const Sum::End& end : sum.ends) sum.settled = more(sum.settled, end.add);
}

void forget_sums(CounterSums& counter, Instant now) {
  if (counter.window.ns == 0) return;
  for (auto at = counter.sums.begin(); at != counter.sums.end();) {
    forget_ends(counter, at->second, now);
    const bool over = over_with(at->second, now, counter.window);
    if (over) --counter.places;
    at = over ? counter.sums.erase(at) : std::next(at);
  }
}

}  // namespace

Amount Sum::within(Instant now, Duration window) const {
  if (window.ns == 0) return settled;
  Amount gone;
  for (const End& end : ends) {
    if (counts(end.at, now, window)) break;
    gone = more(gone, end.add);
  }
  // A sum that went over every number stays there until its ends are counted again.
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return settled.nano == most ? settled : less(settled, gone);
}

const Sum* Sums::find(std::string_view counter, std::string_view key) const {
  const auto found = counters_.find(counter);
  if (found == counters_.end()) return nullptr;
  const auto sum = found->second.sums.find(key);
  return sum == found->second.sums.end() ? nullptr : &sum->second;
}

bool Sums::room(std::string_view counter, Instant now) const {
  constexpr std::uint64_t wanted = 3;  // a sum, a call in flight, an end
  const auto found = counters_.find(counter);
  if (found == counters_.end() || found->second.places + wanted <= sum_places_max) return true;
  std::uint64_t gone = 0;
  for (const auto& [key, sum] : found->second.sums) {
    for (const Sum::End& end : sum.ends) {
      if (counts(end.at, now, found->second.window)) break;
      ++gone;
    }
    if (over_with(sum, now, found->second.window)) ++gone;
  }
  return found->second.places - gone + wanted <= sum_places_max;
}

Status Sums::can_reserve(const SumCharge& charge) const {
  const Sum* sum = find(charge.counter, charge.key);
  const bool too_much = charge.add.nano > amount_units_max * nano_per_unit;
  std::uint64_t reserved = 0;
  if (charge.add.nano == 0 || too_much || charge.window.ns < 0 ||
      (sum != nullptr && __builtin_add_overflow(sum->reserved.nano, charge.add.nano, &reserved))) {
    return fail(ErrorKind::corrupt, "adds an amount that cannot be");
  }
  return {};
}

void Sums::reserve(const SumCharge& charge, Instant at) {
  CounterSums& counter = counters_[charge.counter];
  counter.window = std::max(counter.window, charge.window);
  if (counter.places + 3 > sum_places_max) forget_sums(counter, at);
  const auto [place, fresh] = counter.sums.try_emplace(charge.key);
  if (fresh) ++counter.places;
  Sum& sum = place->second;
  sum.reserved = more(sum.reserved, charge.add);
  ++sum.in_flight;
  ++counter.places;
}

void Sums::release(const SumCharge& charge) {
  const auto counter = counters_.find(charge.counter);
  if (counter == counters_.end()) return;
  const auto place = counter->second.sums.find(charge.key);
  if (place == counter->second.sums.end()) return;
  Sum& sum = place->second;
  sum.reserved = less(sum.reserved, charge.add);
  --sum.in_flight;
  --counter->second.places;
  if (sum.in_flight > 0 || sum.settled.nano > 0 || !sum.ends.empty()) return;
  counter->second.sums.erase(place);
  --counter->second.places;
  if (counter->second.sums.empty()) counters_.erase(counter);
}

void Sums::settle(const SumCharge& charge, Instant at) {
  const auto found = counters_.find(charge.counter);
  if (found == counters_.end()) return;
  CounterSums& counter = found->second;
  Sum& sum = counter.sums[charge.key];
  sum.reserved = less(sum.reserved, charge.add);
  --sum.in_flight;
  --counter.places;
  if (counter.window.ns == 0) {
    sum.settled = more(sum.settled, charge.add);
    return;
  }
  forget_ends(counter, sum, at);
  const Instant last = sum.ends.empty() ? at : std::max(at, sum.ends.back().at);
  sum.ends.push_back({last, charge.add});
  sum.settled = more(sum.settled, charge.add);
  ++counter.places;
}

void Sums::forget(Instant now) {
  for (auto at = counters_.begin(); at != counters_.end();) {
    forget_sums(at->second, now);
    at = at->second.sums.empty() ? counters_.erase(at) : std::next(at);
  }
}

void Sums::put(std::string counter, CounterSums sums) {
  counters_[std::move(counter)] = std::move(sums);
}

}  // namespace pawl
