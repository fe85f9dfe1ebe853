#include "gate/bounds.h"

#include <utility>

#include "gate/decide.h"
#include "gate/execute.h"
#include "gate/hold.h"
#include "gate/part.h"
#include "model/access.h"

namespace pawl {

namespace {

constexpr const char* ended_says = "the sub-run is over";
constexpr const char* uncounted_says =
    "the sub-run is bounded in records, and those that this touches cannot be counted";

}  // namespace

Next refuse_early(CallContext& context, const GateRefusal& refusal) {
  Settled reply = refuse_here(context.gate_state, refusal);
  if (context.asked.part && counts_as_denial(reply.code)) context.asked.part->charge_denial();
  context.reply() = std::move(reply);
  return Next::reply;
}

Next refuse_uncharged(CallContext& context, Code code, std::string says) {
  if (context.asked.part) context.asked.part->charge_step();
  return refuse_early(context, refusal_of(context, code, std::move(says)));
}

std::string note_of(const Proposal& asked) {
  if (!asked.part) return asked.note;
  return asked.note.empty() ? asked.part->name() : asked.part->name() + "; " + asked.note;
}

std::optional<Next> outside_part(CallContext& context) {
  const RunPart* const part = context.asked.part.get();
  if (part == nullptr) return std::nullopt;
  if (part->over()) return refuse_uncharged(context, Code::not_granted, ended_says);
  const Call& call = context.asked.call;
  // Who asks for access to a tool asks for that tool.
  if (part->covers(call.server, asked_for(call.tool).value_or(call.tool))) return std::nullopt;
  return refuse_uncharged(context, Code::not_granted, "the sub-run has no such tool");
}

std::optional<Next> charge_part(CallContext& context) {
  RunPart* const part = context.asked.part.get();
  if (part == nullptr) return std::nullopt;
  std::string spent = part->spent();
  if (!spent.empty()) return refuse_uncharged(context, Code::ceiling, std::move(spent));
  part->charge_step();
  return std::nullopt;
}

std::string take_from_part(CallContext& context, const Situation& situation, const Verdict& verdict,
                           bool runs) {
  RunPart* const part = context.asked.part.get();
  if (part == nullptr || (!runs && verdict.effect != Effect::hold)) return {};
  // What asks for access is no call of the tool: it makes a record, and no server hears of it.
  if (asked_for(context.asked.call.tool)) return {};
  PartUse use{.calls = 1, .records = 0};
  if (part->counts_records()) {
    const auto records = records_touched(situation, verdict);
    if (!records) return uncounted_says;
    use.records = *records;
  }
  std::string none = part->no_room(use);
  if (none.empty() && runs) context.taken = std::make_unique<TakenFromPart>(*part, use);
  return none;
}

Next refuse_full(CallContext& context, const std::string& limit) {
  return refuse_early(context, refusal_of(context, Code::ceiling, limit));
}

Next refuse_unsent(CallContext& context, const std::string& limit) {
  end_unsent(context);
  return refuse(context, denial(context, Code::ceiling, limit));
}

TakenFromPart::TakenFromPart(RunPart& part, const PartUse& use) : part_(&part), use_(use) {
  part_->take(use_);
}

TakenFromPart::~TakenFromPart() {
  if (part_ != nullptr) part_->give_back(use_);
}

void TakenFromPart::spend(std::uint64_t records_reported) {
  RunPart* const part = std::exchange(part_, nullptr);
  if (part == nullptr || !part->counts_records() || records_reported <= use_.records) return;
  part->charge_records(records_reported - use_.records);
}

std::optional<Next> part_is_over(CallContext& context) {
  if (!context.asked.part || !context.asked.part->over()) return std::nullopt;
  leave_alone(context);
  return refuse(context, denial(context, Code::not_granted, ended_says));
}

}  // namespace pawl
