#include <map>

#include "kernel/state/live.h"
#include "kernel/state/state.h"

namespace pawl {

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
};

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
  for (const auto& [id, call] : calls_) {
    if (id != call.id || !runs_.contains(call.run)) return wrong("the live call", id);
    RunSums& sum = sums[call.run];
    ++sum.live;
    if (call.phase == CallPhase::admitted) {
      ++sum.executing;
      auto& [records, calls] = sum.entries[call.entry];
      records += call.records;
      calls += call.calls;
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
    if (Status fine = compare(run, sums[id]); !fine) return fine;
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
  for (const auto& [id, approval] : approvals_) {
    const bool unused = is_live(approval);
    const LiveCall* live = call(approval.call);
    if (unused && (live == nullptr || live->approval != id)) return wrong("the question", id);
  }
  return {};
}

}  // namespace pawl
