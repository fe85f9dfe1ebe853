#include "views/question.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "kernel/policy/layer.h"
#include "kernel/state/eyes.h"
#include "model/access.h"

namespace pawl::views {

Result<std::string> stored_text(Journal& journal, std::string_view commitment,
                                std::string_view what) {
  Digest digest{};
  if (!parse_spelled(commitment, digest)) {
    return fail(ErrorKind::corrupt,
                "the approval request does not say where " + std::string(what) + " are");
  }
  auto payload = journal.payload(digest);
  PAWL_TRY(payload);
  if (payload->state != PayloadState::present) {
    return fail(ErrorKind::missing, std::string(what) + " are not stored any more");
  }
  return std::move(payload->bytes);
}

void write_passed(json::Writer& out, const Approval& approval) {
  if (!approval.talk || approval.talk->passed_to.empty()) return;
  out.key("passed_to").string(escape_untrusted(approval.talk->passed_to));
  out.key("passed_by").string(escape_untrusted(approval.talk->passed_by));
  if (approval.talk->passed_because.empty()) return;
  out.key("passed_because").string(escape_untrusted(approval.talk->passed_because));
}

void write_talk(json::Writer& out, Journal& journal, const Approval& approval) {
  if (!approval.talk || approval.talk->remarks.empty()) return;
  out.key("talk").array();
  for (const Remark& remark : approval.talk->remarks) {
    out.object().key("at").string(to_string(remark.at));
    if (!remark.person.empty()) {
      out.key("person")
          .string(escape_untrusted(remark.person))
          .key("text")
          .string(escape_untrusted(remark.text));
      out.end();
      continue;
    }
    const auto words = stored_text(journal, remark.text, "its words");
    out.key("agent").boolean(true);
    if (words) {
      out.key("text").string(escape_untrusted(*words));
      if (escape_untrusted(*words, Newlines::keep) != *words) out.key("hidden").boolean(true);
    } else {
      out.key("missing").string(words.error().message);
    }
    out.end();
  }
  out.end();
  if (approval.talk->unanswered()) out.key("agent_asked").boolean(true);
}

namespace {

// Who could approve it as far as names go.
bool may_take(const Approval& approval, const Answerers& people, std::string_view person,
              const std::vector<std::string>& groups) {
  const auto& named = approval.asked.terms->reviewers;
  const auto is = [&](std::string_view part) {
    return part == person || std::ranges::find(groups, part) != groups.end();
  };
  const bool asked = std::ranges::any_of(
      named.empty() ? people.by_default : named,
      [&](const std::string& each) { return std::ranges::all_of(parts_of_reviewer(each), is); });
  const bool approved = std::ranges::any_of(approval.answers, [&](const Answer& answer) {
    return answer.counts && answer.answer == "approve" && fold(answer.person) == fold(person);
  });
  return asked && !approved && fold(approval.asked.terms->agent) != fold(person);
}

}  // namespace

void write_takers(json::Writer& out, const Approval& approval, const Answerers& people) {
  std::map<std::string, std::vector<std::string>> of_groups;
  out.key("takers").array();
  for (const auto& [person, groups] : people.persons) {
    if (!may_take(approval, people, person, groups)) continue;
    out.object().key("name").string(escape_untrusted(person)).end();
    for (const std::string& group : groups) of_groups[group].push_back(person);
  }
  for (const auto& [group, persons] : of_groups) {
    out.object().key("name").string(escape_untrusted(group)).key("of").array();
    for (const std::string& person : persons) out.string(escape_untrusted(person));
    out.end().end();
  }
  out.end();
}

namespace {

constexpr std::string_view kArgumentsOfCall = "the arguments of this call";

}  // namespace

Result<std::string> arguments_of(Journal& journal, const Approval& approval) {
  return stored_text(journal, approval.args(), kArgumentsOfCall);
}

Result<std::string> asked_arguments_of(Journal& journal, const Approval& approval) {
  return stored_text(journal, approval.asked.args.text(), kArgumentsOfCall);
}

std::uint64_t risk_of(const Approval& approval) {
  // What may be done with it later counts, not the asking.
  if (asks_for_access(approval.asked.terms->tool)) return 3;
  const auto known = parse_class(approval.asked.terms->class_text);
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

const JudgedCall* judged_in(const ActivityFeed* activity, const Approval& approval) {
  return activity == nullptr ? nullptr : activity->judged(approval.asked.approval);
}

void write_judged(json::Writer& out, const Approval& approval, const JudgedCall* judged) {
  out.key("class").string(approval.asked.terms->class_text);
  out.key("risk").natural(risk_of(approval));
  if (judged == nullptr || judged->how->rule_at.empty()) return;
  out.key("rule_at").string(judged->how->rule_at);
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

void write_may_not(json::Writer& out, const Objections& why) {
  out.key("may_not").object().key("approve").string(why.approve);
  out.key("change").string(why.change).key("deny").string(why.reject).end();
}

}  // namespace pawl::views
