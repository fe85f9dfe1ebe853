#include "kernel/state/state.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "kernel/state/fold.h"
#include "kernel/state/live.h"

namespace pawl {

// Down to the microsecond, as records spell it; the first one of all times stays where it is.
Instant whole_microseconds(Instant at) {
  const std::int64_t rest = ((at.ns % 1000) + 1000) % 1000;
  if (at.ns < std::numeric_limits<std::int64_t>::min() + rest) return at;
  return {at.ns - rest};
}

std::string_view to_string(RunPhase phase) {
  switch (phase) {
    case RunPhase::open:
      return "open";
    case RunPhase::halted:
      return "halted";
    case RunPhase::killed:
      return "killed";
    case RunPhase::closed:
      return "closed";
  }
  return "closed";
}

std::string_view to_string(CallPhase phase) {
  switch (phase) {
    case CallPhase::denied:
      return "denied";
    case CallPhase::held:
      return "held";
    case CallPhase::admitted:
      return "admitted";
    case CallPhase::aborted:
      return "aborted";
    case CallPhase::completed:
      return "completed";
    case CallPhase::failed:
      return "failed";
    case CallPhase::cancelled:
      return "cancelled";
    case CallPhase::indeterminate:
      return "indeterminate";
  }
  return "indeterminate";
}

std::string_view to_string(ApprovalPhase phase) {
  switch (phase) {
    case ApprovalPhase::open:
      return "open";
    case ApprovalPhase::approved:
      return "approved";
    case ApprovalPhase::rejected:
      return "rejected";
    case ApprovalPhase::expired:
      return "expired";
    case ApprovalPhase::withdrawn:
      return "withdrawn";
    case ApprovalPhase::consumed:
      return "consumed";
  }
  return "withdrawn";
}

Status State::apply(const Record& record) {
  if (record.seq != next_seq_) {
    return fail(ErrorKind::corrupt, "record " + std::to_string(record.seq) + " came where " +
                                        std::to_string(next_seq_) + " was expected");
  }
  Fold fold{*this, whole_microseconds(record.at)};
  if (Status done = std::visit(fold, record.body); !done) {
    return fail(done.error().fault,
                "record " + std::to_string(record.seq) + ": " + done.error().message);
  }
  ++next_seq_;
  return {};
}

std::vector<Body> State::settle_after_crash() const {
  std::vector<const LiveCall*> calls;  // in an order that is always the same
  calls.reserve(calls_.size());
  for (const auto& [id, call] : calls_) calls.push_back(&call);
  std::ranges::sort(calls, {}, &LiveCall::id);

  std::vector<Body> out;
  std::map<std::string_view, std::string_view> halts;
  for (const LiveCall* call : calls) {
    if (call->phase == CallPhase::admitted) {
      CallEnded ended;
      ended.call = call->id;
      ended.run = call->run;
      ended.outcome = "indeterminate";
      out.emplace_back(std::move(ended));
      if (call->has_effect) halts.emplace(call->run, call->tool);
      continue;
    }
    const Approval* asked = approval(call->approval);
    const bool waits = asked != nullptr && asked->call == call->id &&
                       next(asked->phase, ApprovalEvent::withdraw).has_value();
    if (!waits) {
      // Its question was never written down, or is over: there is no caller left to be told.
      CallEnded ended;
      ended.call = call->id;
      ended.run = call->run;
      ended.outcome = "aborted";
      out.emplace_back(std::move(ended));
    } else if (asked->attached) {
      out.emplace_back(ApprovalAttached{asked->asked.approval, call->id, false});
    }
  }
  std::map<std::string_view, std::uint64_t> uncounted;
  for (const auto& [id, run] : runs_) {
    if (run.ahead > 0) uncounted.emplace(id, run.ahead);
  }
  for (const auto& [run, denials] : uncounted) {
    out.emplace_back(DenialsCounted{.run = std::string(run), .code = {}, .count = denials});
  }
  for (const auto& [run, tool] : halts) {
    out.emplace_back(RunHalted{std::string(run), "indeterminate",
                               "it is not known how the call of `" + std::string(tool) +
                                   "` ended: it was admitted, and then the node stopped"});
  }
  return out;
}

const Run* State::run(std::string_view id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

const Run* State::run_by_key(std::string_view key) const {
  const auto found = run_keys_.find(key);
  return found == run_keys_.end() ? nullptr : run(found->second);
}

const LiveCall* State::call(std::string_view id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second;
}

const Approval* State::approval(std::string_view id) const {
  const auto found = approvals_.find(id);
  return found == approvals_.end() ? nullptr : &found->second;
}

const Approval* State::detached(std::string_view run, std::string_view binding) const {
  const auto found = detached_.find(binding);
  if (found == detached_.end()) return nullptr;
  for (const std::string& id : found->second) {
    const Approval* asked = approval(id);
    if (asked != nullptr && asked->asked.run == run) return asked;
  }
  return nullptr;
}

const Approval* State::asked_back(std::string_view run, std::string_view binding) const {
  const auto found = detached_.find(binding);
  if (found == detached_.end()) return nullptr;
  const Approval* best = nullptr;
  for (const std::string& id : found->second) {
    const Approval* asked = approval(id);
    if (asked == nullptr || asked->asked.run != run || !asked->talk) continue;
    if (asked->talk->remarks.empty()) continue;
    const auto before = [](const Approval& one, const Approval& other) {
      if (one.talk->unanswered() != other.talk->unanswered()) return one.talk->unanswered();
      return one.talk->remarks.back().at < other.talk->remarks.back().at;
    };
    if (best == nullptr || before(*asked, *best)) best = asked;
  }
  return best;
}

const Sums* State::sums(std::string_view agent) const {
  const auto found = sums_.find(agent);
  return found == sums_.end() ? nullptr : &found->second;
}

const Kill* State::killed(std::string_view agent, std::string_view run,
                          std::string_view tool) const {
  if (kills_.empty()) return nullptr;
  const auto first_with = [&](auto covers_it) -> const Kill* {
    const auto found = std::ranges::find_if(kills_, covers_it);
    return found == kills_.end() ? nullptr : &*found;
  };
  const Run* asks = this->run(run);
  const std::string_view caller = asks == nullptr ? std::string_view() : asks->caller;
  const std::array<const Kill*, 6> most_general_first = {
      first_with([](const Kill& k) { return k.scope == "all"; }),
      first_with([&](const Kill& k) { return k.scope == "role" && k.name == agent; }),
      first_with([&](const Kill& k) {
        return k.scope == "agent" && (k.name == agent || k.name == caller);
      }),
      first_with([&](const Kill& k) { return k.scope == "run" && k.name == run; }),
      first_with([&](const Kill& k) { return k.scope == "upstream" && covers_tool(k, tool); }),
      first_with([&](const Kill& k) { return k.scope == "tool" && covers_tool(k, tool); }),
  };
  const auto found = std::ranges::find_if(most_general_first, [](auto* kill) { return kill; });
  return found == most_general_first.end() ? nullptr : *found;
}

std::vector<std::string> State::halted_sponsors(std::string_view agent) const {
  std::vector<std::string> sponsors;
  const auto found = halts_.find(agent);
  if (found == halts_.end()) return sponsors;
  for (const auto& [sponsor, runs] : found->second) sponsors.push_back(sponsor);
  return sponsors;
}

const Run* State::halt_of(std::string_view agent, std::string_view sponsor) const {
  const auto of_agent = halts_.find(agent);
  if (of_agent == halts_.end()) return nullptr;
  const auto of_sponsor = of_agent->second.find(sponsor);
  return of_sponsor == of_agent->second.end() ? nullptr : run(*of_sponsor->second.begin());
}

const Pin* State::pin(std::string_view server, std::string_view tool) const {
  const auto found = pins_.find({std::string(server), std::string(tool)});
  return found == pins_.end() ? nullptr : &found->second;
}

bool State::knows_tools_of(std::string_view server) const {
  for (auto at = pins_.lower_bound({std::string(server), {}});
       at != pins_.end() && at->first.first == server; ++at) {
    if (!at->first.second.starts_with("mcp:")) return true;
  }
  return false;
}

std::string_view State::policy_payload(std::string_view digest) const {
  const auto found = policy_payloads_.find(digest);
  return found == policy_payloads_.end() ? std::string_view{} : found->second;
}

namespace {

// What calls in flight reserve of the sums of one owner, by counter and key.
using Reserved = std::map<std::pair<std::string_view, std::string_view>,
                          std::pair<std::uint64_t, std::uint32_t>>;

void add_charge(const SumCharge& charge, Reserved& into) {
  auto& [nano, calls] = into[{charge.counter, charge.key}];
  nano += charge.add.nano;
  ++calls;
}

bool agree(const Sums& sums, const Reserved& expected) {
  std::size_t found = 0;
  for (const auto& [name, counter] : sums.counters()) {
    std::uint64_t places = 0;
    for (const auto& [key, sum] : counter.sums) {
      places += 1 + sum.ends.size() + sum.in_flight;
      const auto live = expected.find({name, key});
      const auto wanted = live == expected.end() ? Reserved::mapped_type{} : live->second;
      if (sum.reserved.nano != wanted.first || sum.in_flight != wanted.second) return false;
      if (live != expected.end()) ++found;
    }
    if (places != counter.places) return false;
  }
  return found == expected.size();
}

// What the live calls of one run add up to.
struct RunSums {
  std::uint32_t live = 0, executing = 0, waiting = 0;
  std::map<std::string_view, std::pair<std::uint64_t, std::uint64_t>> entries;  // records, calls
  Reserved reserved;  // of counters per run
  Spending spending;  // what is reserved of it
};

bool same_reserved(const Spending& a, const Spending& b) {
  return a.input.reserved == b.input.reserved && a.output.reserved == b.output.reserved &&
         a.money.reserved == b.money.reserved && a.calls.reserved == b.calls.reserved;
}

Status wrong(std::string_view what, const std::string& id) {
  return fail(ErrorKind::internal, std::string(what) + " `" + id + "` does not add up");
}

Status compare(const Run& run, const RunSums& sums) {
  if (run.live != sums.live || run.executing != sums.executing || run.waiting != sums.waiting) {
    return wrong("the number of live calls of run", run.id);
  }
  for (const auto& [name, counts] : run.entries) {
    const auto found = sums.entries.find(name);
    const auto expected =
        found == sums.entries.end() ? std::pair<std::uint64_t, std::uint64_t>{} : found->second;
    if (counts.records.reserved != expected.first || counts.calls.reserved != expected.second) {
      return wrong("what is reserved in run", run.id);
    }
  }
  if (!agree(run.sums, sums.reserved)) return wrong("a counter of run", run.id);
  if (!same_reserved(run.spending, sums.spending)) {
    return wrong("what is reserved for models in run", run.id);
  }
  const bool stands = run.waiting > 0 && run.executing == 0;
  const bool runs = run.first_call && !stands && run.phase != RunPhase::closed;
  if (runs != run.running_since.has_value()) return wrong("the clock of run", run.id);
  if ((run.phase == RunPhase::halted) && run.halted.empty())
    return wrong("the halt of run", run.id);
  return {};
}

}  // namespace

Status State::consistent() const {
  std::map<std::string_view, RunSums> sums;
  std::map<std::string_view, Reserved> agents;
  StandingBudgets expected;
  for (const auto& [id, call] : calls_) {
    if (id != call.id || !runs_.contains(call.run)) return wrong("the live call", id);
    RunSums& sum = sums[call.run];
    ++sum.live;
    if (call.phase == CallPhase::admitted) {
      ++sum.executing;
      auto& [records, calls] = sum.entries[call.entry];
      records += call.records;
      calls += call.calls;
      if (call.spend) sum.spending.reserve(*call.spend);
      for (const BudgetWindow& window : call.budgets) expected.at(window).reserve(*call.spend);
      for (const SumCharge& charge : call.sums) {
        const bool of_run = charge.window.ns == 0;
        add_charge(charge, of_run ? sum.reserved : agents[runs_.at(call.run).agent]);
      }
    } else if (call.phase != CallPhase::held) {
      return wrong("the live call", id);
    }
    if (call.waits) ++sum.waiting;
    if (call.waits && call.phase != CallPhase::held) return wrong("the wait of call", id);
  }
  for (const auto& [id, run] : runs_) {
    PAWL_TRY(compare(run, sums[id]));
    for (const auto& [entry, counts] : sums[id].entries) {
      if (!run.entries.contains(entry)) return wrong("what is reserved in run", id);
    }
  }
  for (const auto& [agent, known] : sums_) {
    if (!agree(known, agents[agent])) return wrong("a counter of agent", agent);
    agents.erase(agent);
  }
  if (!agents.empty()) {
    return wrong("a counter of agent", std::string(agents.begin()->first));
  }
  for (const auto& [name, windows] : budgets_.all()) {
    for (const auto& [since, spending] : windows) {
      if (!same_reserved(spending, expected.at({name, since}))) return wrong("the budget", name);
    }
  }
  for (const auto& [id, approval] : approvals_) {
    const bool unused = is_live(approval);
    const LiveCall* live = call(approval.call);
    if (unused && (live == nullptr || live->approval != id))
      return wrong("the approval request", id);
  }
  return {};
}

}  // namespace pawl
