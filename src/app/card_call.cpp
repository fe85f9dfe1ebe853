#include "app/card_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/terminal.h"
#include "base/text.h"
#include "model/access.h"

namespace pawl::app {
namespace {

constexpr std::size_t second_bytes = 19;  // of `2026-11-21T08:05:06.123456Z`
constexpr std::size_t name_columns = 16;
constexpr std::string_view agent_says = "the agent says (not verified)";

// What a reader would not see by itself.
std::string flags_of(json::View argument) {
  std::string text;
  if (const json::View folded = argument["folded"]; folded.exists()) {
    text += fmt::format("… {} more bytes are folded away", folded.natural());
  }
  if (card_flag(argument, "hidden")) text += "   (hidden characters)";
  if (card_flag(argument, "mixed")) text += "   (letters of several alphabets in one word)";
  return text;
}

std::string argument_line(std::string_view sign, std::string_view name, std::string_view value) {
  return fmt::format("{} {:<{}} {}", sign, name, name_columns, value);
}

// The old text of an argument that a reviewer changed, and the new one below it.
void print_argument(Lines& page, json::View question, json::View argument) {
  const json::View asked = question["asked"];
  const std::string name = card_word(argument, "name");
  const std::string text = card_word(argument, "text");
  const std::string after = paint(Ink::bad, flags_of(argument));
  const json::View before =
      asked.is_object() ? asked[argument.text("name").value_or("")] : json::View();
  const std::string was = before.exists() ? escape_untrusted(json::write(before)) : std::string();
  if (asked.is_object() && was != text) {
    if (before.exists()) page.push_back(paint(Ink::bad, argument_line("-", name, was)));
    page.push_back(paint(Ink::good, argument_line("+", name, text)) + after);
  } else {
    const MarkedText marked = marked_text(text, argument["marks"], colours());
    page.push_back(argument_line(" ", name, marked.text) + after);
    if (!marked.under.empty()) {
      const std::size_t wide = std::max(columns(name), name_columns);
      page.push_back(std::string(2 + wide + 1, ' ') + marked.under);
    }
  }
  for (json::View note : argument["notes"].elements()) {
    page.push_back("  " +
                   paint(Ink::bad, "! " + escape_untrusted(note.is_string() ? note.string() : "")));
  }
}

bool is_access(json::View question) {
  return asks_for_access(question.text("tool").value_or(""));
}

// The agent's own words in a request for access.
bool is_reason(json::View question, std::string_view argument) {
  return is_access(question) && argument == "why";
}

// Arguments that the agent asks for, and that a reviewer left out: its reason, or all others.
void print_left_out(Lines& page, json::View question, bool reason) {
  for (const auto& [name, value] : question["asked"].members()) {
    bool there = is_reason(question, name) != reason;
    for (json::View argument : question["display"].elements()) {
      there = there || argument.text("name") == escape_untrusted(name);
    }
    if (there) continue;
    page.push_back(paint(Ink::bad, argument_line("-", escape_untrusted(name),
                                                 escape_untrusted(json::write(value)))));
  }
}

void print_judged(Lines& page, json::View question) {
  const std::string judged = card_word(question, "class");
  const std::string place = card_word(question, "environment");
  page.push_back(fmt::format(
      "is        {}{}",
      judged.empty() ? paint(Ink::bad, "of a class that is not known")
                     : paint(judged.starts_with("irrev") ? Ink::bad : Ink::warn, judged),
      place.empty() ? "" : "   in " + place));
  if (question["rule_at"].exists()) page.push_back("rule      " + card_word(question, "rule_at"));
  for (json::View fact : question["facts"].elements()) {
    const std::string line =
        fmt::format("{:<9} {}", card_word(fact, "name"), card_word(fact, "text"));
    page.push_back(card_flag(fact, "danger") ? paint(Ink::bad, line) : line);
  }
  if (question["facts_missing"].exists()) {
    page.push_back(paint(Ink::warn, "missing   " + card_word(question, "facts_missing")));
  }
}

// Line by line, where the call is an edit: the number before, the number after, and the line.
void print_changes(Lines& page, json::View question) {
  if (!question["diff"].exists()) return;
  page.push_back("changes");
  const auto number = [](json::View line, std::string_view key) {
    return line[key].is_integer() ? std::to_string(line[key].natural()) : std::string();
  };
  for (json::View line : question["diff"].elements()) {
    const std::string sign = card_word(line, "sign");
    const Ink ink = sign == "+" ? Ink::good : sign == "-" ? Ink::bad : Ink::plain;
    page.push_back(
        fmt::format("  {:>4} {:>4} {}", number(line, "old"), number(line, "new"),
                    paint(ink, (sign == "@" ? "…" : sign) + " " + card_word(line, "text"))));
  }
}

// A request for access is no call: what would be granted, without the agent's reason for it.
void print_granted(Lines& page, json::View question) {
  std::string wanted = card_word(question, "tool");
  if (const std::size_t at = wanted.find(access_prefix); at != std::string::npos) {
    wanted.erase(at, access_prefix.size());
  }
  page.push_back(fmt::format("grants    the use of {} to run {}, and to nothing else",
                             paint(Ink::strong, wanted), card_word(question, "run")));
  page.emplace_back("          every call is still judged by itself");
  page.emplace_back("within    what its line in the policy says, and");
  bool narrower = false;
  for (json::View argument : question["display"].elements()) {
    if (is_reason(question, argument.text("name").value_or(""))) continue;
    print_argument(page, question, argument);
    narrower = true;
  }
  if (!narrower)
    page.emplace_back("  nothing that is narrower: no time, count or argument is fixed");
}

}  // namespace

MarkedText marked_text(std::string_view shown, json::View marks, bool colours) {
  MarkedText marked;
  std::size_t at = 0;
  for (json::View mark : marks.elements()) {
    const std::size_t from = mark["from"].is_integer() ? mark["from"].natural() : shown.size();
    const std::size_t to = mark["to"].is_integer() ? mark["to"].natural() : 0;
    if (!is_ascii(shown) || from < at || to <= from || to > shown.size()) continue;
    marked.text += shown.substr(at, from - at);
    const std::string_view part = shown.substr(from, to - from);
    marked.text += colours ? paint(Ink::bad, part) : std::string(part);
    if (!colours) {
      marked.under.resize(from, ' ');
      marked.under.append(to - from, '^');
    }
    at = to;
  }
  marked.text += shown.substr(at);
  return marked;
}

void print_call(Lines& page, json::View question) {
  print_judged(page, question);
  if (!question["display"].exists()) {
    page.push_back("arguments " + paint(Ink::bad, card_word(question, "arguments_missing")));
  } else if (is_access(question)) {
    print_granted(page, question);
  } else {
    print_changes(page, question);
    page.emplace_back("arguments");
    for (json::View argument : question["display"].elements()) {
      print_argument(page, question, argument);
    }
  }
  if (question["asked"].is_object()) print_left_out(page, question, false);
  if (!question["shown"].exists()) {
    page.push_back(paint(
        Ink::bad, "not all of it is shown, so it cannot be approved like this: see `--full`"));
  }
}

void print_before(Lines& page, json::View question) {
  const bool earlier = question["earlier"].exists();
  if (question["before"].size() > 0 || earlier) page.push_back("before");
  if (earlier) page.push_back("  " + paint(Ink::warn, card_word(question, "earlier")));
  for (json::View step : question["before"].elements()) {
    const std::string tool = card_word(step, "tool");
    const std::string said = card_word(step, "said");
    page.push_back(fmt::format("  {}Z  {:<10} {}", card_word(step, "at").substr(0, second_bytes),
                               card_word(step, "effect"),
                               tool.empty() || said.empty() ? tool + said : tool + ": " + said));
  }
  if (question["same_tool"].exists()) {
    page.push_back("same tool " + card_word(question, "same_tool"));
  }
}

void print_words(Lines& page, json::View question) {
  if (question["talk"].size() > 0) page.push_back("asked");
  if (card_flag(question, "agent_asked")) page.push_back("  the agent has not answered that yet");
  for (json::View remark : question["talk"].elements()) {
    const std::string person = card_word(remark, "person");
    if (!person.empty()) {
      page.push_back(fmt::format("  {} asks: {}", person, card_word(remark, "text")));
      continue;
    }
    const bool there = remark["text"].exists();
    page.push_back(paint(Ink::warn, fmt::format("  {}: ", agent_says)) +
                   (there ? card_word(remark, "text") : card_word(remark, "missing")) +
                   (card_flag(remark, "hidden") ? paint(Ink::bad, "   (hidden characters)") : ""));
  }
  if (!is_access(question)) return;
  page.push_back(paint(Ink::warn, fmt::format("{}:", agent_says)));
  for (json::View argument : question["display"].elements()) {
    if (is_reason(question, argument.text("name").value_or(""))) {
      print_argument(page, question, argument);
    }
  }
  if (question["asked"].is_object()) print_left_out(page, question, true);
}

}  // namespace pawl::app
