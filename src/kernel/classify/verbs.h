// The knowledge base: what a word in a tool's name says about what the tool does.
//
// A row says what follows where the word is the verb. Words that are as often nouns (`email`,
// `run`, `post`) count only where no verb stands before them: `email_customer` sends, `read_email`
// reads. The table errs on the side of danger: a word that destroys in one product and not in
// another is irreversible here, and a policy states the class it knows better.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/class.h"

namespace pawl {

struct Verb {
  std::string_view word;
  Reversibility reversibility;
  Blast blast = Blast::small;
  bool sink = false;       // carries data outside
  bool also_noun = false;  // a verb only where no verb stands before it
};

// Null where the table does not have the word.
const Verb* find_verb(std::string_view word);
std::span<const Verb> verbs();

// Two words that mean something else than each of them: `open nodes` reads, `pull request` is no
// verb at all (`counts` is false then).
struct Phrase {
  std::string_view first;
  std::string_view second;
  bool counts;
  Class means;
};
const Phrase* find_phrase(std::string_view first, std::string_view second);

// Words that make the blast radius large: `all`, `bulk`, `production` with every verb, `account` or
// `repository` with one that cannot be undone.
bool makes_large(std::string_view word, Reversibility of);

// Things that reach people outside when they are made: `add` with `comment` is like sending one.
bool is_message(std::string_view word);

// Places outside: a search there carries its words out.
bool is_outside(std::string_view word);

// Things that are money on its way (`payment`, `transaction`): changing, making or confirming one
// may settle it.
bool is_payment(std::string_view word);
// Things that let others in or carry what happens to them (`permissions`, `webhook`, `public`):
// until such a change is taken back, what was seen is seen.
bool gives_access(std::string_view word);
// Whether words at this place name what gives access: `password`, `ssh key`, `env vars`. The number
// of words; 0: they do not. Who reads such a thing has it, and who changes one lets in or locks
// out.
std::size_t names_secret(std::span<const std::string> words, std::size_t at);

}  // namespace pawl
