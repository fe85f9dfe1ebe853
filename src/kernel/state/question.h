// A question to people, as the state keeps it: what was asked, what a reviewer made of it, and what
// was said about it.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "kernel/state/kept_digest.h"
#include "model/record.h"

namespace pawl {

// What questions about one tool mostly have in common.
struct QuestionTerms {
  std::string agent = {}, sponsor = {}, tool = {};
  std::uint8_t quorum = 1;
  bool typed = false, deny_on_timeout = true;
  std::vector<std::string> typed_of = {};  // see Question
  std::string credential = {};
  std::vector<std::string> reviewers = {};
  std::string why = {};
  std::string class_text = {};
  bool apart = false;
  std::uint64_t identical = 0;
  Duration for_run = {};
  std::string likeness = {};
  friend auto operator<=>(const QuestionTerms&, const QuestionTerms&) = default;
};
// A question as it was opened (ApprovalOpened), with terms that it shares with questions like it: a
// hundred thousand of them wait in little memory.
struct OpenedQuestion {
  std::string approval, call, run;
  KeptDigest binding, args;
  Instant expires{};
  std::shared_ptr<const QuestionTerms> terms = std::make_shared<QuestionTerms>();  // never null

  OpenedQuestion() = default;
  explicit OpenedQuestion(const ApprovalOpened& b);
  ApprovalOpened record() const;
};
// What a reviewer put in the place of the arguments that were asked for.
struct ChangedQuestion {
  std::string args, binding, person;
};
// What a reviewer asked the agent, or the agent said to that.
struct Remark {
  std::string person;  // empty: the agent
  std::string text;    // a person's words; of the agent the commitment to its words
  Instant at{};
};
// What was said about a question besides its answers. Nothing of it decides anything.
struct Talk {
  std::vector<Remark> remarks;
  std::uint32_t passes = 0;
  std::string passed_to, passed_by, passed_because;  // the last time; empty: it was not

  // A person asked, and the agent has said nothing to that yet.
  bool unanswered() const { return !remarks.empty() && !remarks.back().person.empty(); }
  std::size_t asked() const;  // by people
};
}  // namespace pawl
