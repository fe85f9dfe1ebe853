#include "node/attention_checks.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/id.h"
#include "base/random.h"
#include "base/text.h"
#include "doors/api/api.h"
#include "gate/gate.h"
#include "gate/state/proposal.h"
#include "kernel/definition/made.h"
#include "kernel/policy/policy.h"
#include "node/common/log.h"
#include "views/activity.h"

namespace pawl::node {
namespace {

// Nothing, whatever comes to it.
class NothingBehind final : public Upstream {
 public:
  Task<pawl::Outcome> execute(std::string_view, std::string_view) override {
    co_return pawl::Outcome{
        pawl::Outcome::Kind::error, R"({"code":-32603,"message":"nothing"})", {}};
  }
  void cancel() override {}
};

// Asks, and does not wait.
class AsksAndGoes final : public Caller {
 public:
  Duration patience(Duration) const override { return {}; }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return false; }
};

// Nothing is known of a tool that is not connected yet, and what the policy says of arguments
// it says by itself.
std::shared_ptr<const ToolDefinition> tool_of(const Vigilance::Seed& seed, json::View arguments) {
  auto tool = tool_that_takes(seed.server, seed.tool, arguments);
  return tool ? std::make_shared<const ToolDefinition>(*std::move(tool)) : nullptr;
}

std::uint64_t random_below(std::uint64_t limit) {
  std::uint64_t number = 0;
  for (const char byte : random_bytes(sizeof number)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return limit == 0 ? 0 : number % limit;
}

std::string name_of(const Vigilance::Seed& seed) {
  return fmt::format("{} {}/{} {}", seed.role, seed.server, seed.tool, seed.arguments);
}

}  // namespace

// On average so often, whatever came before, so it does not matter how often a node starts or reads
// its file again: and no reviewer can foresee when.
void AttentionChecks::plan() {
  next_.reset();
  // Also where the file plans none any more: one may wait since before.
  if (!hears_) {
    hears_ = gate_.on_record([this](const Record& record) { heard(record); });
  }
  if (!deployment_.vigilance || deployment_.vigilance->calls.empty()) return;
  const auto every = static_cast<double>(deployment_.vigilance->every.ns);
  constexpr std::uint64_t kParts = std::uint64_t{1} << 53;
  const double part = static_cast<double>(random_below(kParts) + 1) / static_cast<double>(kParts);
  const auto wait = static_cast<std::int64_t>(-std::log(part) * every);
  next_ = loop_.after(Duration{wait}, [this] {
    ask_one();
    plan();
  });
}

// One at a time: a queue full of them would measure nothing.
void AttentionChecks::ask_one() {
  if (!deployment_.vigilance) return;
  for (const auto& [id, approval] : gate_.state().approvals()) {
    const bool waits =
        approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
    if (waits && is_vigilance(gate_.state(), approval.asked.run)) return;
  }
  std::vector<Vigilance::Seed> calls = deployment_.vigilance->calls;
  std::erase_if(calls, [this](const auto& one) { return in_vain_.contains(name_of(one)); });
  if (calls.empty()) return;
  spawn(ask(calls[random_below(calls.size())]));
}

// Who started this agent's newest run: a question of an unknown sponsor would give itself away.
// Empty: it had no run yet, so no reviewer is asked about it.
std::string AttentionChecks::sponsor_like(std::string_view agent) const {
  const Run* newest = nullptr;
  for (const auto& [id, run] : gate_.state().runs()) {
    if (run.agent != agent || run.key.starts_with(vigilance_key)) continue;
    if (newest == nullptr || run.opened > newest->opened) newest = &run;
  }
  return newest == nullptr ? std::string() : std::string(newest->sponsor);
}

// Where something is stopped it would join what is stopped, or be refused for that.
bool AttentionChecks::stands_still(const std::string& agent, const Vigilance::Seed& seed) const {
  const State& state = gate_.state();
  const std::string tool = Call{seed.server, seed.tool, {}}.name();
  return !gate_.fault().empty() || !state.halted_sponsors(agent).empty() ||
         state.killed(agent, {}, tool) != nullptr;
}

Task<void> AttentionChecks::ask(Vigilance::Seed seed) {
  const auto role = role_(seed.role);
  auto arguments = json::parse(seed.arguments);
  const auto tool = arguments ? tool_of(seed, arguments->root()) : nullptr;
  if (!role || !tool) {
    log_line("vigilance: the call of `" + escape_untrusted(seed.tool) + "` cannot be asked for");
    co_return;
  }
  if (stands_still(role->policy->agent, seed)) co_return;
  RunRequest request;
  request.key = std::string(vigilance_key) + make_id("v", random_bytes(5));
  request.sponsor = sponsor_like(role->policy->agent);
  if (request.sponsor.empty()) co_return;
  request.client = "pawl vigilance";
  request.policy = role->policy;
  request.keeps_policy = true;
  const auto run = gate_.runs.open(request);
  if (!run) co_return log_line("vigilance: " + to_string(run.error()));
  reasons_[*run] = seed.wrong;
  Proposal proposal;
  proposal.run = *run;
  proposal.call = {seed.server, seed.tool, arguments->root()};
  proposal.definition = tool;
  proposal.pin = PinState::accepted;
  proposal.read_sql = read_sql_;
  NothingBehind server;
  AsksAndGoes caller;
  const Settled settled = co_await gate_.calls.handle(std::move(proposal), server, caller);
  if (settled.kind == Settled::Kind::pending) co_return;
  // Asked for again, it would only fill the journal; the file, read again, gives it another try.
  const bool for_now = settled.code == Code::frozen || settled.code == Code::ceiling ||
                       settled.code == Code::rate || stands_still(role->policy->agent, seed);
  if (!for_now) in_vain_.insert(name_of(seed));
  finish(*run, fmt::format("not asked: the policy does not hold this call of `{}`",
                           escape_untrusted(seed.tool)));
  log_line("vigilance: the policy of `" + escape_untrusted(seed.role) +
           "` does not hold the call of `" + escape_untrusted(seed.tool) +
           "`, so no reviewer can be asked: " +
           escape_untrusted(settled.text.substr(0, settled.text.find('\n'))));
}

std::string AttentionChecks::why_to_deny(const std::string& run) const {
  if (!is_vigilance(gate_.state(), run)) return {};
  const auto known = reasons_.find(run);
  // Of a node that has started again since.
  return known == reasons_.end() ? "it was a call that should not be approved" : known->second;
}

void AttentionChecks::heard(const Record& record) {
  const auto end = [this](std::string run, std::string text) {
    loop_.post([this, run = std::move(run), text = std::move(text)] { finish(run, text); });
  };
  const auto run_of = [this](std::string_view id) {
    const Approval* asked = gate_.state().approval(id);
    const bool ours = asked != nullptr && is_vigilance(gate_.state(), asked->asked.run);
    return ours ? std::string(asked->asked.run) : std::string();
  };
  if (const auto* given = std::get_if<ApprovalAnswered>(&record.body)) {
    const std::string run = run_of(given->approval);
    if (run.empty()) return;
    const bool yes = given->answer == "approve";
    end(run,
        fmt::format("`{}` {} {}, which ought to be denied: {}", escape_untrusted(given->person),
                    yes ? "approved" : "denied", given->approval, why_to_deny(run)));
  } else if (const auto* changed = std::get_if<ApprovalChanged>(&record.body)) {
    const std::string run = run_of(changed->approval);
    if (run.empty()) return;
    end(run, fmt::format("`{}` changed and approved {}, which ought to be denied: {}",
                         escape_untrusted(changed->person), changed->approval, why_to_deny(run)));
  } else if (std::holds_alternative<KillSet>(record.body)) {
    loop_.post([this] { finish_withdrawn(); });
  } else if (const auto* over = std::get_if<ApprovalEnded>(&record.body)) {
    const std::string run = run_of(over->approval);
    if (!run.empty() && over->how == "expired") {
      end(run, "no one answered " + over->approval);
    }
  }
}

// A question that the switch withdrew is over, and its run does not go on.
void AttentionChecks::finish_withdrawn() {
  std::set<std::string> waiting, over;
  for (const auto& [id, approval] : gate_.state().approvals()) {
    const bool waits =
        approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
    if (waits) waiting.insert(approval.asked.run);
  }
  for (const auto& [id, run] : gate_.state().runs()) {
    const bool ours = run.phase != RunPhase::closed && is_vigilance(gate_.state(), id);
    if (ours && !waiting.contains(id)) over.insert(id);
  }
  for (const std::string& run : over) finish(run, "the kill switch was set");
}

void AttentionChecks::finish(const std::string& run, const std::string& text) {
  const Run* known = gate_.state().run(run);
  if (known == nullptr || known->phase == RunPhase::closed) return;
  (void)gate_.alerts.note(run, "vigilance", text);
  (void)gate_.runs.close(run, "vigilance: " + text);
  // The reviewer who answered is told why in the same moment, from here.
  loop_.post([this, run] { reasons_.erase(run); });
}

}  // namespace pawl::node
