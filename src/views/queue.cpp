#include "views/queue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/state/live.h"
#include "views/cards.h"
#include "views/display.h"
#include "views/question.h"

namespace pawl::views {

namespace {

std::string text_of_terms(const Approval& approval) {
  const QuestionTerms& terms = *approval.asked.terms;
  std::string text;
  for (const std::string_view part :
       {std::string_view(approval.asked.approval), std::string_view(terms.tool),
        std::string_view(terms.agent), std::string_view(approval.asked.run),
        std::string_view(terms.sponsor), std::string_view(terms.class_text),
        std::string_view(terms.why)}) {
    text.append(part).append("\n");
  }
  return fold(text);
}

bool has_all(std::string_view text, const Approval& approval,
             const std::vector<std::string>& words) {
  const std::string passed = approval.talk ? fold(approval.talk->passed_to) : std::string();
  return std::ranges::all_of(words, [&](const std::string& word) {
    return text.find(word) != std::string_view::npos || passed.find(word) != std::string::npos;
  });
}

}  // namespace

std::vector<std::string> filter_words(std::string_view filter) {
  std::vector<std::string> words;
  for (const std::string_view word : split(filter, ' ')) {
    if (!trim(word).empty()) words.push_back(fold(trim(word)));
  }
  return words;
}

bool waits(const Approval& approval) {
  return is_live(approval);
}

QuestionTexts::QuestionTexts(Read read, QuestionTextLimits limits)
    : read_(std::move(read)), limits_(limits) {}

QuestionTexts::Entry* QuestionTexts::entry(const Approval& approval) {
  const auto known = entries_.find(approval.asked.approval);
  if (known == entries_.end()) {
    if (entries_.size() >= limits_.questions_max) return nullptr;
    Entry fresh{approval.args(), text_of_terms(approval), {}, {}, false};
    return &entries_.emplace(approval.asked.approval, std::move(fresh)).first->second;
  }
  if (known->second.args != approval.args()) {
    known->second = {approval.args(), text_of_terms(approval), {}, {}, false};
  }
  return &known->second;
}

void QuestionTexts::read_into(Entry& entry, const Approval& approval) const {
  entry.read = true;
  const auto document = json::parse(read_(approval));
  entry.wants = wants_text(approval.asked.terms->tool, document ? document->root() : json::View());
  if (!document || !document->root().is_object()) return;
  entry.summary = arguments_text(document->root(), limits_.summary_bytes_max);
  entry.text += fold(arguments_text(document->root(), limits_.arguments_bytes_max));
}

QuestionTexts::Said QuestionTexts::said(const Approval& approval) {
  Entry* const known = entry(approval);
  Entry passing;
  Entry& found = known != nullptr ? *known : passing;
  if (!found.read) read_into(found, approval);
  return {found.summary, found.wants};
}

bool QuestionTexts::has(const Approval& approval, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  const Entry* const known = entry(approval);
  return has_all(known != nullptr ? known->text : text_of_terms(approval), approval, words);
}

bool QuestionTexts::unread(const Approval& approval) const {
  const auto known = entries_.find(approval.asked.approval);
  return known == entries_.end() || !known->second.read || known->second.args != approval.args();
}

std::size_t QuestionTexts::read_some(const State& state, std::size_t most) {
  std::size_t left = 0;
  for (const auto& [id, approval] : state.approvals()) {
    if (!waits(approval) || !unread(approval)) continue;
    Entry* const next = most > 0 ? entry(approval) : nullptr;
    if (next == nullptr) {
      ++left;
      continue;
    }
    read_into(*next, approval);
    --most;
  }
  return left;
}

void QuestionTexts::sweep(const State& state, std::size_t waiting) {
  if (entries_.size() <= waiting) return;
  std::erase_if(entries_, [&state](const auto& one) {
    const Approval* approval = state.approval(one.first);
    return approval == nullptr || !waits(*approval);
  });
}

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
  if (texts != nullptr) {
    const QuestionTexts::Said said = texts->said(*row.approval);
    out.key("summary").string(said.summary).key("wants").string(said.wants);
  }
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

}  // namespace pawl::views
