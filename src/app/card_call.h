// The parts of a card that are about the call itself: what would run, what was found out about it,
// what its run did before, and, last, what its agent says. Private to approval_card.cpp.
#pragma once

#include <string>
#include <string_view>

#include "app/approval_card.h"
#include "base/json.h"

namespace pawl::app {

// What would run, or be granted, with what was found out about it.
void print_call(Lines& page, json::View question);
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

}  // namespace pawl::app
