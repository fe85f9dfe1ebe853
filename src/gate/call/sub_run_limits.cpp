#include "gate/call/sub_run_limits.h"

#include <utility>

#include "gate/approval/lifecycle.h"
#include "gate/call/decide.h"
#include "gate/call/execute.h"
#include "gate/state/sub_run.h"
#include "model/access.h"

namespace pawl {

namespace {

constexpr const char* ended_says = "the sub-run is over";
constexpr const char* uncounted_says =
    "the sub-run is bounded in records, and those that this touches cannot be counted";

}  // namespace

Next refuse_early(CallContext& context, const GateRefusal& refusal) {
  Settled reply = refuse_here(context.gate_state, refusal);
  if (context.asked.sub_run && counts_as_denial(reply.code)) context.asked.sub_run->charge_denial();
  context.reply() = std::move(reply);
  return Next::reply;
}

Next refuse_uncharged(CallContext& context, Code code, std::string says) {
  if (context.asked.sub_run) context.asked.sub_run->charge_step();
  return refuse_early(context, refusal_of(context, code, std::move(says)));
}

std::optional<Next> outside_sub_run(CallContext& context) {
  const SubRunLimits* const sub_run = context.asked.sub_run.get();
  if (sub_run == nullptr) return std::nullopt;
  if (sub_run->over()) return refuse_uncharged(context, Code::not_granted, ended_says);
  const Call& call = context.asked.call;
  // Who asks for access to a tool asks for that tool.
  if (sub_run->covers(call.server, asked_for(call.tool).value_or(call.tool))) return std::nullopt;
  return refuse_uncharged(context, Code::not_granted, "the sub-run has no such tool");
}

std::optional<Next> charge_sub_run(CallContext& context) {
  SubRunLimits* const sub_run = context.asked.sub_run.get();
  if (sub_run == nullptr) return std::nullopt;
  std::string spent = sub_run->spent();
  if (!spent.empty()) return refuse_uncharged(context, Code::ceiling, std::move(spent));
  sub_run->charge_step();
  return std::nullopt;
}

std::string take_from_sub_run(CallContext& context, const Situation& situation,
                              const Verdict& verdict, bool runs) {
  SubRunLimits* const sub_run = context.asked.sub_run.get();
  if (sub_run == nullptr || (!runs && verdict.effect != Effect::hold)) return {};
  // What asks for access is no call of the tool: it makes a record, and no server hears of it.
  if (asked_for(context.asked.call.tool)) return {};
  SubRunUse use{.calls = 1, .records = 0};
  if (sub_run->counts_records()) {
    const auto records = records_touched(situation, verdict);
    if (!records) return uncounted_says;
    use.records = *records;
  }
  std::string none = sub_run->no_room(use);
  if (none.empty() && runs) context.taken = std::make_unique<SubRunCharge>(*sub_run, use);
  return none;
}

Next refuse_full(CallContext& context, const std::string& limit) {
  return refuse_early(context, refusal_of(context, Code::ceiling, limit));
}

Next refuse_unsent(CallContext& context, const std::string& limit) {
  end_unsent(context);
  return refuse(context, denial(context, Code::ceiling, limit));
}

std::optional<Next> sub_run_is_over(CallContext& context) {
  if (!context.asked.sub_run || !context.asked.sub_run->over()) return std::nullopt;
  leave_alone(context);
  return refuse(context, denial(context, Code::not_granted, ended_says));
}

}  // namespace pawl
