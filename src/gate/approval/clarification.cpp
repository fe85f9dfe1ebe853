#include "gate/approval/clarification.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/approval/approval_rules.h"
#include "gate/approval/approvals.h"
#include "gate/state/call_context.h"

namespace pawl {

bool has_untold_remarks(const GateState& gate_state, const Approval& asked) {
  if (asked.phase != ApprovalPhase::open || !asked.talk || !asked.talk->unanswered()) return false;
  const auto told = gate_state.remarks_told.find(asked.asked.approval);
  return told == gate_state.remarks_told.end() || told->second < asked.talk->remarks.size();
}

ClarificationText tell_clarification(GateState& gate_state, const Approval& asked) {
  ClarificationText told;
  if (!asked.talk || !asked.talk->unanswered()) return told;
  told.first = has_untold_remarks(gate_state, asked);
  gate_state.remarks_told[asked.asked.approval] = asked.talk->remarks.size();
  const std::vector<Remark>& remarks = asked.talk->remarks;
  auto from = remarks.end();
  while (from != remarks.begin() && !std::prev(from)->person.empty()) --from;
  json::Writer out;
  out.array();
  for (; from != remarks.end(); ++from) {
    const std::string person = escape_untrusted(from->person);
    const std::string text = escape_untrusted(from->text);
    told.text += "\na reviewer (" + person + ") asks about this call: " + text;
    out.object().key("person").string(person).key("text").string(text).end();
  }
  told.decision = out.end().take();
  told.text += "\nto say something to that, call again with the same arguments and `" +
               std::string(reply_argument) + "`, a text of at most " +
               std::to_string(reply_bytes_max) +
               " bytes: people read it as yours, and the call stays as it is.";
  return told;
}

Status Approvals::request_clarification(const ClarificationRequest& a) {
  GateState& gate_state = gate_state_;
  const std::string text(trim(a.text));
  if (text.empty() || text.size() > clarification_bytes_max) {
    return fail(ErrorKind::invalid, "what the agent is asked is a text of at most " +
                                        std::to_string(clarification_bytes_max) + " bytes");
  }
  const AnswerGiven asking{AnswerGiven::Kind::ask, a.approval, a.person, a.groups, a.proof, false};
  PAWL_TRY(may_answer(gate_state, asking));
  const Approval& asked = *gate_state.state.approval(a.approval);
  const std::string& tool = asked.asked.terms->tool;
  if (tool.starts_with("mcp:") || tool.find("/mcp:") != std::string::npos) {
    return fail(ErrorKind::refused, "only the agent of a tool's call can be asked about it");
  }
  if (asked.talk && asked.talk->asked() >= asked_back_max) {
    return fail(ErrorKind::refused, "its agent was asked " + std::to_string(asked_back_max) +
                                        " times about this call already: approve or deny it");
  }
  const auto seq = gate_state.log.append(ApprovalAsked{a.approval, a.person, text, a.proof});
  PAWL_TRY(seq);
  gate_state.journal.request_sync(*seq);
  // A call that waits for people is told at once, and has to come back.
  const auto waiting = gate_state.waiting.find(a.approval);
  if (waiting == gate_state.waiting.end()) return {};
  waiting->second->until = gate_state.clock.boot();
  wake(*waiting->second);
  return {};
}

bool Approvals::asks_agent(const std::string& approval) const {
  const Approval* asked = gate_state_.state.approval(approval);
  return asked != nullptr && has_untold_remarks(gate_state_, *asked);
}

Status Approvals::reassign(const Reassignment& p) {
  GateState& gate_state = gate_state_;
  if (p.reason.size() > reassignment_reason_bytes_max) {
    return fail(
        ErrorKind::invalid,
        "a reason has at most " + std::to_string(reassignment_reason_bytes_max) + " bytes here");
  }
  const AnswerGiven passing{
      AnswerGiven::Kind::pass, p.approval, p.person, p.groups, p.proof, false};
  PAWL_TRY(may_answer(gate_state, passing));
  const Approval& asked = *gate_state.state.approval(p.approval);
  if (asked.talk && asked.talk->passes >= passes_max) {
    return fail(ErrorKind::refused,
                "it was passed on " + std::to_string(passes_max) + " times already");
  }
  if (const std::string why = cannot_take(gate_state, asked, p.to, p.person); !why.empty()) {
    return fail(ErrorKind::refused, why);
  }
  const auto seq =
      gate_state.log.append(ApprovalPassed{p.approval, p.person, p.to, p.reason, p.proof});
  PAWL_TRY(seq);
  gate_state.journal.request_sync(*seq);
  gate_state.notifier.news({QuestionNews::Kind::passed,
                            p.approval,
                            "`" + escape_untrusted(p.person) +
                                "` passed an approval request on to `" + escape_untrusted(p.to) +
                                "`" + (p.reason.empty() ? "" : ": " + escape_untrusted(p.reason)),
                            {p.to}});
  return {};
}

}  // namespace pawl
