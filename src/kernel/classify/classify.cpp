#include "kernel/classify/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kernel/classify/verbs.h"

namespace pawl {
namespace {

constexpr Class final_small{Reversibility::irreversible, Blast::small, false};
constexpr Class final_large{Reversibility::irreversible, Blast::large, false};
constexpr Class any_effect{Reversibility::reversible, Blast::small, false};
constexpr Class outside_read{Reversibility::read_only, Blast::small, true};

bool equals_any(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The class so far and what raised it.
class Reading {
 public:
  explicit Reading(Class start) : class_(start) {}

  // Raises the class; a reason is kept where that changed something.
  void raise(Class to, std::string_view source, std::string_view word) {
    Class next = more_dangerous(class_, to);
    if (next == class_) return;
    class_ = next;
    note(source, word);
  }
  void note(std::string_view source, std::string_view word) {
    if (!why_.empty()) why_ += "; ";
    why_ += fmt::format("{}: {}", source, word);
  }

  Class now() const { return class_; }
  Placement placement() && {
    // A read has no blast radius.
    if (!class_.has_effect()) class_.blast = Blast::small;
    return {class_, true, std::move(why_)};
  }

 private:
  Class class_;
  std::string why_;
};

class NameReader {
 public:
  explicit NameReader(std::string_view name) : words_(words_of(name)) {
    star_ = name.find('*') != std::string_view::npos;
  }

  std::optional<Placement> read();

 private:
  std::size_t take(std::size_t i);  // how many words were read
  void place(Class c, std::string_view word);
  void raise_by_nouns();
  void raise_by_value();

  std::vector<std::string> words_;
  bool star_ = false;
  bool verb_seen_ = false;  // in this clause
  std::optional<Reading> reading_;
};

void NameReader::place(Class c, std::string_view word) {
  verb_seen_ = true;
  if (!reading_) {
    reading_.emplace(c);
    reading_->note("name", word);
  } else {
    reading_->raise(c, "name", word);
  }
}

std::size_t NameReader::take(std::size_t i) {
  constexpr std::array<std::string_view, 4> joints = {"and", "or", "plus", "then"};
  const std::string& word = words_[i];
  if (i + 1 < words_.size()) {
    if (const Phrase* phrase = find_phrase(word, words_[i + 1])) {
      if (phrase->counts) place(phrase->means, fmt::format("{} {}", word, words_[i + 1]));
      return 2;
    }
  }
  if (equals_any(word, joints)) {
    verb_seen_ = false;
  } else if (const Verb* verb = find_verb(word); verb != nullptr) {
    if (!verb->also_noun || !verb_seen_) {
      place(Class{verb->reversibility, verb->blast, verb->sink}, word);
    }
  }
  return 1;
}

void NameReader::raise_by_nouns() {
  constexpr std::array<std::string_view, 13> making = {
      "add",  "append", "create", "enqueue", "insert",   "make", "new",
      "open", "put",    "queue",  "save",    "schedule", "write"};
  const bool draft = std::ranges::find(words_, "draft") != words_.end();
  const bool makes =
      std::ranges::any_of(words_, [&](const std::string& w) { return equals_any(w, making); });
  for (const std::string& word : words_) {
    if (is_outside(word)) reading_->raise(outside_read, "name", word);
    if (makes && !draft && is_message(word)) {
      reading_->raise({Reversibility::irreversible, Blast::small, true}, "name", word);
    }
  }
  for (const std::string& word : words_) {
    const Class now = reading_->now();
    if (!now.has_effect() || !makes_large(word, now.reversibility)) continue;
    reading_->raise({now.reversibility, Blast::large, false}, "name", word);
  }
  if (star_ && reading_->now().has_effect()) reading_->raise(final_large, "name", "*");
  raise_by_value();
}

// What is worth more than its verb says: money, and what gives access.
void NameReader::raise_by_value() {
  constexpr std::array<std::string_view, 4> confirming = {"confirm", "resolve", "validate",
                                                          "verify"};
  const bool confirms =
      std::ranges::any_of(words_, [&](const std::string& w) { return equals_any(w, confirming); });
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const bool acts = confirms || reading_->now().has_effect();
    if (acts && is_payment(words_[i])) reading_->raise(final_small, "name", words_[i]);
    if (reading_->now().has_effect() && gives_access(words_[i])) {
      reading_->raise(final_small, "name", words_[i]);
    }
    if (const std::size_t length = names_secret(words_, i); length > 0) {
      reading_->raise(final_small, "name", words_[i + length - 1]);
    }
  }
  // `get_env`: all that was given to the program.
  const std::string& last = words_.back();
  const bool described = words_.front() == "describe";  // one that there is for deploying to
  const bool environment = last == "env" || (last == "environment" && !described);
  if (environment && !reading_->now().has_effect()) reading_->raise(final_small, "name", last);
}

std::optional<Placement> NameReader::read() {
  for (std::size_t i = 0; i < words_.size();) i += take(i);
  if (!reading_) return std::nullopt;
  raise_by_nouns();
  return std::move(*reading_).placement();
}

// Words of a description, with the few before each that could negate it.
bool negated(const std::vector<std::string>& words, std::size_t at) {
  constexpr std::array<std::string_view, 18> negations = {
      "aren",  "avoid", "can", "cannot", "didn",    "doesn", "don",     "instead", "isn",
      "never", "no",    "non", "not",    "nothing", "nor",   "prevent", "without", "won"};
  constexpr std::size_t reach = 3;
  for (std::size_t i = at > reach ? at - reach : 0; i < at; ++i) {
    // `can` only as the first half of `can't`.
    if (words[i] == "can" && (i + 1 >= words.size() || words[i + 1] != "t")) continue;
    if (equals_any(words[i], negations)) return true;
  }
  return false;
}

// Whether the words before say that something is needed, and not that it is touched: `requires an
// API key`, `set the environment variable X`.
bool is_needed(const std::vector<std::string>& words, std::size_t at) {
  constexpr std::array<std::string_view, 14> needs = {
      "authenticated", "configured", "given",    "need",     "needed", "needs", "provide",
      "provided",      "require",    "required", "requires", "set",    "using", "via"};
  constexpr std::size_t reach = 4;
  for (std::size_t i = at > reach ? at - reach : 0; i < at; ++i) {
    if (equals_any(words[i], needs)) return true;
  }
  return false;
}

// A description that speaks of money or of what gives access.
void read_value(const std::vector<std::string>& words, Reading& reading) {
  constexpr std::array<std::string_view, 11> paying = {"bills",     "buy",     "buys",   "charge",
                                                       "charges",   "pay",     "paying", "pays",
                                                       "purchases", "refunds", "settles"};
  constexpr std::array<std::string_view, 28> moving = {
      "authorise", "authorises", "authorize", "authorizes", "capture",  "captures",  "complete",
      "completes", "confirm",    "confirms",  "execute",    "executes", "finalizes", "initiate",
      "initiates", "issues",     "make",      "makes",      "making",   "performs",  "process",
      "processes", "send",       "sends",     "settle",     "submit",   "submits",   "triggers"};
  constexpr std::array<std::string_view, 6> whole = {"all",    "complete", "current",
                                                     "entire", "process",  "whole"};
  constexpr std::size_t reach = 4;
  std::size_t moved = 0;  // words until which something is moved
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (negated(words, i)) continue;
    if (equals_any(words[i], moving)) moved = i + reach;
    const bool money = is_payment(words[i]) && (i <= moved || reading.now().has_effect());
    if (money || equals_any(words[i], paying)) {
      reading.raise(final_small, "description", words[i]);
    }
    const bool environment = words[i] == "environment" && i > 0 && equals_any(words[i - 1], whole);
    const bool secret = environment || names_secret(words, i) > 0;
    if (secret && !is_needed(words, i)) reading.raise(final_small, "description", words[i]);
  }
}

// The verb that a word of a sentence says of the tool: `creates`, `sends`, `copies`; at the head of
// a description also `create`. Null: none, or one that a tool which only reads may do as well.
const Verb* effect_of(std::string_view word, bool imperative) {
  constexpr std::array<std::string_view, 19> harmless = {
      "build",   "cache",   "compile",    "connect", "convert", "execute",   "generate",
      "index",   "init",    "initialize", "install", "load",    "normalize", "open",
      "perform", "prepare", "process",    "refresh", "run"};
  const Verb* verb = imperative ? find_verb(word) : nullptr;
  if (verb == nullptr && word.ends_with('s')) {
    verb = find_verb(word.substr(0, word.size() - 1));
    if (verb == nullptr && word.ends_with("es")) verb = find_verb(word.substr(0, word.size() - 2));
    if (verb == nullptr && word.ends_with("ies")) {
      verb = find_verb(std::string(word.substr(0, word.size() - 3)) + "y");
    }
  }
  const bool effect = verb != nullptr && verb->reversibility != Reversibility::read_only;
  return effect && !equals_any(verb->word, harmless) ? verb : nullptr;
}

// A sentence that says what else the tool does: `Creates a link`, `…, and emails it`. Nouns of the
// same spelling (`lists posts and comments`) have no article behind them.
void read_effects(const std::vector<std::string>& words, bool first_sentence, Reading& reading) {
  constexpr std::array<std::string_view, 3> joints = {"also", "and", "then"};
  constexpr std::array<std::string_view, 13> objects = {
      "a", "all", "an", "any", "each", "every", "it", "its", "new", "that", "the", "them", "this"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool head = i == 0;
    if (!head && !equals_any(words[i - 1], joints)) continue;
    const bool has_object = i + 1 < words.size() && equals_any(words[i + 1], objects);
    const Verb* verb = effect_of(words[i], head && first_sentence);
    if (verb == nullptr || negated(words, i) || (!has_object && (!head || verb->also_noun)))
      continue;
    reading.raise({verb->reversibility, verb->blast, verb->sink}, "description", words[i]);
  }
}

void read_description(std::string_view text, Reading& reading) {
  constexpr std::array<std::string_view, 25> strong = {
      "delete",       "deletes",      "deleting",      "destroy",   "destroys",
      "destroying",   "drops",        "erase",         "erases",    "erasing",
      "irreversible", "irreversibly", "irrevocably",   "overwrite", "overwrites",
      "overwriting",  "permanently",  "purge",         "purges",    "terminates",
      "truncate",     "truncates",    "unrecoverable", "wipe",      "wipes"};
  constexpr std::array<std::string_view, 8> programs = {"code",    "command", "commands", "query",
                                                        "queries", "script",  "scripts",  "sql"};
  const std::vector<std::string> words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (equals_any(words[i], strong) && !negated(words, i)) {
      reading.raise(final_small, "description", words[i]);
    }
    const bool drop = words[i] == "drop" && i + 1 < words.size() && words[i + 1] != "down" &&
                      words[i + 1] != "in" && words[i + 1] != "off";
    if (drop && !negated(words, i)) reading.raise(final_small, "description", words[i]);
    // `cannot be undone` is strong because of its negation.
    if (words[i] == "undone" && negated(words, i)) {
      reading.raise(final_small, "description", "cannot be undone");
    }
    if (words[i] == "arbitrary" && i + 1 < words.size()) {
      const std::size_t next = words[i + 1] == "shell" ? i + 2 : i + 1;
      if (next < words.size() && equals_any(words[next], programs) && !negated(words, i)) {
        reading.raise(final_large, "description", "arbitrary " + words[next]);
      }
    }
  }
  read_value(words, reading);
  if (reading.now().has_effect()) return;
  bool first = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(".;:!\n", begin), text.size());
    read_effects(words_of(text.substr(begin, end - begin)), std::exchange(first, false), reading);
    begin = end + 1;
  }
}

void read_arguments(const Shape& shape, Reading& reading) {
  constexpr std::array<std::string_view, 6> programs = {"argv",   "cmd",   "command",
                                                        "script", "shell", "sql"};
  constexpr std::array<std::string_view, 6> addresses = {"endpoint", "href", "uri",
                                                         "url",      "urls", "webhook"};
  constexpr std::array<std::string_view, 7> flags = {
      "delete", "force", "overwrite", "permanent", "permanently", "purge", "wipe"};
  for (const Shape::Property& property : shape.properties) {
    const std::vector<std::string> words = words_of(property.name);
    if (words.empty()) continue;
    const ValueType type = property.shape.type;
    const bool text =
        type == ValueType::string || type == ValueType::array || type == ValueType::any;
    if (text && equals_any(words.back(), programs)) {
      reading.raise(final_large, "argument", property.name);
    }
    if (text && equals_any(words.back(), addresses)) {
      reading.raise(outside_read, "argument", property.name);
    }
    const bool flag = type == ValueType::boolean || type == ValueType::any;
    if (flag && reading.now().has_effect() && equals_any(words.back(), flags)) {
      reading.raise(final_small, "argument", property.name);
    }
  }
}

void read_hints(const ToolDefinition::Hints& hints, Reading& reading) {
  if (hints.read_only == false) reading.raise(any_effect, "annotation", "readOnlyHint");
  if (hints.destructive == true) reading.raise(final_small, "annotation", "destructiveHint");
  if (hints.open_world == true) reading.raise(outside_read, "annotation", "openWorldHint");
}

}  // namespace

Placement classify_name(std::string_view tool_name) {
  // A word in another alphabet may be any verb, or a known one in disguise.
  if (!is_ascii(tool_name)) return {kMostDangerous, false, "the name has letters beyond ASCII"};
  std::optional<Placement> placed = NameReader(tool_name).read();
  if (!placed) return {kMostDangerous, false, "no word of the name is a known verb"};
  return std::move(*placed);
}

Placement classify(const ToolDefinition& tool) {
  Placement named = classify_name(tool.name);
  if (!named.placed) return named;
  Reading reading(named.action_class);
  read_description(tool.title, reading);
  read_description(tool.description, reading);
  read_arguments(tool.arguments, reading);
  read_hints(tool.hints, reading);
  Placement out = std::move(reading).placement();
  out.why = out.why.empty() ? named.why : fmt::format("{}; {}", named.why, out.why);
  return out;
}

}  // namespace pawl
