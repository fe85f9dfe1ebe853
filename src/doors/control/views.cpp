#include "doors/control/views.h"

#include <algorithm>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/display.h"
#include "doors/control/evidence.h"
#include "doors/control/line_diff.h"
#include "doors/control/run_views.h"
#include "doors/control/stored.h"
#include "doors/control/talk.h"
#include "kernel/admit/typed.h"
#include "kernel/state/eyes.h"
#include "model/access.h"

namespace pawl {
namespace {

constexpr std::size_t summaries_max = 300;
constexpr std::size_t summary_args_bytes_max = 4096;
constexpr std::size_t summary_bytes_max = 160;
constexpr std::size_t steps_before_max = 8;

constexpr std::string_view kArgumentsOfCall = "the arguments of this call";

// What would run.
Result<std::string> arguments_of(Journal& journal, const Approval& approval) {
  return stored_text(journal, approval.args(), kArgumentsOfCall);
}

// From nothing to worst: what a list is ordered by. Unknown is nearly the worst.
std::uint64_t risk_of(const Approval& approval, const JudgedCall* judged) {
  // What may be done with it later counts, not the asking.
  if (asks_for_access(approval.asked.terms->tool)) return 3;
  const auto known = judged == nullptr ? std::nullopt : parse_class(judged->how->class_text);
  if (!known) return approval.asked.terms->typed || approval.asked.terms->quorum > 1 ? 4 : 3;
  const bool large = known->blast == Blast::large;
  switch (known->reversibility) {
    case Reversibility::read_only:
      return 0;
    case Reversibility::reversible:
      return large ? 2 : 1;
    case Reversibility::irreversible:
      return large ? 4 : 3;
  }
  return 4;
}

// The first words of the arguments, to tell questions apart in a list. Never what is decided by.
std::string summary_of(Journal& journal, const Approval& approval) {
  const auto arguments = arguments_of(journal, approval);
  const auto document = arguments ? json::parse(*arguments) : Result<json::Document>();
  if (!arguments || !document) return {};
  std::string text;
  for (auto [key, value] : document->root().members()) {
    text += (text.empty() ? "" : ", ") + visible(key) + " " +
            visible(value.is_string() ? std::string(value.string()) : json::write(value));
    if (text.size() > summary_bytes_max) break;
  }
  if (text.size() <= summary_bytes_max) return text;
  std::size_t end = summary_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

// `filter` is folded; empty: everything is.
bool is_wanted(const Approval& approval, std::string_view filter) {
  if (filter.empty()) return true;
  const QuestionTerms& terms = *approval.asked.terms;
  const auto has = [filter](std::string_view text) {
    return fold(text).find(filter) != std::string::npos;
  };
  return has(approval.asked.approval) || has(terms.tool) || has(terms.agent) ||
         has(approval.asked.run) || has(terms.sponsor) || has(terms.class_text) || has(terms.why) ||
         (approval.talk && has(approval.talk->passed_to));
}

const JudgedCall* judged_in(const Chronicle* chronicle, const Approval& approval) {
  return chronicle == nullptr ? nullptr : chronicle->judged(approval.asked.approval);
}

void write_judged(json::Writer& out, Journal& journal, const Approval& approval,
                  const JudgedCall* judged, bool summary) {
  out.key("class").string(judged == nullptr ? "" : judged->how->class_text);
  out.key("risk").natural(risk_of(approval, judged));
  if (judged == nullptr) return;
  if (!judged->how->rule_at.empty()) out.key("rule_at").string(judged->how->rule_at);
  if (summary && judged->args_bytes <= summary_args_bytes_max) {
    out.key("summary").string(summary_of(journal, approval));
  }
}

void write_question(json::Writer& out, const Approval& approval, Instant now) {
  const OpenedQuestion& asked = approval.asked;
  const QuestionTerms& terms = *asked.terms;
  out.key("approval").string(asked.approval);
  out.key("phase").string(to_string(approval.phase));
  out.key("run").string(asked.run);
  out.key("agent").string(terms.agent);
  out.key("sponsor").string(terms.sponsor);
  out.key("tool").string(terms.tool);
  out.key("call").string(approval.call);
  if (terms.apart) out.key("apart").boolean(true);
  out.key("quorum").natural(terms.quorum);
  out.key("typed").boolean(terms.typed);
  if (!terms.typed_of.empty()) {
    out.key("typed_of").array();
    for (const std::string& argument : terms.typed_of) out.string(argument);
    out.end();
  }
  out.key("deny_on_timeout").boolean(terms.deny_on_timeout);
  if (const std::string needs = eyes_needed(approval); !needs.empty()) {
    out.key("needs").string(needs);
  }
  if (terms.identical > 0 || terms.for_run.ns > 0) {
    out.key("wider").object();
    if (terms.identical > 0) out.key("identical").natural(terms.identical);
    if (terms.for_run.ns > 0) out.key("run_ms").integer(terms.for_run.ns / 1'000'000);
    out.end();
  }
  if (!terms.credential.empty()) out.key("credential").string(terms.credential);
  out.key("why").string(terms.why);
  out.key("binding").string(approval.binding());
  if (approval.changed) out.key("changed_by").string(approval.changed->person);
  out.key("opened").string(to_string(approval.opened));
  out.key("expires").string(to_string(asked.expires));
  out.key("left_ms").integer(std::max<std::int64_t>(0, (asked.expires - now).ns / 1'000'000));
  out.key("attached").boolean(approval.attached);
  write_passed(out, approval);
  out.key("reviewers").array();
  for (const std::string& reviewer : terms.reviewers) out.string(reviewer);
  out.end();
  out.key("answers").array();
  for (const Answer& answer : approval.answers) {
    out.object().key("person").string(answer.person).key("answer").string(answer.answer);
    out.key("reason").string(answer.reason).key("at").string(to_string(answer.at));
    if (answer.automatic) out.key("automatic").boolean(true);
    if (answer.for_run) out.key("for_run").boolean(true);
    if (answer.identical > 0) out.key("identical").natural(answer.identical);
    out.key("counts").boolean(answer.counts).end();
  }
  out.end();
}

void write_evidence(json::Writer& out, const ToolRule& entry, const ShownArgument& argument,
                    json::View value) {
  const LineEvidence evidence = line_evidence(entry, argument.name, value, argument.text);
  if (!evidence.notes.empty()) {
    out.key("kind").string("command line").key("notes").array();
    for (const std::string& note : evidence.notes) out.string(note);
    out.end();
  }
  if (evidence.marks.empty()) return;
  out.key("marks").array();
  for (const ShownMark& mark : evidence.marks) {
    out.object().key("from").natural(mark.from).key("to").natural(mark.to);
    out.key("why").string(mark.why).end();
  }
  out.end();
}

void write_display(json::Writer& out, const Approval& approval, std::string_view arguments,
                   bool full, const Policy* policy) {
  const auto document = json::parse(arguments);
  if (!document) return;
  const Display shown = display(approval, document->root(), full);
  const ToolRule* entry =
      policy == nullptr ? nullptr : entry_of(*policy, approval.asked.terms->tool);
  out.key("display").array();
  for (const ShownArgument& argument : shown.arguments) {
    out.object().key("name").string(argument.name).key("text").string(argument.text);
    if (argument.hidden) out.key("hidden").boolean(true);
    if (argument.mixed) out.key("mixed").boolean(true);
    if (argument.folded > 0) out.key("folded").natural(argument.folded);
    if (entry != nullptr && argument.folded == 0) {
      write_evidence(out, *entry, argument, document->root()[argument.name]);
    }
    out.end();
  }
  out.end();
  if (!shown.digest.empty()) out.key("shown").string(shown.digest);
  const std::vector<DiffLine> diff = diff_of_edits(document->root());
  if (diff.empty()) return;
  out.key("diff").array();
  for (const DiffLine& line : diff) {
    out.object().key("sign").string(std::string_view(&line.sign, 1));
    if (line.before > 0) out.key("old").natural(line.before);
    if (line.after > 0) out.key("new").natural(line.after);
    out.key("text").string(visible(line.text)).end();
  }
  out.end();
}

// The last happenings of the run before the question, oldest first; and what became of questions
// about the same tool.
void write_before(json::Writer& out, const Approval& approval, const Chronicle& chronicle) {
  std::vector<const Happening*> steps;
  const auto& all = chronicle.happenings();
  for (auto at = all.rbegin(); at != all.rend() && steps.size() < steps_before_max; ++at) {
    const bool own = at->call == approval.asked.call && !at->call.empty();
    if (at->run == approval.asked.run && at->at <= approval.opened && !own) {
      steps.push_back(&*at);
    }
  }
  out.key("before").array();
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    out.object().key("at").string(to_string((*at)->at)).key("effect").string((*at)->word);
    out.key("tool").string(visible((*at)->tool)).key("said").string(visible((*at)->said)).end();
  }
  out.end();
  const auto known = chronicle.tools().find(approval.asked.terms->tool);
  if (known == chronicle.tools().end()) return;
  out.key("same").string(std::to_string(known->second.approved) + " of " +
                         std::to_string(known->second.answered) +
                         " answers to questions about this tool were yes");
}

Result<std::string> text_to_type_with(const QuestionTerms& terms,
                                      const Result<std::string>& arguments) {
  if (terms.typed_of.empty()) return text_to_type({}, {}, terms.tool);
  if (!arguments) return std::unexpected(arguments.error());
  const auto document = json::parse(*arguments);
  if (!document) return std::unexpected(document.error());
  return text_to_type(document->root(), terms.typed_of, terms.tool);
}

// What the agent asked for, as it is displayed beside what a reviewer made of it.
void write_asked_display(json::Writer& out, const Approval& approval, std::string_view arguments,
                         bool full) {
  const auto document = json::parse(arguments);
  if (!document) return;
  out.key("asked_display").array();
  for (const ShownArgument& argument : display(approval, document->root(), full).arguments) {
    out.object().key("name").string(argument.name).key("text").string(argument.text);
    if (argument.folded > 0) out.key("folded").natural(argument.folded);
    out.end();
  }
  out.end();
}

// A question, and the arguments that would run.
struct ShownQuestion {
  const Approval& approval;
  Result<std::string> arguments;
};

// What else is known; null: nothing of it is.
struct Surroundings {
  const Chronicle* chronicle = nullptr;
  const Policy* policy = nullptr;
  const Answerers* people = nullptr;
};

std::string question_json(const State& state, Journal& journal, const ShownQuestion& question,
                          Instant now, bool full, const Surroundings& around) {
  const auto& [approval, arguments] = question;
  const Chronicle* const chronicle = around.chronicle;
  json::Writer out;
  out.object().key("ok").boolean(true).key("approval").object();
  write_question(out, approval, now);
  write_judged(out, journal, approval, judged_in(chronicle, approval), false);
  if (around.policy != nullptr && around.policy->environment != Environment::none) {
    out.key("environment").string(to_string(around.policy->environment));
  }
  if (chronicle != nullptr) write_before(out, approval, *chronicle);
  // What was found out is about the call as its agent made it.
  const JudgedCall* const judged = approval.changed ? nullptr : judged_in(chronicle, approval);
  if (judged != nullptr) write_facts(out, judged->facts);
  write_talk(out, journal, approval);
  if (around.people != nullptr) write_takers(out, approval, *around.people);
  const auto text = text_to_type_with(*approval.asked.terms, arguments);
  if (approval.asked.terms->typed && text) out.key("type_this").string(*text);
  if (arguments) {
    out.key("arguments").raw(*arguments);
    if (arguments->size() <= display_bytes_shown_max) {
      out.key("arguments_text").string(*arguments);
    }
    write_display(out, approval, *arguments, full, around.policy);
  } else {
    out.key("arguments_missing").string(arguments.error().message);
  }
  if (approval.changed) {
    if (const auto first = stored_text(journal, approval.asked.args, kArgumentsOfCall)) {
      out.key("asked").raw(*first);
      write_asked_display(out, approval, *first, full);
    }
  }
  if (const Run* run = state.run(approval.asked.run)) {
    out.key("run_steps").natural(run->steps.total());
    out.key("run_denials").natural(run->denials.total());
    out.key("run_opened").string(to_string(run->opened));
    out.key("run_phase").string(to_string(run->phase));
  }
  out.end().end();
  return out.take();
}

}  // namespace

Result<std::string> text_to_type_of(Journal& journal, const Approval& approval) {
  return text_to_type_with(*approval.asked.terms, arguments_of(journal, approval));
}

std::string approval_row_json(const State& state, Journal& journal, const std::string& id,
                              Instant now, const Chronicle* chronicle) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr || approval->phase != ApprovalPhase::open) return {};
  json::Writer out;
  out.object();
  write_question(out, *approval, now);
  write_judged(out, journal, *approval, judged_in(chronicle, *approval), true);
  return out.end().take();
}

std::string approvals_json(const State& state, Journal& journal, Instant now,
                           const Chronicle* chronicle, const QuestionsWanted& wanted) {
  struct Row {
    const Approval* approval;
    const JudgedCall* judged;
    std::uint64_t risk;
  };
  std::vector<Row> open;
  const std::string filter = fold(wanted.filter);
  for (const auto& [id, approval] : state.approvals()) {
    const bool live =
        approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
    if (!live || !is_wanted(approval, filter)) continue;
    const JudgedCall* judged = judged_in(chronicle, approval);
    open.push_back({&approval, judged, risk_of(approval, judged)});
  }
  std::sort(open.begin(), open.end(), [](const Row& a, const Row& b) {
    if (a.risk != b.risk) return a.risk > b.risk;
    const OpenedQuestion& one = a.approval->asked;
    const OpenedQuestion& other = b.approval->asked;
    if (one.expires != other.expires) return one.expires < other.expires;
    return one.approval < other.approval;
  });
  const std::size_t shown = wanted.limit == 0 ? open.size() : std::min(open.size(), wanted.limit);
  json::Writer out;
  out.object().key("ok").boolean(true).key("approvals").array();
  for (std::size_t i = 0; i < shown; ++i) {
    out.object();
    write_question(out, *open[i].approval, now);
    write_judged(out, journal, *open[i].approval, open[i].judged, i < summaries_max);
    out.end();
  }
  out.end().key("matching").natural(open.size()).end();
  return out.take();
}

Result<std::string> approval_json(const State& state, Journal& journal, const std::string& id,
                                  Instant now, bool full, const Chronicle* chronicle,
                                  const Policy* policy, const Answerers* people) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(Fault::missing, "there is no question `" + visible(id) + "`");
  }
  return question_json(state, journal, {*approval, arguments_of(journal, *approval)}, now, full,
                       {chronicle, policy, people});
}

Result<std::string> changed_json(const State& state, Journal& journal, const std::string& id,
                                 const Changed& changed, Instant now, bool full) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(Fault::missing, "there is no question `" + visible(id) + "`");
  }
  Approval as_changed = *approval;
  as_changed.changed =
      std::make_shared<const ChangedQuestion>(ChangedQuestion{{}, changed.binding, {}});
  as_changed.answers.clear();  // of the call as it was
  return question_json(state, journal, {as_changed, changed.arguments}, now, full, {});
}

std::string policy_json(const State& state, Journal& journal, std::string_view agent) {
  const Pin* accepted = state.pin(policy_pin_server, policy_pin_name(agent));
  std::string bundle;
  Digest commitment{};
  if (accepted != nullptr && unspell(state.policy_payload(accepted->digest), commitment)) {
    const auto payload = journal.payload(commitment);
    if (payload && payload->state == PayloadState::present) bundle = payload->bytes;
  }
  json::Writer out;
  out.object().key("bundle").string(bundle);
  out.key("digest").string(accepted == nullptr ? std::string() : accepted->digest);
  return out.key("ok").boolean(true).end().take();
}

}  // namespace pawl
