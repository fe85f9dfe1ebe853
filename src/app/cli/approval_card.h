// The card of one question in a terminal: what decides first, the agent's own words last,
// everything through one escaping writer; and what its answers have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/common/client.h"
#include "app/common/command.h"
#include "base/json.h"

namespace pawl::app {

// A text member as a terminal may show it; a flag that is there and true.
std::string card_word(json::View object, std::string_view key);

// The phase of an approval request as people say it: `denied` where a reviewer said no.
std::string phase_word(json::View question);
bool card_flag(json::View object, std::string_view key);

std::string left_of(json::View question);    // `4m30s`
std::string people_of(json::View question);  // `1 of 2`

std::string state_of(json::View question);  // `open, for bob`

// Why the reviewer who acts may not answer or approve it, as the node says: `may not approve: …`.
// Empty: they may, or no reviewer in particular asked.
std::string may_not_of(json::View question);
// Into a request for questions: who would answer them, at this terminal.
void write_asker(json::Writer& request, const std::string& person);

// Lines as a terminal may show them, with colours, however long.
using Lines = std::vector<std::string>;
Lines card_lines(json::View question);
Lines together_lines(json::View together);
void print_lines(const Lines& page);
void print_card(json::View question);

// The question that `id` names, from the node; whole with `--full`.
Result<json::Document> question_of(NodeConnection& node, const Arguments& arguments);

// What the question asks to be typed: from `--typed`, else from the terminal. Empty where it asks
// for nothing.
Result<std::string> typed_confirmation(const Arguments& arguments, json::View question);
Result<std::string> ask_what_to_type(json::View question);

// Says what became of a question that was answered: `word` is what was done. A person who answered
// what was only asked to see whether people read is told so.
void say_answered(const Arguments& arguments, const std::string& person, json::View done,
                  const std::string& phase, const std::string& word);

// Why what is shown cannot be approved; empty: it can.
Status approvable(json::View question);

// The parts of a card that are about the call itself: what would run, what was found out about it,
// what its run did before, and, last, what its agent says. Private to approval_card.cpp.

// What would run, or be granted.
void print_call(Lines& page, json::View question);
// Its tool, its class, the rule, and what was found out about it.
void print_judged(Lines& page, json::View question);
void print_before(Lines& page, json::View question);
// What reviewers asked the agent and what it said, and its reason for wanting access. Nothing of a
// card stands behind it: what it says could look like that.
void print_words(Lines& page, json::View question);

// A displayed text with the parts in it that `marks` are about: painted, and where there are no
// colours underlined in a line of its own. `marks` count characters of texts that are plain ASCII;
// of any other text there are none.
struct MarkedText {
  std::string text, under;  // `under`: empty where nothing is underlined
};
MarkedText marked_text(std::string_view shown, json::View marks, bool colours);

// Answers to questions, as acts of a reviewer: what the commands and the live list have in common.

struct Deciding {
  bool approve = false;
  std::string person, reason;
  // What the approval is good for besides its call.
  std::uint64_t identical = 0;
  bool for_run = false;
};

// One question, as it was displayed; what the node says to that.
Result<json::Document> send_answer(NodeConnection& node, const Deciding& how, json::View question,
                                   const std::string& typed);

// Several questions with what their calls would take together, for this person to read, and what
// stands in the way of them. `full` folds nothing.
Result<json::Document> questions_together(NodeConnection& node, const std::vector<std::string>& ids,
                                          bool full, const std::string& person);
// Answers all of them in one act, as they were displayed: asks on the terminal for what has to be
// typed of each.
// What the node says to that.
Result<json::Document> send_answers(NodeConnection& node, const Deciding& how, json::View together);

}  // namespace pawl::app
