// The card of one question in a terminal: what decides first, the agent's own words last,
// everything through one escaping writer; and what its answers have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/client.h"
#include "app/command.h"
#include "base/json.h"

namespace pawl::app {

// A text member as a terminal may show it; a flag that is there and true.
std::string card_word(json::View object, std::string_view key);
bool card_flag(json::View object, std::string_view key);

std::string left_of(json::View question);    // `4m30s`
std::string people_of(json::View question);  // `1 of 2`

std::string state_of(json::View question);  // `open, for bob`

// Why whoever acts may not answer or approve it, as the node says: `may not approve: …`. Empty:
// they may, or nobody in particular asked.
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

// Says what became of a question that was answered: `word` is what was done. Whoever answered what
// was only asked to see whether people read is told so.
void say_answered(const Arguments& arguments, const std::string& person, json::View done,
                  const std::string& phase, const std::string& word);

// Why what is shown cannot be approved; empty: it can.
Status approvable(json::View question);

}  // namespace pawl::app
