#include "doors/api/sub_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/policy/models.h"

namespace pawl::api {
namespace {

// A pattern with a slash is about one server's tool, one without about any server's, as in a
// policy. Actions of the protocol are covered by what begins as they do, and by no other glob.
bool covered_by(const std::string& pattern, std::string_view server, std::string_view tool) {
  constexpr std::string_view action = "mcp:";
  if (is_model_server(server) != pattern.starts_with(model_prefix)) return false;
  const bool anywhere = !pattern.contains('/') || pattern.starts_with(action);
  const std::size_t name = anywhere ? 0 : pattern.find('/') + 1;
  const bool names_action = std::string_view(pattern).substr(name).starts_with(action);
  if (tool.starts_with(action) != names_action) return false;
  if (anywhere) return glob_match(pattern, tool);
  return glob_match(pattern, std::string(server) + "/" + std::string(tool));
}

// A sub-run whose tools name no model may ask those of its run.
bool names_models(const std::vector<std::string>& patterns) {
  return std::ranges::any_of(
      patterns, [](const std::string& pattern) { return pattern.starts_with(model_prefix); });
}

// What is used of a limit, and what a call that is let run takes of it. The door opens no sub-run
// with a limit that nothing meters here.
struct Spent {
  std::uint64_t used = 0, more = 0;
};
Spent spent_of(const SubRun& run, jose::Limit limit, const SubRunUse& use) {
  switch (limit) {
    case jose::Limit::steps:
      return {run.steps, 0};
    case jose::Limit::denials:
      return {run.denials, 0};
    case jose::Limit::calls:
      return {run.used.calls, use.calls};
    case jose::Limit::records:
      return {run.used.records, use.records};
    case jose::Limit::tokens:
    case jose::Limit::cost_nano_usd:
    case jose::Limit::wall_clock_ms:
      break;
  }
  return {};
}

bool is_of_executed(jose::Limit limit) {
  return limit == jose::Limit::calls || limit == jose::Limit::records;
}

void lower(std::uint64_t& from, std::uint64_t less) {
  from -= std::min(from, less);
}

}  // namespace

template <class Visit>
void SubRuns::climb(std::string_view id, Visit&& visit) {
  for (auto at = runs_.find(id); at != runs_.end(); at = runs_.find(at->second.parent())) {
    visit(at->second);
  }
}

// Every look goes to the table: who holds this keeps no sub-run that ended.
class SubRuns::Part final : public SubRunLimits {
 public:
  Part(std::shared_ptr<SubRuns> all, const SubRun& run)
      : all_(std::move(all)),
        id_(run.id()),
        name_(fmt::format("sub-run {} of {}", run.id(), escape_untrusted(run.credential.agent()))) {
    all_->climb(id_, [this](const SubRun& one) { chain_.push_back(one.id()); });
  }

  const std::string& name() const override { return name_; }
  bool over() const override { return all_->find(id_) == nullptr; }
  bool covers(std::string_view server, std::string_view tool) const override {
    bool all = !over();
    all_->climb(id_, [&](const SubRun& run) {
      const auto& tools = run.credential.attenuation.tools;
      if (tools && is_model_server(server) && !names_models(*tools)) return;
      all = all && (!tools || std::ranges::any_of(*tools, [&](const std::string& pattern) {
              return covered_by(pattern, server, tool);
            }));
    });
    return all;
  }
  std::string spent() const override {
    std::string limit;
    all_->climb(id_, [&](const SubRun& run) {
      for (const auto& [name, most] : run.credential.attenuation.limits) {
        if (!limit.empty() || is_of_executed(name) || spent_of(run, name, {}).used < most) continue;
        limit =
            fmt::format("the sub-run `{}` has used its {} {}", run.id(), most, jose::name_of(name));
      }
    });
    return limit;
  }
  void charge_step() override {
    all_->climb(id_, [](SubRun& run) { ++run.steps; });
  }
  void charge_denial() override {
    all_->climb(id_, [](SubRun& run) { ++run.denials; });
  }
  bool counts_records() const override {
    bool counted = false;
    all_->climb(id_, [&](const SubRun& run) {
      counted = counted || run.credential.attenuation.limits.contains(jose::Limit::records);
    });
    return counted;
  }
  std::string no_room(const SubRunUse& use) const override {
    std::string limit;
    all_->climb(id_, [&](const SubRun& run) {
      for (const auto& [name, most] : run.credential.attenuation.limits) {
        const Spent spent = spent_of(run, name, use);
        if (!limit.empty() || !is_of_executed(name)) continue;
        const std::uint64_t left = most - std::min(most, spent.used);
        if (spent.more <= left) continue;
        limit = fmt::format("the sub-run `{}` has {} of its {} {} left, and this takes {}",
                            run.id(), left, most, jose::name_of(name), spent.more);
      }
    });
    return limit;
  }
  void take(const SubRunUse& use) override {
    each_above([&](SubRun& run) {
      run.used.calls = sum_of(run.used.calls, use.calls);
      run.used.records = sum_of(run.used.records, use.records);
    });
  }
  void give_back(const SubRunUse& use) override {
    each_above([&](SubRun& run) {
      lower(run.used.calls, use.calls);
      lower(run.used.records, use.records);
    });
  }
  void charge_records(std::uint64_t more) override {
    each_above([more](SubRun& run) { run.used.records = sum_of(run.used.records, more); });
  }

 private:
  // What is settled after one of them ended still counts at those that are left.
  template <class Visit>
  void each_above(Visit&& visit) {
    for (const std::string& id : chain_) {
      if (const auto at = all_->runs_.find(id); at != all_->runs_.end()) visit(at->second);
    }
  }

  std::shared_ptr<SubRuns> all_;
  std::string id_, name_;
  std::vector<std::string> chain_;  // its id, and those above it
};

Status SubRuns::add(SubRun run) {
  std::erase_if(runs_, [now = now_()](const auto& entry) { return now >= entry.second.expires; });
  const auto of_root = std::ranges::count_if(
      runs_, [&](const auto& entry) { return entry.second.root == run.root; });
  if (static_cast<std::size_t>(of_root) >= per_root_max_) {
    return fail(ErrorKind::refused,
                fmt::format("ceiling: one run has at most {} sub-runs", per_root_max_));
  }
  std::string id = run.id();
  runs_.emplace(std::move(id), std::move(run));
  return {};
}

const SubRun* SubRuns::find(std::string_view id) const {
  const Instant now = now_();
  const SubRun* found = nullptr;
  // One whose parent is over is over: along the chain ends only come earlier.
  for (std::string_view at = id;;) {
    const auto known = runs_.find(at);
    if (known == runs_.end()) return found != nullptr && at == found->root ? found : nullptr;
    if (now >= known->second.expires) return nullptr;
    if (found == nullptr) found = &known->second;
    at = known->second.parent();
  }
}

std::shared_ptr<SubRunLimits> SubRuns::part(std::string_view id) {
  const SubRun* const known = find(id);
  return known == nullptr ? nullptr : std::make_shared<Part>(shared_from_this(), *known);
}

std::vector<std::string> SubRuns::end(std::string_view id) {
  std::vector<std::string> gone = {std::string(id)};
  for (std::size_t i = 0; i < gone.size(); ++i) {
    for (const auto& [name, run] : runs_) {
      if (run.parent() == gone[i]) gone.push_back(name);
    }
  }
  for (const std::string& name : gone) runs_.erase(name);
  return gone;
}

void SubRuns::end_root(std::string_view root) {
  std::erase_if(runs_, [root](const auto& entry) { return entry.second.root == root; });
}

}  // namespace pawl::api
