#include <map>

#include "kernel/state/state.h"

namespace pawl {

namespace {

// What the live calls of one run add up to.
struct Sums {
  std::uint32_t live = 0, executing = 0, waiting = 0;
  std::map<std::string_view, std::pair<std::uint64_t, std::uint64_t>> entries;  // records, calls
};

Status wrong(std::string_view what, const std::string& id) {
  return fail(Fault::internal, std::string(what) + " `" + id + "` does not add up");
}

Status compare(const Run& run, const Sums& sums) {
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
  const bool stands = run.waiting > 0 && run.executing == 0;
  const bool runs = run.first_call && !stands && run.phase != RunPhase::closed;
  if (runs != run.running_since.has_value()) return wrong("the clock of run", run.id);
  if ((run.phase == RunPhase::halted) && run.halted.empty())
    return wrong("the halt of run", run.id);
  return {};
}

}  // namespace

Status State::consistent() const {
  std::map<std::string_view, Sums> sums;
  for (const auto& [id, call] : calls_) {
    if (id != call.id || !runs_.contains(call.run)) return wrong("the live call", id);
    Sums& sum = sums[call.run];
    ++sum.live;
    if (call.phase == CallPhase::admitted) {
      ++sum.executing;
      auto& [records, calls] = sum.entries[call.entry];
      records += call.records;
      calls += call.calls;
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
  for (const auto& [id, approval] : approvals_) {
    const bool unused =
        approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
    const LiveCall* live = call(approval.call);
    if (unused && (live == nullptr || live->approval != id)) return wrong("the question", id);
  }
  return {};
}

}  // namespace pawl
