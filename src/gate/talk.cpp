#include "gate/talk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/bounds.h"
#include "gate/decide.h"
#include "gate/facts.h"
#include "gate/people.h"
#include "kernel/admit/admit.h"

namespace pawl {

namespace {

// Where the tool says itself what this argument is, it is the tool's.
bool owns_reply_argument(const BoundTool& tool) {
  const Shape* shape = tool.shape();
  if (shape != nullptr && shape->find(reply_argument) != nullptr) return true;
  return std::ranges::any_of(tool.arguments, [](const ArgumentRule& rule) {
    return rule.path.size() == 1 && rule.path.front().name == reply_argument;
  });
}

// The call without the words: what is judged, shown and sent from here on.
bool without_reply(CallContext& context) {
  json::Writer out;
  out.object();
  for (const auto& [name, value] : context.asked.call.arguments.members()) {
    if (name != reply_argument) out.key(name).value(value);
  }
  auto document = json::parse(out.end().take());
  if (!document) return false;
  context.without_reply = std::make_unique<json::Document>(std::move(*document));
  context.asked.call.arguments = context.without_reply->root();
  return true;
}

bool write_reply(GateState& gate_state, const Approval& asked, const std::string& words) {
  const PayloadRef payload{gate_state.journal.commit_to(words), words};
  const ApprovalReplied record{asked.asked.approval, payload.commitment.text()};
  const std::string person = asked.talk->remarks.back().person;
  if (!gate_state.log.append(record, {.payloads = {&payload, 1}})) return false;
  gate_state.notifier.news(
      {QuestionNews::Kind::replied,
       record.approval,
       "the agent said something to what `" + escape_untrusted(person) + "` asked",
       {person}});
  return true;
}

}  // namespace

std::optional<Next> take_reply(CallContext& context) {
  const json::View arguments = context.asked.call.arguments;
  if (!arguments.exists() || !arguments.is_object() || !context.tool) return std::nullopt;
  const json::View given = arguments[reply_argument];
  if (!given.exists() || owns_reply_argument(*context.tool)) return std::nullopt;
  if (context.state().phase != RunPhase::open) return std::nullopt;  // which is what is said
  GateState& gate_state = context.gate_state;
  const bool fits = given.is_string() && given.string().size() <= reply_bytes_max &&
                    !trim(given.string()).empty();
  if (!fits) {
    return refuse_uncharged(context, Code::constraint,
                            "`" + std::string(reply_argument) + "` is a text of at most " +
                                std::to_string(reply_bytes_max) + " bytes");
  }
  const std::string words(given.string());
  const Approval* asked = nullptr;
  if (without_reply(context)) {
    const Facts facts = gather(context);
    asked = gate_state.state.asked_back(
        context.state().id, to_string(binding_of(context.policy(), *context.tool, context.state(),
                                                 context.asked.call, facts)));
  }
  if (asked == nullptr) {
    return refuse_uncharged(
        context, Code::constraint,
        "nobody asks about this call; make it without `" + std::string(reply_argument) + "`");
  }
  const std::string id = asked->asked.approval;
  if (asked->talk->unanswered() && !write_reply(gate_state, *asked, words)) {
    return refuse(context, denial(context, Code::audit_unavailable, gate_state.log.fault()));
  }
  context.asked.resumes = id;
  return std::nullopt;
}

bool untold(const GateState& gate_state, const Approval& asked) {
  if (asked.phase != ApprovalPhase::open || !asked.talk || !asked.talk->unanswered()) return false;
  const auto told = gate_state.remarks_told.find(asked.asked.approval);
  return told == gate_state.remarks_told.end() || told->second < asked.talk->remarks.size();
}

ToldTalk tell_talk(GateState& gate_state, const Approval& asked) {
  ToldTalk told;
  if (!asked.talk || !asked.talk->unanswered()) return told;
  told.first = untold(gate_state, asked);
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

Status Gate::ask_back(const AskedBack& a) {
  GateState& gate_state = *gate_state_;
  const std::string text(trim(a.text));
  if (text.empty() || text.size() > asked_back_bytes_max) {
    return fail(ErrorKind::invalid, "a question to the agent is a text of at most " +
                                        std::to_string(asked_back_bytes_max) + " bytes");
  }
  const AnswerGiven asking{AnswerGiven::Kind::ask, a.approval, a.person, a.groups, a.proof, false};
  if (Status may = may_answer(gate_state, asking); !may) return may;
  const Approval& asked = *gate_state.state.approval(a.approval);
  const std::string& tool = asked.asked.terms->tool;
  if (tool.starts_with("mcp:") || tool.find("/mcp:") != std::string::npos) {
    return fail(ErrorKind::refused, "only the agent of a tool's call reads a question about it");
  }
  if (asked.talk && asked.talk->asked() >= asked_back_max) {
    return fail(ErrorKind::refused, "its agent was asked " + std::to_string(asked_back_max) +
                                        " times about this call already: approve or deny it");
  }
  const auto seq = gate_state.log.append(ApprovalAsked{a.approval, a.person, text, a.proof});
  if (!seq) return std::unexpected(seq.error());
  gate_state.journal.request_sync(*seq);
  // Whoever waits for the answer of people is told at once, and is to come back.
  const auto waiting = gate_state.waiting.find(a.approval);
  if (waiting == gate_state.waiting.end()) return {};
  waiting->second->until = gate_state.clock.boot();
  wake(*waiting->second);
  return {};
}

bool Gate::asks_agent(const std::string& approval) const {
  const Approval* asked = gate_state_->state.approval(approval);
  return asked != nullptr && untold(*gate_state_, *asked);
}

Status Gate::pass_on(const PassedOn& p) {
  GateState& gate_state = *gate_state_;
  if (p.reason.size() > pass_reason_bytes_max) {
    return fail(ErrorKind::invalid,
                "a reason has at most " + std::to_string(pass_reason_bytes_max) + " bytes here");
  }
  const AnswerGiven passing{
      AnswerGiven::Kind::pass, p.approval, p.person, p.groups, p.proof, false};
  if (Status may = may_answer(gate_state, passing); !may) return may;
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
  if (!seq) return std::unexpected(seq.error());
  gate_state.journal.request_sync(*seq);
  gate_state.notifier.news({QuestionNews::Kind::passed,
                            p.approval,
                            "`" + escape_untrusted(p.person) + "` passed a question on to `" +
                                escape_untrusted(p.to) + "`" +
                                (p.reason.empty() ? "" : ": " + escape_untrusted(p.reason)),
                            {p.to}});
  return {};
}

std::string_view to_string(QuestionNews::Kind kind) {
  switch (kind) {
    case QuestionNews::Kind::passed:
      return "passed";
    case QuestionNews::Kind::replied:
      return "replied";
  }
  return "passed";
}

}  // namespace pawl
