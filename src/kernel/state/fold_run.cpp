#include <algorithm>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/state/fold.h"
#include "kernel/state/reach.h"
#include "kernel/state/withdraw.h"
#include "model/access.h"

namespace pawl {

namespace {

Status no_run(std::string_view id) {
  return fail(ErrorKind::corrupt, "no run `" + escape_untrusted(id) + "` was opened");
}

// A tool's name without its server. Actions with a reserved name (`mcp:resources/read`) are whole.
std::string_view without_server(std::string_view tool) {
  if (tool.starts_with("mcp:")) return tool;
  const std::size_t slash = tool.find('/');
  return slash == std::string_view::npos ? tool : tool.substr(slash + 1);
}

Status check_kill(const KillSet& b, const std::vector<Kill>& kills) {
  if (!is_scope(b.scope))
    return fail(ErrorKind::corrupt, "`" + escape_untrusted(b.scope) + "` is not a scope of a kill");
  if ((b.scope == "all") != b.name.empty()) {
    return fail(ErrorKind::corrupt, "a kill names what it covers, and `all` names nothing");
  }
  const auto same = [&](const Kill& kill) { return kill.id == b.id; };
  if (std::ranges::any_of(kills, same)) {
    return fail(ErrorKind::corrupt, "the kill `" + escape_untrusted(b.id) + "` is set already");
  }
  return {};
}

// Every kill of that scope and name; of the scope `kill`, the one with that id.
bool lifts(const Resumed& b, const Kill& kill) {
  return b.scope == "kill" ? kill.id == b.name : kill.scope == b.scope && kill.name == b.name;
}

}  // namespace

Run* find(ByName<Run>& runs, std::string_view id) {
  const auto found = runs.find(id);
  return found == runs.end() ? nullptr : &found->second;
}

bool is_scope(std::string_view scope) {
  return scope == "all" || scope == "role" || scope == "agent" || scope == "run" ||
         scope == "tool" || scope == "upstream";
}

bool covers(const Kill& kill, const Run& run) {
  if (kill.scope == "all") return true;
  if (kill.scope == "role") return kill.name == run.agent;
  // An agent is called by its policy's `agent.id`, or by its name in the deployment file.
  if (kill.scope == "agent") return kill.name == run.agent || kill.name == run.caller;
  return kill.scope == "run" && kill.name == run.id;
}

// A request for a tool is stopped with the tool.
bool covers_tool(const Kill& kill, std::string_view tool) {
  if (asks_for_access(tool)) {
    const std::size_t at = tool.find(access_prefix);
    std::string wanted(tool.substr(0, at));
    wanted += tool.substr(at + access_prefix.size());
    if (covers_tool(kill, wanted)) return true;
  }
  if (kill.scope == "upstream") {
    const std::string_view alone = without_server(tool);
    if (alone.size() == tool.size()) return false;
    return fold(kill.name) == fold(tool.substr(0, tool.size() - alone.size() - 1));
  }
  if (kill.scope != "tool") return false;
  const std::string wanted = fold(kill.name);
  return wanted == fold(tool) || wanted == fold(without_server(tool));
}

bool resumes(std::string_view scope, std::string_view name, const Run& run) {
  if (scope == "run") return name == run.id;
  return (scope == "agent" || scope == "role") && name == run.agent;
}

void Fold::keep_time(Run& run) const {
  const bool stands = run.waiting > 0 && run.executing == 0;
  const bool runs = run.first_call && !stands && run.phase != RunPhase::closed;
  if (runs && !run.running_since) run.running_since = at;
  if (!runs && run.running_since) {
    run.counted = run.clock(at);
    run.running_since.reset();
  }
}

// Whether a refusal with this code counts, as the version counted that recorded it. Of an
// unknown code, and of what a crash left, the caller may have been told the worst.
bool Fold::is_denial(std::int64_t abi, std::string_view code) {
  Code known{};
  return abi <= all_denials_count_abi || !parse_code(code, known) || counts_as_denial(known);
}

void Fold::charge_denial(Run& run, std::uint64_t count) const {
  run.denials.settled = sum_of(run.denials.settled, count);
}

void Fold::halt(Run& run, std::string_view code, std::string_view why) {
  if (const std::optional<RunPhase> to = next(run.phase, RunEvent::halt)) run.phase = *to;
  if (!run.halted.empty()) return;
  run.halted = code;
  run.why = why;
  run.grants.clear();
  run.standing.clear();
  run.denial_records = 0;
  state.halts_[run.agent][run.sponsor].insert(run.id);
  const std::string& id = run.id;
  withdraw_where([&](const Approval& approval) { return approval.asked.run == id; });
}

void Fold::retire(const Run& run) {
  if (run.phase != RunPhase::closed || !run.halted.empty() || run.live > 0) return;
  if (std::ranges::find(state.closed_, run.id) != state.closed_.end()) return;
  state.closed_.push_back(run.id);
  if (state.closed_.size() <= closed_runs_max) return;
  const auto oldest = state.runs_.find(state.closed_.front());
  if (oldest != state.runs_.end()) {
    const auto key = state.run_keys_.find(oldest->second.key);
    if (key != state.run_keys_.end() && key->second == oldest->first) state.run_keys_.erase(key);
    state.runs_.erase(oldest);
  }
  state.closed_.pop_front();
}

void Fold::lift_halt(Run& run) {
  run.halted.clear();
  run.why.clear();
  run.denial_records = 0;
  run.repeats.clear();
  run.phase = next(run.phase, RunEvent::resume).value_or(run.phase);
  const auto agent = state.halts_.find(run.agent);
  const auto sponsor = agent->second.find(run.sponsor);
  sponsor->second.erase(run.id);
  if (sponsor->second.empty()) agent->second.erase(sponsor);
  if (agent->second.empty()) state.halts_.erase(agent);
  retire(run);
}

Status Fold::operator()(const RunOpened& b) {
  if (state.runs_.contains(b.run)) {
    return fail(ErrorKind::corrupt, "the run `" + escape_untrusted(b.run) + "` was opened before");
  }
  const Run* same_key = state.run_by_key(b.key);
  if (same_key != nullptr && same_key->phase != RunPhase::closed) {
    return fail(ErrorKind::corrupt,
                "the key of run `" + escape_untrusted(same_key->id) + "` is still in use");
  }
  Run run;
  run.id = b.run;
  run.key = b.key;
  run.agent = b.agent;
  run.identity = b.identity;
  run.sponsor = b.sponsor;
  run.policy = b.policy;
  run.caller = b.caller;
  run.payload_key = b.payload_key;
  run.opened = at;
  run.journal_bytes = record_charge_bytes;
  const auto covered = [&](const Kill& kill) { return covers(kill, run); };
  if (std::ranges::any_of(state.kills_, covered)) run.phase = RunPhase::killed;
  if (const auto sums = state.sums_.find(b.agent); sums != state.sums_.end()) {
    sums->second.forget(at);
    if (sums->second.empty()) state.sums_.erase(sums);
  }
  state.run_keys_[b.key] = b.run;
  state.runs_.emplace(b.run, std::move(run));
  return {};
}

Status Fold::operator()(const RunHalted& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return no_run(b.run);
  halt(*run, b.code, b.why);
  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  return {};
}

Status Fold::operator()(const RunTightened& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return no_run(b.run);
  if (run->phase == RunPhase::closed) {
    return fail(ErrorKind::corrupt,
                "the run `" + escape_untrusted(b.run) + "` is closed and keeps its policy");
  }
  run->policy = b.policy;
  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  return {};
}

Status Fold::operator()(const RunClosed& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return no_run(b.run);
  const std::optional<RunPhase> to = next(run->phase, RunEvent::close);
  if (!to)
    return fail(ErrorKind::corrupt, "the run `" + escape_untrusted(b.run) + "` is closed already");
  withdraw_where([&](const Approval& approval) { return approval.asked.run == b.run; });
  run->phase = *to;
  run->grants.clear();
  run->standing.clear();
  keep_time(*run);
  retire(*run);
  return {};
}

Status Fold::operator()(const KillSet& b) {
  PAWL_TRY(check_kill(b, state.kills_));
  const Kill kill{b.id, b.scope, b.name, b.person, b.reason, at};
  state.kills_.push_back(kill);
  for (auto& [id, run] : state.runs_) {
    const auto covered = [&](const auto& one) { return covers_tool(kill, one.tool); };
    std::erase_if(run.grants, covered);
    std::erase_if(run.standing, covered);
    if (!covers(kill, run)) continue;
    run.grants.clear();
    run.standing.clear();
    if (run.phase != RunPhase::closed) run.revoked = at;
    if (const std::optional<RunPhase> to = next(run.phase, RunEvent::kill)) run.phase = *to;
  }
  withdraw_where([&](const Approval& approval) {
    const Run* run = state.run(approval.asked.run);
    return covers_tool(kill, approval.asked.terms->tool) || (run != nullptr && covers(kill, *run));
  });
  return {};
}

Status Fold::operator()(const Resumed& b) {
  const auto lifted = [&](const Kill& kill) { return lifts(b, kill); };
  std::vector<std::string> halted;
  for (const auto& [id, run] : state.runs_) {
    if (resumes(b.scope, b.name, run) && !run.halted.empty()) halted.push_back(id);
  }
  const auto first = std::ranges::find_if(state.kills_, lifted);
  if (halted.empty() && first == state.kills_.end()) {
    return fail(ErrorKind::refused,
                "the kill switch is not set for the scope `" + escape_untrusted(b.scope) + "`" +
                    (b.name.empty() ? "" : " and the name `" + escape_untrusted(b.name) + "`"));
  }
  std::ranges::sort(halted);  // the order in which closed runs are forgotten
  for (const std::string& id : halted) lift_halt(state.runs_.at(id));
  Resumed over = b;
  if (b.scope == "kill") {
    over.scope = first->scope;
    over.name = first->name;
  }
  std::erase_if(state.kills_, lifted);
  // Where another stop of the same is in force, people still have to answer for that one.
  const auto same = [&](const Kill& kill) { return lifts(over, kill); };
  if (std::ranges::none_of(state.kills_, same)) end_escalations(over, halted);
  for (auto& [id, run] : state.runs_) {
    const auto covered = [&](const Kill& kill) { return covers(kill, run); };
    if (run.phase != RunPhase::killed || std::ranges::any_of(state.kills_, covered)) continue;
    run.phase = next(run.phase, RunEvent::lift).value_or(run.phase);
    if (!run.halted.empty()) run.phase = next(run.phase, RunEvent::halt).value_or(run.phase);
  }
  return {};
}

Status Fold::operator()(const DenialsCounted& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return no_run(b.run);
  if (b.count == 0 && b.ahead == 0) return fail(ErrorKind::corrupt, "a count of no denials");
  run->ahead = b.ahead;
  run->steps.settled = sum_of(run->steps.settled, b.count);
  if (is_denial(b.abi, b.code)) charge_denial(*run, b.count);
  if (!run->first_call) run->first_call = at;
  keep_time(*run);
  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  return {};
}

// Approvals that are good for more calls than their own.

const Standing* Run::stands(std::string_view approval, Instant now) const {
  const auto found = std::ranges::find(standing, approval, &Standing::approval);
  if (found == standing.end()) return nullptr;
  const bool over = found->for_run ? !found->until || now >= *found->until : found->left == 0;
  return over ? nullptr : &*found;
}

std::string out_of_reach(const Approval& approval, const Reach& reach) {
  if (!reach.any()) return {};
  const QuestionTerms& terms = *approval.asked.terms;
  if (reach.for_run && reach.identical > 0) return "it is for identical calls or for the run";
  if (approval.changed) return "a call that a reviewer changed is approved once";
  const std::optional<Class> c = parse_class(terms.class_text);
  if (!c || c->reversibility == Reversibility::irreversible) {
    return "what cannot be undone is approved call by call";
  }
  if (reach.for_run && c->external_sink) {
    return "what can carry data outside is approved call by call, or for identical calls";
  }
  if (reach.for_run && (terms.for_run.ns <= 0 || terms.likeness.empty())) {
    return "the policy does not permit an approval for the run";
  }
  if (reach.identical > terms.identical) {
    return terms.identical == 0
               ? std::string("the policy does not permit an approval of identical calls with it")
               : "the policy lets an approval be good for " + std::to_string(terms.identical) +
                     " identical calls at most";
  }
  return {};
}

Reach reach_of(const Approval& approval) {
  Reach least;
  bool first = true;
  for (const Answer& answer : approval.answers) {
    if (!answer.counts || answer.answer != "approve") continue;
    const Reach given{answer.identical, answer.for_run};
    if (!given.any() || answer.automatic) return {};
    if (first || (least.for_run && !given.for_run)) {
      least = given;
    } else if (!given.for_run) {
      least.identical = std::min(least.identical, given.identical);
    }
    first = false;
  }
  return out_of_reach(approval, least).empty() ? least : Reach{};
}

Status Fold::check_reach(const ApprovalAnswered& b, const Approval& approval) const {
  const Reach reach{b.identical, b.for_run};
  if (!reach.any()) return {};
  std::string why = out_of_reach(approval, reach);
  if (b.answer != "approve") why = "what is denied is good for nothing";
  if (why.empty()) return {};
  return fail(ErrorKind::corrupt,
              "the answer to `" + escape_untrusted(b.approval) + "` reaches too far: " + why);
}

// Its own call is the first of them.
void Fold::let_stand(const Approval& approval, Run& run) const {
  const Reach reach = reach_of(approval);
  if (!reach.for_run && reach.identical < 2) return;
  Standing one;
  one.approval = approval.asked.approval;
  one.tool = approval.asked.terms->tool;
  one.for_run = reach.for_run;
  if (reach.for_run) {
    one.until = whole_microseconds(at + approval.asked.terms->for_run);
  } else {
    one.left = reach.identical - 1;
  }
  std::erase_if(run.standing, [this](const Standing& old) {
    return old.for_run ? !old.until || at >= *old.until : old.left == 0;
  });
  if (run.standing.size() >= standing_max) run.standing.erase(run.standing.begin());
  run.standing.push_back(std::move(one));
}

void Fold::use_standing(Run& run, std::string_view approval) {
  const auto found = std::ranges::find(run.standing, approval, &Standing::approval);
  if (found == run.standing.end() || found->for_run) return;
  if (found->left > 0) --found->left;
  if (found->left == 0) run.standing.erase(found);
}

Status Fold::operator()(const NodeStarted& b) {
  if (b.epoch <= state.epoch_) {
    return fail(ErrorKind::corrupt, "a node with the epoch " + std::to_string(b.epoch) +
                                        " cannot follow one with " + std::to_string(state.epoch_));
  }
  state.epoch_ = b.epoch;
  // No caller of the node before can still be there; the questions live on.
  for (auto& [id, approval] : state.approvals_) {
    if (approval.attached && next(approval.phase, ApprovalEvent::withdraw)) {
      set_attached(approval, false);
    }
  }
  return {};
}

Status Fold::operator()(const NodeStopped&) {
  return {};
}

Status Fold::operator()(const PolicyLoaded& b) {
  state.policies_.insert(b.digest);
  state.policy_payloads_[b.digest] = b.payload;
  return {};
}

Status Fold::operator()(const DefinitionSeen& b) {
  state.definitions_.insert(b.digest);
  return {};
}

Status Fold::operator()(const PinAccepted& b) {
  state.pins_[{b.server, b.tool}] = Pin{b.digest, b.person};
  return {};
}

Status Fold::operator()(const ReviewerEnrolled& b) {
  if (!b.by.empty() && !state.reviewers_.contains(b.by)) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(b.by) + "` is not a reviewer and cannot enrol one");
  }
  state.reviewers_[b.person] = Reviewer{b.person, b.proof, b.verifier, b.by};
  return {};
}

Status Fold::operator()(const SnapshotTaken&) {
  return {};
}
Status Fold::operator()(const Noted&) {
  return {};
}

// A record of a newer pawl may be a kill or a halt: without its meaning no state can be trusted.
Status Fold::operator()(const Unknown& b) {
  return fail(ErrorKind::corrupt,
              "the record type `" + escape_untrusted(b.type) +
                  "` is not known to this version, so the state cannot be told");
}

// What calls add to counters.

Sums& Fold::sums_of(const SumCharge& charge, Run& run) {
  return charge.window.ns == 0 ? run.sums : state.sums_[run.agent];
}

Status Fold::check_sums(const CallDecided& b, const Run& run) const {
  static const Sums nothing;
  const Sums* agents = state.sums(run.agent);
  for (const SumCharge& charge : b.sums) {
    const Sums& sums = charge.window.ns == 0 ? run.sums : (agents == nullptr ? nothing : *agents);
    if (Status fine = sums.can_reserve(charge); !fine) {
      return fail(fine.error().fault,
                  "the call `" + escape_untrusted(b.call) + "` " + fine.error().message);
    }
    // One charge of a call for one sum: of two, each alone might fit.
    const auto same = std::ranges::count_if(b.sums, [&](const SumCharge& other) {
      return other.counter == charge.counter && other.key == charge.key &&
             (other.window.ns == 0) == (charge.window.ns == 0);
    });
    if (same > 1) {
      return fail(ErrorKind::corrupt,
                  "the call `" + escape_untrusted(b.call) + "` adds to one sum twice");
    }
  }
  return {};
}

// What never left added nothing. An effect that was cancelled, or of which the server says that it
// failed, may have happened all the same: reports raise a charge and never lower it.
void Fold::settle_sums(const LiveCall& call, Run& run, CallEvent event) {
  const bool ended_without = event == CallEvent::fail || event == CallEvent::cancel;
  const bool nothing = event == CallEvent::abort || (ended_without && !call.has_effect);
  for (const SumCharge& charge : call.sums) {
    Sums& sums = sums_of(charge, run);
    if (nothing) {
      sums.release(charge);
    } else {
      sums.settle(charge, at);
    }
  }
}

}  // namespace pawl
