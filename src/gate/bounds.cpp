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

Next refuse_early(Ticket& ticket, const GateRefusal& refusal) {
  Settled reply = refuse_here(ticket.gate_state, refusal);
  if (ticket.asked.part && counts_as_denial(reply.code)) ticket.asked.part->charge_denial();
  ticket.reply() = std::move(reply);
  return Next::reply;
}

Next refuse_uncharged(Ticket& ticket, Code code, std::string says) {
  if (ticket.asked.part) ticket.asked.part->charge_step();
  return refuse_early(ticket, refusal_of(ticket, code, std::move(says)));
}

std::string note_of(const Proposal& asked) {
  if (!asked.part) return asked.note;
  return asked.note.empty() ? asked.part->name() : asked.part->name() + "; " + asked.note;
}

std::optional<Next> outside_part(Ticket& ticket) {
  const RunPart* const part = ticket.asked.part.get();
  if (part == nullptr) return std::nullopt;
  if (part->over()) return refuse_uncharged(ticket, Code::not_granted, ended_says);
  const Call& call = ticket.asked.call;
  // Who asks for access to a tool asks for that tool.
  if (part->covers(call.server, asked_for(call.tool).value_or(call.tool))) return std::nullopt;
  return refuse_uncharged(ticket, Code::not_granted, "the sub-run has no such tool");
}

std::optional<Next> charge_part(Ticket& ticket) {
  RunPart* const part = ticket.asked.part.get();
  if (part == nullptr) return std::nullopt;
  std::string spent = part->spent();
  if (!spent.empty()) return refuse_uncharged(ticket, Code::ceiling, std::move(spent));
  part->charge_step();
  return std::nullopt;
}

std::string take_from_part(Ticket& ticket, const Situation& situation, const Verdict& verdict,
                           bool runs) {
  RunPart* const part = ticket.asked.part.get();
  if (part == nullptr || (!runs && verdict.effect != Effect::hold)) return {};
  // What asks for access is no call of the tool: it makes a record, and no server hears of it.
  if (asked_for(ticket.asked.call.tool)) return {};
  PartUse use{.calls = 1, .records = 0};
  if (part->counts_records()) {
    const auto records = records_touched(situation, verdict);
    if (!records) return uncounted_says;
    use.records = *records;
  }
  std::string none = part->no_room(use);
  if (none.empty() && runs) ticket.taken = std::make_unique<TakenFromPart>(*part, use);
  return none;
}

Next refuse_full(Ticket& ticket, const std::string& limit) {
  return refuse_early(ticket, refusal_of(ticket, Code::ceiling, limit));
}

Next refuse_unsent(Ticket& ticket, const std::string& limit) {
  end_unsent(ticket);
  return refuse(ticket, denial(ticket, Code::ceiling, limit));
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

std::optional<Next> part_is_over(Ticket& ticket) {
  if (!ticket.asked.part || !ticket.asked.part->over()) return std::nullopt;
  leave_alone(ticket);
  return refuse(ticket, denial(ticket, Code::not_granted, ended_says));
}

}  // namespace pawl
