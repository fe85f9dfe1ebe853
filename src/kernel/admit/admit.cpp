#include "kernel/admit/admit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"
#include "kernel/admit/typed.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// True where `asked` named every reason that `now` has: people knew what they answered.
bool names_all(std::string_view asked, std::string_view now) {
  while (!now.empty()) {
    const std::size_t end = now.find("; ");
    if (asked.find(now.substr(0, end)) == std::string_view::npos) return false;
    now = end == std::string_view::npos ? std::string_view{} : now.substr(end + 2);
  }
  return true;
}

}  // namespace

std::string not_covered(const Approval& asked, const Question& question) {
  const QuestionTerms& terms = *asked.asked.terms;
  if (terms.quorum < question.quorum) return "it needs more people";
  if (question.apart && !terms.apart)
    return "a second reviewer is required, who did not start the run";
  if (question.typed && !terms.typed) return "it has to be approved by typing";
  if (!std::ranges::includes(terms.typed_of, question.typed_of)) return "more has to be typed";
  if (!names_all(terms.why, question.why)) return "people are asked for another reason";
  // Other arguments may belong to other people.
  if (asked.changed && terms.reviewers != question.reviewers) return "other people answer for it";
  return {};
}

namespace {

// Whether people made an approval of this run good for this call too.
bool stands(const Situation& s, const Verdict& v, const Approval& asked, const Question& question) {
  const QuestionTerms& terms = *asked.asked.terms;
  const Standing* standing = s.run.stands(asked.asked.approval, s.now);
  if (standing == nullptr || s.look != Look::proposal || terms.tool != s.call.name()) return false;
  if (terms.class_text != to_string(v.action_class)) return false;
  // Other arguments may belong to other people.
  if (terms.reviewers != question.reviewers) return false;
  const std::string& binding = s.facts.approval->binding;
  if (standing->for_run) {
    if (s.facts.clock_suspect) return false;  // its time may be over
    return question.for_run.ns > 0 && binding == terms.likeness &&
           binding == to_string(likeness_of(s, v));
  }
  return question.identical > 0 && asked.asked.binding == binding &&
         binding == to_string(binding_of(s.policy, *s.tool, s.run, s.call, s.facts));
}

// Whether people have said yes to exactly this call, or to ones like it, under what asks for them
// now.
bool answered(const Situation& s, const Verdict& v, const Question& question) {
  const std::optional<ApprovalFact>& fact = s.facts.approval;
  if (!fact || !fact->granted) return false;
  const Approval* asked = s.state.approval(fact->approval);
  if (asked == nullptr || asked->asked.run != s.run.id) return false;
  if (!not_covered(*asked, question).empty()) return false;
  if (asked->phase == ApprovalPhase::consumed) return stands(s, v, *asked, question);
  if (asked->phase != ApprovalPhase::approved || asked->binding() != fact->binding) return false;
  return fact->binding == to_string(binding_of(s.policy, *s.tool, s.run, s.call, s.facts));
}

// A rejection and a timeout end the call that was held, also where nothing would hold it any more.
bool deny_answer(const Situation& s, Verdict& v) {
  const std::optional<ApprovalFact>& fact = s.facts.approval;
  if (!fact) return false;
  const Rule* rule = &s.tool->entry->rule;
  if (!fact->rejected_by.empty()) {
    return object(
        v, Code::approval_rejected, rule,
        fact->reason.empty() ? "a reviewer denied it" : "a reviewer denied it: " + fact->reason);
  }
  if (!fact->expired) return false;
  v.retry = true;
  return object(v, Code::approval_expired, rule, "it was not approved in time");
}

// A reviewer is never asked to type what is not there, or what cannot be read off a screen.
bool deny_untypable(const Situation& s, const Asked& asked, const Question& question, Verdict& v) {
  if (question.typed_of.empty()) return false;
  const auto text = text_to_type(s.call.arguments, question.typed_of, {});
  if (text) return false;
  object(v, Code::constraint, asked.rule,
         fmt::format("has no text of at most {} bytes that a reviewer could type to approve",
                     typed_bytes_max));
  v.reason.argument = text.error().message;
  return true;
}

// A run that keeps asking for what it may not have halts.
void bound_denials(const Situation& s, Verdict& v) {
  const Ceilings& ceilings = s.policy.ceilings;
  if (!ceilings.denials || v.halt || s.run.phase != RunPhase::open) return;
  if (!counts_as_denial(v.reason.code)) return;
  if (s.run.denials.settled < *ceilings.denials) return;
  v.halt = true;
  v.retry = false;
  std::string why = std::move(v.reason.says);
  if (!v.reason.argument.empty()) why = "`" + v.reason.argument + "` " + why;
  object(v, Code::ceiling, &ceilings.denials_rule,
         fmt::format("the run was denied {} calls before this one, which is denied as well: {}",
                     *ceilings.denials, why));
}

// But for its step.
void reserve_nothing(Verdict& v) {
  v.reservation.calls = 0;
  v.reservation.records = 0;
  v.reservation.sums.clear();
  v.reservation.spend.reset();
  v.reservation.budgets.clear();
}

void deny(const Situation& s, Verdict& v) {
  v.effect = Effect::deny;
  reserve_nothing(v);
  v.rewrites.clear();
  v.grant.clear();
  bound_denials(s, v);
}

void hold(const Situation& s, const Asked& asked, Question question, Verdict& v) {
  v.effect = Effect::hold;
  reserve_nothing(v);
  v.retry = true;
  v.reason.code = asked.code;
  v.reason.rule = asked.rule;
  v.reason.says = question.why;
  const std::string& own = s.tool->entry->say;
  const bool said = v.reason.words != nullptr && !v.reason.words->say.empty();
  if (const std::string& say = said ? v.reason.words->say : own; !say.empty()) {
    v.reason.says += "; " + say;
  }
  v.question = std::make_shared<const Question>(std::move(question));
}

// The rule that lets a call run: the first of the strictest cases, or the entry.
const Rule* granting_rule(const ToolRule& entry, std::uint64_t applying) {
  if (entry.cases.empty()) return &entry.rule;
  const Case* found = nullptr;
  for (std::size_t i = 0; i < entry.cases.list.size(); ++i) {
    const Case& one = entry.cases.list[i];
    if ((applying >> i & 1U) == 0) continue;
    if (found == nullptr || one.then > found->then) found = &one;
  }
  return found == nullptr ? &entry.cases.otherwise_rule : &found->rule;
}

void let_run(const Situation& s, bool notify, Verdict& v) {
  v.effect = notify ? Effect::notify : Effect::allow;
  v.notify = notify;
  v.reason.code = Code::none;
  v.reason.rule = granting_rule(*s.tool->entry, v.cases);
  v.wish.reset();
}

}  // namespace

namespace {

Verdict decide(const Situation& s) {
  Verdict v(Effect::deny, class_of(s));
  v.environment = s.policy.environment;
  // A step is what the agent does; what it thinks is counted in requests, tokens and money.
  v.reservation.steps = s.look == Look::proposal && !s.facts.model ? 1 : 0;
  if (any_objects(s, v) || deny_answer(s, v)) {
    deny(s, v);
    return v;
  }
  Asked asked = Asked::about(v);
  ask_all(s, asked);
  if (asked.hold) {
    Question question = question_of(s, asked);
    if (deny_untypable(s, asked, question, v)) {
      deny(s, v);
      return v;
    }
    if (!answered(s, v, question)) {
      v.reason.words = asked.words;
      hold(s, asked, std::move(question), v);
      return v;
    }
  }
  let_run(s, asked.notify, v);
  return v;
}

}  // namespace

Verdict admit(const Situation& s) {
  if (!has_expressions(s)) return decide(s);
  CallValues values(s);
  Situation with = s;
  with.values = &values;
  return decide(with);
}

Verdict admit_refused(const Situation& s, Code code, std::string says) {
  Verdict v(Effect::deny, kMostDangerous);
  v.reservation.steps = 1;
  bool objected = false;
  for (const DenyStage& stage : run_stages()) {
    objected = stage.objects(s, v);
    if (objected) break;
  }
  if (!objected) {
    v.retry = retryable(code);
    object(v, code, nullptr, std::move(says));
  }
  deny(s, v);
  return v;
}

}  // namespace pawl
