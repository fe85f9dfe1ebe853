// One record against the state: a function for each type. Each one checks everything first and
// changes something only when nothing can fail any more.
#pragma once

#include <string>
#include <string_view>

#include "kernel/state/state.h"
#include "kernel/state/transitions.h"

namespace pawl {

struct Fold {
  State& state;
  Instant at;  // of the record, in whole microseconds

  // fold_run.cpp
  Status operator()(const NodeStarted& b);
  Status operator()(const NodeStopped& b);
  Status operator()(const PolicyLoaded& b);
  Status operator()(const DefinitionSeen& b);
  Status operator()(const PinAccepted& b);
  Status operator()(const ReviewerEnrolled& b);
  Status operator()(const SnapshotTaken& b);
  Status operator()(const Noted& b);
  Status operator()(const Unknown& b);

  // fold_run.cpp
  Status operator()(const RunOpened& b);
  Status operator()(const RunHalted& b);
  Status operator()(const RunClosed& b);
  Status operator()(const RunTightened& b);
  Status operator()(const KillSet& b);
  Status operator()(const Resumed& b);
  Status operator()(const DenialsCounted& b);

  // fold.cpp
  Status operator()(const Escalated& b);
  Status operator()(const EscalationOpened& b);
  Status operator()(const EscalationChanged& b);
  Status operator()(const Drilled& b);
  // What was stopped goes on: no contact has to answer for it any more.
  void end_escalations(const Resumed& b, const std::vector<std::string>& runs);

  // fold.cpp
  Status operator()(const CallDecided& b);
  Status operator()(const CallEnded& b);

  // fold.cpp
  Status operator()(const ApprovalOpened& b);
  Status operator()(const ApprovalAnswered& b);
  Status operator()(const ApprovalChanged& b);
  Status operator()(const ApprovalAsked& b);
  Status operator()(const ApprovalReplied& b);
  Status operator()(const ApprovalPassed& b);
  Status operator()(const ApprovalEnded& b);
  Status operator()(const ApprovalAttached& b);

  // fold.cpp
  Status operator()(const GrantMade& b);
  Status operator()(const GrantEnded& b);

  // What several of them need. None of these can fail.
  void halt(Run& run, std::string_view code, std::string_view why);
  void lift_halt(Run& run);
  void retire(const Run& run);     // forgets closed runs beyond the bound
  void keep_time(Run& run) const;  // starts or stops the run's clock
  static bool is_denial(std::int64_t abi, std::string_view code);
  void charge_denial(Run& run, std::uint64_t count) const;
  void end_call(LiveCall& call);  // out of the live calls; `call` is gone afterwards
  void stop_waiting(LiveCall& call);
  // fold_run.cpp
  Status check_reach(const ApprovalAnswered& b, const Approval& approval) const;
  void let_stand(const Approval& approval, Run& run) const;
  static void use_standing(Run& run, std::string_view approval);
  void end_approval(Approval& approval, ApprovalPhase how);
  void set_attached(Approval& approval, bool attached);
  void index_detached(Approval& approval, bool attached);
  template <class Covers>
  void withdraw_where(Covers covers);  // withdraw.h

 private:
  Status check_decision(const CallDecided& b, const Run& run, CallEvent event) const;
  Status check_question(const CallDecided& b, CallEvent event) const;
  void propose(const CallDecided& b, Run& run, CallEvent event);
  void look_again(const CallDecided& b, Run& run, CallEvent event);
  LiveCall& begin_call(const CallDecided& b, Run& run);
  void admit(const CallDecided& b, LiveCall& call, Run& run);
  void hold(const CallDecided& b, LiveCall& call, Run& run);
  void settle(const CallEnded& b, const LiveCall& call, Run& run, CallEvent event);
  Status check_spend(const CallDecided& b, const Run& run) const;
  void reserve_spend(const CallDecided& b, LiveCall& call, Run& run);
  static void mark_denied(const CallDecided& b, Run& run);
  static void mark_ended(const CallEnded& b, const LiveCall& call, Run& run, bool was_held);
  void settle_spend(const CallEnded& b, const LiveCall& call, Run& run, CallEvent event);
  Status check_sums(const CallDecided& b, const Run& run) const;
  Sums& sums_of(const SumCharge& charge, Run& run);
  void settle_sums(const LiveCall& call, Run& run, CallEvent event);
  void count_answers(Approval& approval);
};

Instant whole_microseconds(Instant at);

Run* find(ByName<Run>& runs, std::string_view id);

}  // namespace pawl
