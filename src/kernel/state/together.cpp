#include "kernel/state/together.h"

#include "base/text.h"
#include "kernel/state/eyes.h"

namespace pawl {

namespace {

std::string named(const Approval& question) {
  return "`" + escape_untrusted(question.asked.approval) + "`";
}

}  // namespace

std::string not_together(std::span<const Approval* const> questions) {
  if (questions.empty()) return "there is no approval request";
  const QuestionTerms& first = *questions.front()->asked.terms;
  for (const Approval* question : questions) {
    const QuestionTerms& terms = *question->asked.terms;
    if (terms.tool != first.tool) {
      return named(*question) + " is about another tool than " + named(*questions.front());
    }
    if (terms.class_text != first.class_text) {
      return named(*question) + " is of another class than " + named(*questions.front());
    }
    if (question->changed) return named(*question) + " was changed by a reviewer: answer it alone";
    if (questions.size() > 1 && !is_mild(terms) && !terms.typed) {
      return named(*question) +
             " cannot be undone, carries something outside or opens a tool, and asks for no typed "
             "confirmation of its own: answer it alone";
    }
  }
  return {};
}

}  // namespace pawl
