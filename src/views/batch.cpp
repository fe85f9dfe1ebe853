#include "views/batch.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "kernel/state/together.h"
#include "views/cards.h"

namespace pawl::views {

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
    const auto policy = asked == nullptr ? nullptr : gate.runs.policy_of(asked->asked.run);
    const Objections why = may_not ? may_not(id) : Objections{};
    const auto one = approval_json(
        state, journal, id, now, full,
        {.activity = activity, .policy = policy.get(), .may_not = may_not ? &why : nullptr});
    PAWL_TRY(one);
    const auto view = json::parse(*one);
    PAWL_TRY(view);
    const json::View question = view->root()["approval"];
    each.value(question);
    if (const auto digest = question.text("shown")) shown[id] = *digest;
    questions.push_back(asked);
    agents.insert(asked->asked.terms->agent);
    runs.insert(asked->asked.run);
    taken.add(id, gate.approvals.would_take(id));
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

}  // namespace pawl::views
