#include "kernel/admit/decision_record.h"

#include "kernel/admit/explain.h"
#include "kernel/policy/policy.h"

namespace pawl {

CallDecided decision_record(const Verdict& verdict, const Call& call, const BoundTool* tool) {
  CallDecided record;
  record.server = call.server;
  record.tool = call.tool;
  record.effect = to_string(verdict.effect);
  record.code = to_string(verdict.reason.code);
  if (verdict.reason.rule != nullptr) {
    record.rule = verdict.reason.rule->path;
    record.rule_at = to_string(verdict.reason.rule->at);
  }
  record.reason = reason_text(verdict, call);
  record.class_text = to_string(verdict.action_class);
  if (verdict.effect != Effect::deny && verdict.credential != nullptr) {
    record.credential = *verdict.credential;
  }
  record.grant = verdict.grant;
  record.halt = verdict.halt;
  record.notify = verdict.notify;
  record.retry = verdict.retry;
  record.steps = verdict.reservation.steps;
  record.calls = verdict.reservation.calls;
  record.records = verdict.reservation.records;
  record.sums = verdict.reservation.sums;
  record.spend = verdict.reservation.spend;
  record.budgets = verdict.reservation.budgets;
  if (tool != nullptr) record.entry = tool->entry->key;
  return record;
}

}  // namespace pawl
