#include "analysis/drift/access_use.h"

#include <variant>

#include "base/text.h"
#include "model/access.h"

namespace pawl {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;

// `crm/merge` of `crm/pawl:access:merge`.
std::string wanted_tool(std::string tool) {
  const std::size_t at = tool.find(access_prefix);
  return tool.erase(at, access_prefix.size());
}

std::string times_of(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " time" : " times");
}

}  // namespace

// One function for each type of record that has to do with it.
struct AccessTelling {
  AccessHistory& into;
  Instant at;

  void operator()(const RunOpened& b) const { into.runs_[b.run].agent = b.agent; }
  void operator()(const RunClosed& b) const {
    const auto run = into.runs_.find(b.run);
    if (run == into.runs_.end()) return;
    for (const std::string& question : run->second.questions) into.questions_.erase(question);
    for (const std::string& grant : run->second.grants) into.grants_.erase(grant);
    into.runs_.erase(run);
  }
  void operator()(const ApprovalOpened& b) const {
    if (!asks_for_access(b.tool)) return;
    const AccessKey key{b.agent, wanted_tool(b.tool)};
    into.questions_[b.approval] = key;
    AccessHistory::OpenRun& run = into.runs_[b.run];
    run.agent = b.agent;
    run.questions.push_back(b.approval);
    AccessUse* const use = into.counts(at) ? into.use(key) : nullptr;
    if (use == nullptr) return;
    if (use->asked++ == 0) use->first = at;
    use->last = at;
    const std::int64_t day = at.ns / kDayNs;
    const auto [known, fresh] = into.last_day_.emplace(key, day);
    if (fresh || known->second != day) ++use->days;
    known->second = day;
  }
  void operator()(const ApprovalAnswered& b) const {
    if (b.answer != "reject") return;
    const auto question = into.questions_.find(b.approval);
    if (question == into.questions_.end()) return;
    AccessUse* const use = into.counts(at) ? into.use(question->second) : nullptr;
    if (use != nullptr) ++use->rejected;
    into.questions_.erase(question);
  }
  void operator()(const ApprovalEnded& b) const { into.questions_.erase(b.approval); }
  void operator()(const GrantMade& b) const {
    const auto run = into.runs_.find(b.run);
    if (run == into.runs_.end()) return;
    const AccessKey key{run->second.agent, b.tool};
    into.questions_.erase(b.approval);
    into.grants_[b.grant] = {key, false};
    run->second.grants.push_back(b.grant);
    AccessUse* const use = into.counts(at) ? into.use(key) : nullptr;
    if (use != nullptr) ++use->granted;
  }
  void operator()(const CallDecided& b) const {
    const bool runs = b.effect == "allow" || b.effect == "notify";
    if (b.grant.empty() || !runs || !into.counts(at)) return;
    const auto grant = into.grants_.find(b.grant);
    if (grant == into.grants_.end()) return;
    AccessUse* const use = into.use(grant->second.key);
    if (use == nullptr) return;
    ++use->calls;
    if (!grant->second.used) ++use->used;
    grant->second.used = true;
  }
  void operator()(const GrantEnded& b) const {
    const auto grant = into.grants_.find(b.grant);
    if (grant == into.grants_.end() || !into.counts(at)) return;
    if (AccessUse* const use = into.use(grant->second.key)) ++use->taken_back;
  }
  template <class T>
  void operator()(const T&) const {}
};

bool AccessUse::stands() const {
  return granted >= stands_after_grants && days >= stands_after_days && rejected == 0 &&
         taken_back == 0;
}

void AccessHistory::take(const Record& record) {
  std::visit(AccessTelling{*this, record.at}, record.body);
}

AccessUse* AccessHistory::use(const AccessKey& key) {
  const auto known = uses_.find(key);
  if (known != uses_.end()) return &known->second;
  if (uses_.size() >= access_keys_max) {
    ++unlisted_;
    return nullptr;
  }
  return &uses_[key];
}

std::vector<std::string> advice_on_access(const AccessHistory& history) {
  std::vector<std::string> all;
  for (const auto& [key, use] : history.uses()) {
    const std::string who = "`" + escape_untrusted(key.first) + "`";
    const std::string what = "`" + escape_untrusted(key.second) + "`";
    if (use.stands()) {
      all.push_back(who + " asked for " + what + " on " + std::to_string(use.days) +
                    " days and got it " + times_of(use.granted) +
                    ", never refused: it is a standing permission by now: allow it in the policy, "
                    "or refuse it");
    }
    if (use.idle()) {
      all.push_back(who + " got " + what + " " + times_of(use.granted) +
                    " and never used it: its line in `may_request` may be too broad");
    }
  }
  return all;
}

}  // namespace pawl
