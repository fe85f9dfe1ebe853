#include "analysis/replay/recorded.h"

#include <algorithm>
#include <utility>

namespace pawl {
namespace {

std::string said_as(const std::string& effect, const std::string& code) {
  return code.empty() || code == "none" ? effect : effect + " [" + code + "]";
}

RecordedLook look_of(const Record& record, const CallDecided& decided, CandidateKind kind) {
  RecordedLook look;
  look.kind = kind;
  look.seq = record.seq;
  look.at = record.at;
  look.run = decided.run;
  look.call = decided.call;
  look.tool = decided.server.empty() ? decided.tool : decided.server + "/" + decided.tool;
  look.again = decided.round > 1;
  look.was_effect = decided.effect;
  look.was_code = decided.code;
  look.was_rule = decided.rule;
  look.was_rule_at = decided.rule_at;
  look.would = *decided.candidate;
  return look;
}

RecordedReason reason_of(const RecordedLook& look) {
  RecordedReason reason;
  reason.kind = look.kind;
  reason.rule = look.would.rule;
  reason.rule_at = look.would.rule_at;
  reason.was = said_as(look.was_effect, look.was_code);
  reason.would = look.kind == CandidateKind::error ? look.would.why
                                                   : said_as(look.would.effect, look.would.code);
  return reason;
}

}  // namespace

CandidateHistory::CandidateHistory(std::string agent, Wants wants)
    : agent_(std::move(agent)), wants_(std::move(wants)) {}

RecordedCandidate& CandidateHistory::candidate(const std::string& policy) {
  const auto known = std::ranges::find(candidates_, policy, &RecordedCandidate::policy);
  if (known == candidates_.end()) {
    candidates_.push_back({.policy = policy, .counts = {}, .reasons = {}});
  } else if (std::next(known) != candidates_.end()) {
    std::rotate(known, std::next(known), candidates_.end());
  }
  return candidates_.back();
}

std::optional<RecordedLook> CandidateHistory::take(const Record& record) {
  if (const auto* opened = std::get_if<RunOpened>(&record.body)) {
    if (opened->agent == agent_) runs_.insert(opened->run);
    return std::nullopt;
  }
  const auto* decided = std::get_if<CallDecided>(&record.body);
  if (decided == nullptr || !runs_.contains(decided->run)) return std::nullopt;
  const auto kind = candidate_kind(*decided);
  if (!kind || !wants_(decided->run, record.at)) return std::nullopt;
  RecordedCandidate& said = candidate(decided->candidate->policy);
  if (said.counts.total() == 0) said.first = record.at;
  said.last = record.at;
  said.counts.add(*kind);
  if (*kind == CandidateKind::same) return std::nullopt;
  RecordedLook look = look_of(record, *decided, *kind);
  RecordedReason reason = reason_of(look);
  auto known = said.reasons.find(reason);
  if (known == said.reasons.end()) {
    if (said.reasons.size() >= recorded_reasons_max) {
      ++said.unlisted;
      return look;
    }
    known = said.reasons.emplace(std::move(reason), RecordedReasonLooks{}).first;
  }
  ++known->second.count;
  known->second.newest.push_back(look);
  if (known->second.newest.size() > recorded_looks_max) known->second.newest.pop_front();
  return look;
}

}  // namespace pawl
