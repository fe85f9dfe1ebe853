#include "model/candidate.h"

#include <numeric>

namespace pawl {

namespace {

std::optional<Effect> effect_named(std::string_view word) {
  for (const Effect effect :
       {Effect::allow, Effect::notify, Effect::contain, Effect::hold, Effect::deny}) {
    if (to_string(effect) == word) return effect;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CandidateKind kind) {
  switch (kind) {
    case CandidateKind::same:
      return "same";
    case CandidateKind::stricter:
      return "stricter";
    case CandidateKind::laxer:
      return "laxer";
    case CandidateKind::other:
      return "other";
    case CandidateKind::error:
      return "error";
  }
  return "";
}

std::optional<CandidateKind> candidate_kind(const CallDecided& decided) {
  if (!decided.candidate) return std::nullopt;
  const CandidateSaid& said = *decided.candidate;
  if (!said.why.empty()) return CandidateKind::error;
  if (said.effect.empty()) return CandidateKind::same;
  const auto was = effect_named(decided.effect);
  const auto would = effect_named(said.effect);
  if (!was || !would) return CandidateKind::error;
  if (*would != *was) return *would < *was ? CandidateKind::laxer : CandidateKind::stricter;
  return said.code == decided.code ? CandidateKind::same : CandidateKind::other;
}

std::uint64_t CandidateCounts::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace pawl
