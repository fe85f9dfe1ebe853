// What is known of a word before the line runs.
#include <algorithm>

#include "lang/shell/analyser.h"

namespace pawl::shell {
namespace {

// $?, $#, $$: digits, never empty, never an option. `$!` and `$0` may be anything or nothing.
bool is_count(std::string_view name) {
  return name == "?" || name == "#" || name == "$";
}

}  // namespace

Argument reduce(const Word& word) {
  Argument out;
  out.at = word.at;
  bool divides = false;  // an unquoted expansion: any number of words
  bool matches = false;  // a glob: any number of words that all begin with the text before it
  bool unknown = false;
  bool rooted = false;
  for (const Part& part : word.parts) {
    switch (part.kind) {
      case PartKind::text:
        if (!unknown) out.text += part.text;
        continue;
      case PartKind::glob:
        // `[` alone is the program of that name.
        if (word.parts.size() == 1 && part.text == "[") {
          out.text = "[";
          return out;
        }
        matches = true;
        break;
      case PartKind::parameter:
        if (is_count(part.text) && part.words.empty()) {
          rooted = rooted || (!unknown && out.text.empty());
        } else if (!part.quoted || part.text == "@") {
          divides = true;
        } else {
          // `"${x:-$@}"`: as many words as the operand has.
          divides = divides || std::ranges::any_of(part.words, [](const Word& operand) {
                      return reduce(operand).known == Known::many;
                    });
        }
        break;
      case PartKind::command:
        divides = divides || !part.quoted;
        break;
      case PartKind::arithmetic:  // a number, perhaps a negative one
      case PartKind::process:     // /dev/fd/63
        rooted = rooted || (part.kind == PartKind::process && !unknown && out.text.empty());
        break;
      case PartKind::tilde:
        rooted = rooted || (!unknown && out.text.empty());
        break;
      case PartKind::braces:
        divides = true;
        break;
    }
    unknown = true;
  }
  if (!unknown) return out;
  out.known = divides || matches ? Known::many : Known::one;
  const bool begins = rooted || (!out.text.empty() && out.text[0] != '-');
  out.operand = !divides && begins;
  return out;
}

}  // namespace pawl::shell
