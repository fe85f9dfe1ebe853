#include "analysis/replay/watched.h"

#include <utility>

namespace pawl {
namespace {

constexpr std::size_t day_chars = 10;  // of `2026-11-23T08:00:00Z`

}  // namespace

void WatchedReport::take(const Record& record) {
  if (const auto* opened = std::get_if<RunOpened>(&record.body)) {
    agent_of_[opened->run] = opened->agent;
    return;
  }
  const auto* decided = std::get_if<CallDecided>(&record.body);
  if (decided == nullptr || decided->round != 1) return;
  const auto role = agent_of_.find(decided->run);
  if (role == agent_of_.end() || !wants_(role->second, record.at)) return;
  const bool ran = decided->effect == "allow" || decided->effect == "notify";
  if (decided->enforced && !ran) return;
  WatchedDay& day = days_[to_string(record.at).substr(0, day_chars)][role->second];
  if (ran) {
    ++day.ran;
    return;
  }
  WatchedReason reason{
      .stopped = decided->effect == "deny",
      .tool = decided->server.empty() ? decided->tool : decided->server + "/" + decided->tool,
      .code = decided->code,
      .rule = decided->rule,
      .rule_at = decided->rule_at};
  ++(reason.stopped ? day.stopped : day.asked);
  const auto known = day.reasons.find(reason);
  if (known != day.reasons.end()) {
    ++known->second;
  } else if (day.reasons.size() < watched_reasons_max) {
    day.reasons.emplace(std::move(reason), 1);
  }
}

const std::map<std::string, std::map<std::string, WatchedDay>>& WatchedReport::days() {
  for (auto& [date, roles] : days_) {
    std::erase_if(roles, [](const auto& entry) {
      return entry.second.asked == 0 && entry.second.stopped == 0;
    });
  }
  std::erase_if(days_, [](const auto& entry) { return entry.second.empty(); });
  return days_;
}

}  // namespace pawl
