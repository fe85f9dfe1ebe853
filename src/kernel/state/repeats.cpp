#include "kernel/state/repeats.h"

#include <algorithm>
#include <utility>

#include "base/sum.h"

namespace pawl {

std::size_t Repeats::cycle_of(std::string_view call) const {
  std::size_t best = 0;
  for (std::size_t length = 1; length <= last_.size(); ++length) {
    if (back(length).call != call) continue;
    const bool longer = best == 0 || matched_[length - 1] / length > matched_[best - 1] / best;
    if (longer) best = length;
  }
  return best;
}

std::uint64_t Repeats::of(std::string_view call) const {
  const std::size_t length = cycle_of(call);
  return length == 0 ? 0 : matched_[length - 1] / length;
}

std::uint64_t Repeats::now() const {
  std::uint64_t most = 0;
  for (std::size_t length = 1; length <= repeats_cycle_max; ++length) {
    most = std::max(most, matched_[length - 1] / length);
  }
  return most;
}

std::uint64_t Repeats::after(std::string_view call, std::string_view result) const {
  Repeats then = *this;
  then.add(call, result);
  return then.now();
}

void Repeats::add(std::string_view call, std::string_view result) {
  Step step{std::string(call), std::string(result)};
  for (std::size_t length = 1; length <= repeats_cycle_max; ++length) {
    const bool same = length <= last_.size() && back(length) == step;
    matched_[length - 1] = same ? sum_of(matched_[length - 1], std::uint64_t{1}) : 0;
  }
  if (last_.size() == repeats_cycle_max) last_.erase(last_.begin());
  last_.push_back(std::move(step));
}

void Repeats::add_unlearned(std::string_view call, std::string_view why) {
  const std::size_t length = cycle_of(call);
  const std::string result = length == 0 ? std::string(why) : back(length).result;
  add(call, result);
}

bool Repeats::restore(std::vector<Step> last, const std::vector<std::uint64_t>& matched) {
  if (last.size() > repeats_cycle_max || matched.size() != repeats_cycle_max) return false;
  last_ = std::move(last);
  std::ranges::copy(matched, matched_.begin());
  return true;
}

}  // namespace pawl
