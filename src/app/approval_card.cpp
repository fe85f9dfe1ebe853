#include "app/approval_card.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {

std::string card_word(json::View object, std::string_view key) {
  return visible(object.text(key).value_or(""));
}

std::string left_of(json::View question) {
  const json::View left = question["left_ms"];
  const std::int64_t seconds = left.is_integer() ? left.integer() / 1000 : 0;
  return to_string(Duration::seconds(seconds));
}

bool card_flag(json::View object, std::string_view key) {
  const json::View value = object[key];
  return value.exists() && value.kind() == json::Kind::boolean && value.boolean();
}

std::string people_of(json::View question) {
  std::size_t approved = 0;
  for (json::View answer : question["answers"].elements()) {
    approved += answer.text("answer") == "approve" && card_flag(answer, "counts") ? 1 : 0;
  }
  return fmt::format("{} of {}", approved, question["quorum"].natural());
}

namespace {

// What a reader would not see by itself.
std::string marks(json::View argument) {
  std::string text;
  if (const json::View folded = argument["folded"]; folded.exists()) {
    text += fmt::format("… {} more bytes are folded away", folded.natural());
  }
  if (card_flag(argument, "hidden")) text += "   (hidden characters)";
  if (card_flag(argument, "mixed")) text += "   (letters of several alphabets in one word)";
  return text;
}

// What the text to type is: `order_id`.
std::string typed_of(json::View question) {
  std::string names;
  for (json::View name : question["typed_of"].elements()) {
    names += (names.empty() ? "`" : ", `") + visible(name.string()) + "`";
  }
  return names.empty() ? "the tool's name" : names;
}

// The old text of an argument that a reviewer changed, and the new one below it.
void print_argument(json::View question, json::View argument) {
  const json::View asked = question["asked"];
  const std::string name = card_word(argument, "name");
  const std::string text = card_word(argument, "text");
  const auto line = [&](std::string_view sign, std::string_view value) {
    return fmt::format("{} {:<16} {}", sign, name, value);
  };
  const std::string after = paint(Ink::bad, marks(argument));
  if (!asked.is_object()) return out(line(" ", text) + after);
  const json::View before = asked[argument.text("name").value_or("")];
  const std::string was = before.exists() ? visible(json::write(before)) : std::string();
  if (was == text) return out(line(" ", text) + after);
  if (before.exists()) out(paint(Ink::bad, line("-", was)));
  out(paint(Ink::good, line("+", text)) + after);
}

// Arguments that the agent asks for, and that a reviewer left out.
void print_left_out(json::View question) {
  for (const auto& [name, value] : question["asked"].members()) {
    bool there = false;
    for (json::View argument : question["display"].elements()) {
      there = there || argument.text("name") == visible(name);
    }
    if (!there) {
      out(paint(Ink::bad, fmt::format("- {:<16} {}", visible(name), visible(json::write(value)))));
    }
  }
}

void print_judged(json::View question) {
  const std::string judged = card_word(question, "class");
  if (judged.empty()) return;
  const std::string place = card_word(question, "environment");
  out(fmt::format("is        {}{}",
                  paint(judged.starts_with("irrev") ? Ink::bad : Ink::warn, judged),
                  place.empty() ? "" : "   in " + place));
  if (question["rule_at"].exists()) out("rule      " + card_word(question, "rule_at"));
  for (json::View fact : question["facts"].elements()) {
    const std::string line =
        fmt::format("{:<9} {}", card_word(fact, "name"), card_word(fact, "text"));
    out(card_flag(fact, "danger") ? paint(Ink::bad, line) : line);
  }
}

// Line by line, where the call is an edit.
void print_changes(json::View question) {
  if (!question["diff"].exists()) return;
  out("changes");
  for (json::View line : question["diff"].elements()) {
    const std::string sign = card_word(line, "sign");
    const Ink ink = sign == "+" ? Ink::good : sign == "-" ? Ink::bad : Ink::plain;
    out("  " + paint(ink, (sign == "@" ? "…" : sign) + " " + card_word(line, "text")));
  }
}

void print_before(json::View question) {
  if (question["before"].size() > 0) out("before");
  for (json::View step : question["before"].elements()) {
    const std::string tool = card_word(step, "tool");
    const std::string said = card_word(step, "said");
    out(fmt::format("  {:<10} {}", card_word(step, "effect"),
                    tool.empty() || said.empty() ? tool + said : tool + ": " + said));
  }
  if (question["same"].exists()) out("same      " + card_word(question, "same"));
}

}  // namespace

// The card: what decides first, the agent's own words last. Everything through `visible`.
void print_card(json::View question) {
  const bool open = question.text("phase") == "open";
  out(paint(open ? Ink::warn : Ink::strong,
            fmt::format("{}  {}", open ? "HELD" : card_word(question, "phase"),
                        card_word(question, "approval"))) +
      fmt::format("   expires in {}   {} people", left_of(question), people_of(question)));
  out(fmt::format("tool      {}", paint(Ink::strong, card_word(question, "tool"))));
  out(fmt::format("agent     {}   run {}   started by {}", card_word(question, "agent"),
                  card_word(question, "run"), card_word(question, "sponsor")));
  if (question["changed_by"].exists()) {
    out(fmt::format("changed   by {}", card_word(question, "changed_by")));
  }
  if (question["credential"].exists()) {
    out(fmt::format("uses      the credential {}", card_word(question, "credential")));
  }
  out(fmt::format("why       {}", card_word(question, "why")));
  print_judged(question);
  print_changes(question);
  out("arguments");
  if (!question["display"].exists()) {
    out("  " + paint(Ink::bad, card_word(question, "arguments_missing")));
  }
  for (json::View argument : question["display"].elements()) {
    print_argument(question, argument);
    for (json::View note : argument["notes"].elements()) {
      out("  " + paint(Ink::bad, "! " + visible(note.is_string() ? note.string() : "")));
    }
  }
  if (question["asked"].is_object()) print_left_out(question);
  if (!question["shown"].exists()) {
    out(paint(Ink::bad,
              "not all of it is shown, so it cannot be approved like this: see `--full`"));
  }
  if (question["run_steps"].exists()) {
    out(fmt::format("run       {} steps, {} denied so far, since {}",
                    question["run_steps"].natural(), question["run_denials"].natural(),
                    card_word(question, "run_opened")));
  }
  print_before(question);
  for (json::View given : question["answers"].elements()) {
    out(fmt::format("answer    {} by {} {}", card_word(given, "answer"), card_word(given, "person"),
                    card_word(given, "reason")));
  }
  if (card_flag(question, "typed")) {
    out(paint(Ink::warn, fmt::format("approve by typing {}: {}", typed_of(question),
                                     card_word(question, "type_this"))));
  }
}

Result<json::Document> question_of(NodeConnection& node, const Arguments& arguments) {
  json::Writer request;
  request.object().key("op").string("approval").key("id").string(arguments.word("id"));
  request.key("full").boolean(arguments.has("--full")).end();
  return node.ask(request.text());
}

Result<std::string> typed_confirmation(const Arguments& arguments, json::View question) {
  if (!card_flag(question, "typed")) return std::string();
  if (const auto given = arguments.one("--typed")) return *given;
  return ask(fmt::format("type {} to approve, exactly `{}`: ", typed_of(question),
                         card_word(question, "type_this")));
}

Status approvable(json::View question) {
  if (question["shown"].exists()) return {};
  return fail(Fault::refused,
              "its arguments are too long to be shown like this, and what is not shown cannot be "
              "approved: read all of it with `--full`");
}

}  // namespace pawl::app
