#include "doors/control/together.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "doors/control/control.h"
#include "doors/control/spoken.h"
#include "doors/control/stored.h"
#include "doors/control/views.h"
#include "kernel/admit/typed.h"
#include "kernel/state/together.h"

namespace pawl {

namespace {

// What all the calls would take out of the ceilings of their runs.
struct Taken {
  std::uint64_t records = 0;
  std::map<std::pair<std::string, std::string>, Amount> sums;  // counter, key
  std::vector<std::string> unknown;                            // `a-7k2: why`

  void add(const std::string& id, const Result<Reservation>& one) {
    if (!one) {
      unknown.push_back(id + ": " + one.error().message);
      return;
    }
    records += one->records;
    for (const SumCharge& charge : one->sums) {
      Amount& sum = sums[{charge.counter, charge.key}];
      const auto more = plus(sum, charge.add);
      if (more) {
        sum = *more;
      } else {
        unknown.push_back(id + ": `" + charge.counter + "` is more than can be added up");
      }
    }
  }
};

void write_taken(json::Writer& out, const Taken& taken) {
  out.key("records").natural(taken.records).key("sums").array();
  for (const auto& [where, sum] : taken.sums) {
    out.object()
        .key("add")
        .string(to_string(sum))
        .key("counter")
        .string(escape_untrusted(where.first));
    if (!where.second.empty()) out.key("of").string(where.second.substr(0, 16));
    out.end();
  }
  out.end().key("unknown").array();
  for (const std::string& line : taken.unknown) out.string(escape_untrusted(line));
  out.end();
}

void write_names(json::Writer& out, std::string_view key, const std::set<std::string>& names) {
  out.key(key).array();
  for (const std::string& name : names) out.string(escape_untrusted(name));
  out.end();
}

// How one of them is shown where it is shown whole; the digest of that, and what is to be typed.
struct ShownWhole {
  std::string digest;
  std::optional<std::string> to_type;
};
Result<ShownWhole> shown_whole(const State& state, Journal& journal, const std::string& id) {
  const auto stored = approval_json(state, journal, id, {}, true);
  if (!stored) return std::unexpected(stored.error());
  const auto view = json::parse(*stored);
  if (!view) return std::unexpected(view.error());
  const json::View question = view->root()["approval"];
  ShownWhole whole{std::string(question.text("shown").value_or("")), std::nullopt};
  if (whole.digest.empty()) {
    return fail(ErrorKind::refused,
                "what `" + escape_untrusted(id) + "` would run cannot be displayed");
  }
  const Approval* asked = state.approval(id);
  if (asked == nullptr || !asked->asked.terms->typed) return whole;
  auto wanted = text_to_type_of(journal, *asked);
  if (!wanted) return std::unexpected(wanted.error());
  whole.to_type = std::move(*wanted);
  return whole;
}

}  // namespace

Result<std::vector<std::string>> ids_in(json::View list) {
  if (!list.is_array() || list.size() == 0 || list.size() > together_max) {
    return fail(ErrorKind::invalid, "`ids` is a list of 1 to " + std::to_string(together_max));
  }
  std::set<std::string> ids;
  for (const json::View id : list.elements()) {
    if (!id.is_string() || !ids.insert(std::string(id.string())).second) {
      return fail(ErrorKind::invalid, "`ids` are different texts");
    }
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

std::string digest_of_batch(const std::map<std::string, std::string>& shown) {
  std::string text = "pawl batch v1\n";
  for (const auto& [id, digest] : shown) text += id + " " + digest + "\n";
  return to_string(sha256(text));
}

Result<std::string> together_json(const Gate& gate, Journal& journal,
                                  const std::vector<std::string>& ids, Instant now, bool full,
                                  const ActivityFeed* activity, const MayNot& may_not) {
  const State& state = gate.state();
  std::vector<const Approval*> questions;
  std::set<std::string> agents;
  std::set<std::string> runs;
  std::map<std::string, std::string> shown;
  Taken taken;
  json::Writer each;
  each.array();
  for (const std::string& id : ids) {
    const Approval* asked = state.approval(id);
    const auto policy = asked == nullptr ? nullptr : gate.policy_of(asked->asked.run);
    const Objections why = may_not ? may_not(id) : Objections{};
    const auto one = approval_json(
        state, journal, id, now, full,
        {.activity = activity, .policy = policy.get(), .may_not = may_not ? &why : nullptr});
    if (!one) return std::unexpected(one.error());
    const auto view = json::parse(*one);
    if (!view) return std::unexpected(view.error());
    const json::View question = view->root()["approval"];
    each.value(question);
    if (const auto digest = question.text("shown")) shown[id] = *digest;
    questions.push_back(asked);
    agents.insert(asked->asked.terms->agent);
    runs.insert(asked->asked.run);
    taken.add(id, gate.would_take(id));
  }
  each.end();
  json::Writer out;
  out.object().key("ok").boolean(true).key("together").object();
  write_names(out, "agents", agents);
  out.key("calls").natural(ids.size());
  const QuestionTerms& terms = *questions.front()->asked.terms;
  out.key("class").string(terms.class_text).key("tool").string(escape_untrusted(terms.tool));
  write_names(out, "runs", runs);
  write_taken(out, taken);
  const std::string why_not = not_together(questions);
  if (!why_not.empty()) out.key("why_not").string(why_not);
  if (shown.size() == ids.size()) out.key("shown").string(digest_of_batch(shown));
  out.key("questions").raw(each.text()).end().end();
  return out.take();
}

// All of it is checked before any of it is written: what was displayed of each, and what was typed.
Status Control::answer_together(const std::string& person, const std::string& proof,
                                json::View act) {
  const auto reason = text(act, "reason");
  const auto shown = text(act, "shown");
  for (const auto* part : {&reason, &shown}) {
    if (!*part) return std::unexpected(part->error());
  }
  const json::View approve = act["approve"];
  const json::View each = act["answers"];
  if (approve.kind() != json::Kind::boolean || !each.is_array()) {
    return fail(ErrorKind::invalid, "`approve` is true or false, and `answers` a list");
  }
  Answers answers;
  std::map<std::string, std::string> displayed;
  for (const json::View one : each.elements()) {
    const auto id = text(one, "approval");
    if (!id) return std::unexpected(id.error());
    Answers::One answer{*id, std::string(one.text("shown").value_or("")), false};
    if (answers.to.size() >= together_max) break;  // refused below, by its number
    if (approve.boolean()) {
      const auto whole = shown_whole(ports_.gate.state(), ports_.journal, *id);
      if (!whole) return std::unexpected(whole.error());
      if (whole->digest != answer.shown) {
        return fail(ErrorKind::refused, "what was shown of `" + escape_untrusted(*id) +
                                            "` is not all of what would run; nothing was answered");
      }
      answer.typed = whole->to_type.has_value();
      if (answer.typed && !typed_right(one.text("typed").value_or(""), *whole->to_type)) {
        return fail(ErrorKind::refused, "what was typed for `" + escape_untrusted(*id) +
                                            "` is not what it asks for; nothing was answered");
      }
    }
    displayed[*id] = answer.shown;
    answers.to.push_back(std::move(answer));
  }
  if (each.size() != answers.to.size() || digest_of_batch(displayed) != *shown) {
    return fail(ErrorKind::refused, "what was shown is not what is answered; nothing was answered");
  }
  answers.approve = approve.boolean();
  answers.person = person;
  answers.groups = ports_.groups_of(person);
  answers.reason = *reason;
  answers.proof = proof;
  answers.batch = *shown;
  return ports_.gate.answer(answers);
}

}  // namespace pawl
