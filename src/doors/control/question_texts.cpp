#include "doors/control/question_texts.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl {
namespace {

// `name value, name value`, cut between two characters.
std::string cut_arguments(json::View arguments, std::size_t most) {
  std::string text;
  for (auto [key, value] : arguments.members()) {
    text += (text.empty() ? "" : ", ") + escape_untrusted(key) + " " +
            escape_untrusted(value.is_string() ? std::string(value.string()) : json::write(value));
    if (text.size() > most) break;
  }
  return utf8::shortened(text, most);
}

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
  return approval.phase == ApprovalPhase::open || approval.phase == ApprovalPhase::approved;
}

QuestionTexts::QuestionTexts(Read read, QuestionTextLimits limits)
    : read_(std::move(read)), limits_(limits) {}

QuestionTexts::Entry* QuestionTexts::entry(const Approval& approval) {
  const auto known = entries_.find(approval.asked.approval);
  if (known == entries_.end()) {
    if (entries_.size() >= limits_.questions_max) return nullptr;
    Entry fresh{approval.args(), text_of_terms(approval), {}, false};
    return &entries_.emplace(approval.asked.approval, std::move(fresh)).first->second;
  }
  if (known->second.args != approval.args()) {
    known->second = {approval.args(), text_of_terms(approval), {}, false};
  }
  return &known->second;
}

void QuestionTexts::read_into(Entry& entry, const Approval& approval) const {
  entry.read = true;
  const auto document = json::parse(read_(approval));
  if (!document || !document->root().is_object()) return;
  entry.summary = cut_arguments(document->root(), limits_.summary_bytes_max);
  entry.text += fold(cut_arguments(document->root(), limits_.arguments_bytes_max));
}

std::string QuestionTexts::summary(const Approval& approval) {
  Entry* const known = entry(approval);
  Entry passing;
  Entry& found = known != nullptr ? *known : passing;
  if (!found.read) read_into(found, approval);
  return found.summary;
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

}  // namespace pawl
