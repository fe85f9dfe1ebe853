// The list of questions: which ones, in which order, and what tells them apart.
#include <algorithm>
#include <vector>

#include "doors/control/question.h"
#include "doors/control/question_texts.h"
#include "doors/control/views.h"

namespace pawl {
namespace {

constexpr std::size_t summaries_max = 300;
constexpr std::size_t names_max = 2000;

struct Row {
  const Approval* approval;
  const JudgedCall* judged;
  std::uint64_t risk;
};

std::vector<Row> rows_of(const State& state, const ActivityFeed* activity,
                         const QuestionsWanted& wanted, QuestionTexts& texts,
                         std::uint64_t& unread) {
  std::vector<Row> rows;
  std::size_t waiting = 0;
  const std::vector<std::string> words = filter_words(wanted.filter);
  for (const auto& [id, approval] : state.approvals()) {
    if (!waits(approval)) continue;
    ++waiting;
    unread += texts.unread(approval) ? 1 : 0;
    if (!texts.has(approval, words)) continue;
    const JudgedCall* judged = judged_in(activity, approval);
    rows.push_back({&approval, judged, risk_of(approval)});
  }
  texts.sweep(state, waiting);
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.risk != b.risk) return a.risk > b.risk;
    const OpenedQuestion& one = a.approval->asked;
    const OpenedQuestion& other = b.approval->asked;
    if (one.expires != other.expires) return one.expires < other.expires;
    return one.approval < other.approval;
  });
  return rows;
}

void write_row(json::Writer& out, const Row& row, Instant now, const QuestionsWanted& wanted,
               QuestionTexts* texts) {
  out.object();
  write_question(out, *row.approval, now);
  write_judged(out, *row.approval, row.judged);
  if (texts != nullptr) out.key("summary").string(texts->summary(*row.approval));
  if (wanted.may_not) write_may_not(out, wanted.may_not(row.approval->asked.approval));
  out.end();
}

}  // namespace

std::string approval_row_json(const State& state, const std::string& id, Instant now,
                              const ActivityFeed* activity, QuestionTexts& texts) {
  const Approval* approval = state.approval(id);
  if (approval == nullptr || approval->phase != ApprovalPhase::open) return {};
  json::Writer out;
  write_row(out, {approval, judged_in(activity, *approval), 0}, now, {}, &texts);
  return out.take();
}

std::string approvals_json(const State& state, Instant now, const ActivityFeed* activity,
                           const QuestionsWanted& wanted, QuestionTexts& texts) {
  json::Writer out;
  out.object().key("ok").boolean(true);
  if (!wanted.ids.empty()) {
    out.key("approvals").array();
    for (const std::string& id : wanted.ids) {
      const Approval* approval = state.approval(id);
      if (approval == nullptr || !waits(*approval)) continue;
      write_row(out, {approval, judged_in(activity, *approval), 0}, now, wanted, &texts);
    }
    return out.end().end().take();
  }
  std::uint64_t unread = 0;
  const std::vector<Row> rows = rows_of(state, activity, wanted, texts, unread);
  const std::size_t most = wanted.names ? names_max : rows.size();
  const std::size_t shown = std::min(rows.size(), wanted.limit == 0 ? most : wanted.limit);
  out.key(wanted.names ? "names" : "approvals").array();
  for (std::size_t i = 0; i < shown; ++i) {
    if (wanted.names) {
      out.string(rows[i].approval->asked.approval);
    } else {
      write_row(out, rows[i], now, wanted, i < summaries_max ? &texts : nullptr);
    }
  }
  out.end().key("matching").natural(rows.size()).key("unread").natural(unread).end();
  return out.take();
}

}  // namespace pawl
