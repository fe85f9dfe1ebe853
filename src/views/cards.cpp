#include "views/cards.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/admit/environment.h"
#include "kernel/admit/typed.h"
#include "kernel/policy/policy.h"
#include "views/display.h"
#include "views/evidence.h"
#include "views/question.h"
#include "views/runs.h"

namespace pawl::views {

namespace {

constexpr std::size_t steps_before_max = 8;
constexpr std::size_t task_bytes_shown_max = 400;

std::string replay_of(const Approval& approval) {
  return "`pawl replay " + escape_untrusted(approval.asked.run) + "`";
}

// What was found out is about the call as its agent made it.
void write_found_out(json::Writer& out, const Approval& approval, const ActivityFeed& activity,
                     json::View arguments) {
  if (approval.changed) return;
  const JudgedCall* const judged = activity.judged(approval.asked.approval);
  if (judged != nullptr && judged->has_facts) return write_facts(out, judged->facts, arguments);
  out.key("facts_missing")
      .string(
          "what was found out about it (paths, SQL, the tool's definition) "
          "is not kept here: see " +
          replay_of(approval));
}

}  // namespace

namespace {

// How the call ended that was approved; nothing before that.
void write_outcome(json::Writer& out, const Approval& approval, const ActivityFeed& activity) {
  const EndedCall* ended = activity.ended(approval.call);
  if (ended == nullptr) return;
  out.key("outcome").object().key("error").boolean(ended->is_error);
  out.key("took_ms").integer(ended->took.ns / 1'000'000).key("word").string(ended->word).end();
}

}  // namespace

void write_task(json::Writer& out, const Approval& approval, const Policy& policy) {
  if (policy.task_words.empty()) return;
  std::string words = escape_untrusted(policy.task_words);
  if (words.size() > task_bytes_shown_max) {
    words = utf8::shortened(words, task_bytes_shown_max) + " (more is not shown)";
  }
  const std::string& sponsor = approval.asked.terms->sponsor;
  out.key("task").string(sponsor.empty() ? words : escape_untrusted(sponsor) + " said: " + words);
}

void write_past(json::Writer& out, const Approval& approval, const Run* run,
                const ActivityFeed& activity, json::View arguments) {
  write_found_out(out, approval, activity, arguments);
  std::vector<const Happening*> steps;
  const auto& all = activity.happenings();
  for (auto at = all.rbegin(); at != all.rend() && steps.size() < steps_before_max; ++at) {
    const bool own = at->call == approval.asked.call && !at->call.empty();
    if (at->run == approval.asked.run && at->at <= approval.opened && !own) {
      steps.push_back(&*at);
    }
  }
  out.key("before").array();
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    out.object().key("at").string(to_string((*at)->at)).key("effect").string((*at)->word);
    out.key("tool")
        .string(escape_untrusted((*at)->tool))
        .key("said")
        .string(escape_untrusted((*at)->said))
        .end();
  }
  out.end();
  const bool whole = run != nullptr && activity.begins() <= run->opened;
  if (!whole && steps.size() < steps_before_max) {
    out.key("earlier").string("what it did before that is not kept here: see " +
                              replay_of(approval));
  }
  const auto known = activity.tools().find(approval.asked.terms->tool);
  if (known == activity.tools().end()) return;
  out.key("same_tool")
      .string(
          fmt::format("{} of {} answers about this tool since {} were yes, whatever the arguments",
                      known->second.approved, known->second.answered,
                      to_string(activity.counts_since()).substr(0, 16)));
}

namespace {

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
    if (argument.plain) out.key("plain").string(*argument.plain);
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
  out.key("file").string(file_of(document->root())).key("diff_of").array();
  for (const std::string& name : names_in_diff(document->root())) {
    out.string(escape_untrusted(name));
  }
  out.end().key("diff").array();
  for (const DiffLine& line : diff) {
    out.object().key("sign").string(std::string_view(&line.sign, 1));
    if (line.before > 0) out.key("old").natural(line.before);
    if (line.after > 0) out.key("new").natural(line.after);
    out.key("text").string(escape_untrusted(line.text)).end();
  }
  out.end();
}

Result<std::string> text_to_type_with(const QuestionTerms& terms,
                                      const Result<std::string>& arguments) {
  if (terms.typed_of.empty()) return text_to_type({}, {}, terms.tool);
  PAWL_TRY(arguments);
  const auto document = json::parse(*arguments);
  PAWL_TRY(document);
  return text_to_type(document->root(), terms.typed_of, terms.tool);
}

// Where the call works: an argument of it may say so. As its run's policy says now, which is what
// it is judged by once more before it runs.
void write_environment(json::Writer& out, const Policy& policy, const Approval& approval,
                       std::string_view arguments) {
  const ToolRule* entry = entry_of(policy, approval.asked.terms->tool);
  const auto document = json::parse(arguments);
  const Environment place = entry == nullptr || !document
                                ? policy.environment
                                : environment_of(policy, *entry, document->root());
  if (place != Environment::none) out.key("environment").string(to_string(place));
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

std::string question_json(const State& state, Journal& journal, const ShownQuestion& question,
                          Instant now, bool full, const KnownBeside& around) {
  const auto& [approval, arguments] = question;
  const ActivityFeed* const activity = around.activity;
  json::Writer out;
  out.object().key("ok").boolean(true).key("approval").object();
  write_question(out, approval, now);
  write_judged(out, approval, judged_in(activity, approval));
  if (around.may_not != nullptr) write_may_not(out, *around.may_not);
  if (around.policy != nullptr && arguments) {
    write_environment(out, *around.policy, approval, *arguments);
  }
  const auto parsed = arguments ? json::parse(*arguments) : Result<json::Document>();
  const json::View values = parsed ? parsed->root() : json::View();
  out.key("wants").string(wants_text(approval.asked.terms->tool, values));
  if (activity != nullptr) {
    write_past(out, approval, state.run(approval.asked.run), *activity, values);
    write_outcome(out, approval, *activity);
  }
  if (around.policy != nullptr) write_task(out, approval, *around.policy);
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
    if (const auto first = asked_arguments_of(journal, approval)) {
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

Result<std::string> approval_json(const State& state, Journal& journal, const std::string& id,
                                  Instant now, bool full, const KnownBeside& around) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(ErrorKind::missing, "there is no approval request `" + escape_untrusted(id) + "`");
  }
  return question_json(state, journal, {*approval, arguments_of(journal, *approval)}, now, full,
                       around);
}

Result<std::string> changed_json(const State& state, Journal& journal, const std::string& id,
                                 const Changed& changed, Instant now, bool full,
                                 const Policy* policy) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr) {
    return fail(ErrorKind::missing, "there is no approval request `" + escape_untrusted(id) + "`");
  }
  Approval as_changed = *approval;
  as_changed.changed =
      std::make_shared<const ChangedQuestion>(ChangedQuestion{{}, changed.binding, {}});
  as_changed.answers.clear();  // of the call as it was
  return question_json(state, journal, {as_changed, changed.arguments}, now, full,
                       {.policy = policy});
}

std::string policy_json(const State& state, Journal& journal, std::string_view agent) {
  const Pin* accepted = state.pin(policy_pin_server, policy_pin_name(agent));
  std::string bundle;
  Digest commitment{};
  if (accepted != nullptr && parse_spelled(state.policy_payload(accepted->digest), commitment)) {
    const auto payload = journal.payload(commitment);
    if (payload && payload->state == PayloadState::present) bundle = payload->bytes;
  }
  json::Writer out;
  out.object().key("bundle").string(bundle);
  out.key("digest").string(accepted == nullptr ? std::string() : accepted->digest);
  return out.key("ok").boolean(true).end().take();
}

}  // namespace pawl::views
