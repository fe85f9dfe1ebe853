#include "doors/model/priors.h"

#include <algorithm>

#include "base/sum.h"

namespace pawl::model {

std::uint64_t Priors::input_most(const std::string& run, const ModelRequest& request) const {
  const auto known = runs_.find(run);
  std::uint64_t most = request.input_most;
  if (known == runs_.end()) return most;
  for (const RequestPrefix& prefix : request.prefixes) {
    const auto measured = known->second.tokens.find(prefix.digest);
    if (measured == known->second.tokens.end()) continue;
    most = std::min(most, sum_of(measured->second, prefix.tokens_after));
  }
  return most;
}

void Priors::learn(const std::string& run, const ModelRequest& request, std::uint64_t input) {
  if (request.prefixes.empty()) return;
  if (!runs_.contains(run)) {
    if (order_.size() >= priors_runs_max) {
      runs_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(run);
  }
  OfRun& of = runs_[run];
  const Digest& whole = request.prefixes.back().digest;
  const auto [place, fresh] = of.tokens.try_emplace(whole, input);
  // The larger of two: what was sent is the same, and a lower claim is no proof.
  place->second = std::max(place->second, input);
  if (!fresh) return;
  of.order.push_back(whole);
  if (of.order.size() <= priors_of_run_max) return;
  of.tokens.erase(of.order.front());
  of.order.pop_front();
}

}  // namespace pawl::model
