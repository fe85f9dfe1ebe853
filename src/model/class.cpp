#include "model/class.h"

#include <algorithm>

#include "base/text.h"

namespace pawl {

namespace {

constexpr std::size_t class_bytes_max = 128;

// What has been said so far; a word that contradicts an earlier one spoils the text.
struct ClassWords {
  std::optional<Reversibility> reversibility;
  std::optional<Blast> blast;
  bool external_sink = false;
  bool read = false;  // the first half of `read only`

  bool take(std::string_view word);
};

template <class T>
bool say(std::optional<T>& mark, T value) {
  if (mark) return false;
  mark = value;
  return true;
}

bool ClassWords::take(std::string_view word) {
  if (read) {
    read = false;
    return word == "only" && say(reversibility, Reversibility::read_only);
  }
  if (word == "read_only") return say(reversibility, Reversibility::read_only);
  if (word == "reversible") return say(reversibility, Reversibility::reversible);
  if (word == "irreversible") return say(reversibility, Reversibility::irreversible);
  if (word == "small") return say(blast, Blast::small);
  if (word == "large") return say(blast, Blast::large);
  if (word == "external_sink" && !external_sink) return external_sink = true;
  return word == "read" && (read = true);
}

}  // namespace

Class more_dangerous(Class a, Class b) {
  return {std::max(a.reversibility, b.reversibility), std::max(a.blast, b.blast),
          a.external_sink || b.external_sink};
}

bool less_dangerous(Class a, Class b) {
  return a.reversibility < b.reversibility || a.blast < b.blast;
}

std::string_view to_string(Reversibility r) {
  switch (r) {
    case Reversibility::read_only:
      return "read_only";
    case Reversibility::reversible:
      return "reversible";
    case Reversibility::irreversible:
      return "irreversible";
  }
  return "irreversible";
}

std::string_view to_string(Blast b) {
  switch (b) {
    case Blast::small:
      return "small";
    case Blast::large:
      return "large";
  }
  return "large";
}

std::string to_string(Class c) {
  std::string out(to_string(c.reversibility));
  if (c.has_effect()) out.append(" ").append(to_string(c.blast));
  if (c.external_sink) out += " external_sink";
  return out;
}

std::optional<Class> parse_class(std::string_view text) {
  if (text.size() > class_bytes_max) return std::nullopt;
  ClassWords words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty() && !words.take(word)) return std::nullopt;
  }
  if (words.read || !words.reversibility) return std::nullopt;
  const bool reads = *words.reversibility == Reversibility::read_only;
  if (reads == words.blast.has_value()) return std::nullopt;  // a read has none, others need one
  return Class{*words.reversibility, words.blast.value_or(Blast::small), words.external_sink};
}

}  // namespace pawl
