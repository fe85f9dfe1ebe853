// `pawl approvals …`: the queue in a terminal, and its answers.
#include <algorithm>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kAs = {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kReason = {"--reason", "TEXT",
                               "words that go to the agent and into the record"};
constexpr OptionRow kTyped = {"--typed", "TEXT",
                              "what the question asks to be typed; otherwise the terminal asks"};
constexpr OptionRow kFull = {"--full", "", "shows long arguments whole, however long",
                             Takes::nothing};
constexpr OptionRow kListOptions[] = {json_option, state_option, config_option};
constexpr OptionRow kShowOptions[] = {kFull, json_option, state_option, config_option};
constexpr OptionRow kAnswerOptions[] = {kAs,         kReason,      kTyped,       kFull,
                                        json_option, state_option, config_option};
constexpr WordRow kId[] = {{"id", "the question, as `approvals list` names it"}};

std::string word(json::View object, std::string_view key) {
  return visible(object.text(key).value_or(""));
}

std::string left_of(json::View question) {
  const json::View left = question["left_ms"];
  const std::int64_t seconds = left.is_integer() ? left.integer() / 1000 : 0;
  return to_string(Duration::seconds(seconds));
}

bool flag(json::View object, std::string_view key) {
  const json::View value = object[key];
  return value.exists() && value.kind() == json::Kind::boolean && value.boolean();
}

std::string people_of(json::View question) {
  std::size_t approved = 0;
  for (json::View answer : question["answers"].elements()) {
    approved += answer.text("answer") == "approve" ? 1 : 0;
  }
  return fmt::format("{} of {}", approved, question["quorum"].natural());
}

int list(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(R"({"op":"approvals"})");
  if (!answer) return complain(answer.error());
  const json::View questions = answer->root()["approvals"];
  if (arguments.has("--json")) {
    out(json::write(questions));
    return exit_good;
  }
  if (questions.size() == 0) {
    out("nothing waits for a person");
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View question : questions.elements()) {
    rows.push_back({word(question, "approval"), word(question, "agent"), word(question, "tool"),
                    people_of(question), left_of(question), word(question, "phase"),
                    word(question, "why")});
  }
  out(table(rows, {"question", "agent", "tool", "people", "left", "state", "why"}));
  return exit_good;
}

// What a reader would not see by itself.
std::string marks(json::View argument) {
  std::string text;
  if (const json::View folded = argument["folded"]; folded.exists()) {
    text += fmt::format("… {} more bytes are folded away", folded.natural());
  }
  if (flag(argument, "hidden")) text += "   (hidden characters)";
  if (flag(argument, "mixed")) text += "   (letters of several alphabets in one word)";
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

// The card: what decides first, the agent's own words last. Everything through `visible`.
void print_card(json::View question) {
  const bool open = question.text("phase") == "open";
  out(paint(open ? Ink::warn : Ink::strong,
            fmt::format("{}  {}", open ? "HELD" : word(question, "phase"),
                        word(question, "approval"))) +
      fmt::format("   expires in {}   {} people", left_of(question), people_of(question)));
  out(fmt::format("tool      {}", paint(Ink::strong, word(question, "tool"))));
  out(fmt::format("agent     {}   run {}   started by {}", word(question, "agent"),
                  word(question, "run"), word(question, "sponsor")));
  if (question["credential"].exists()) {
    out(fmt::format("uses      the credential {}", word(question, "credential")));
  }
  out(fmt::format("why       {}", word(question, "why")));
  out("arguments");
  if (!question["display"].exists()) {
    out("  " + paint(Ink::bad, word(question, "arguments_missing")));
  }
  for (json::View argument : question["display"].elements()) {
    out(fmt::format("  {:<16} {}{}", word(argument, "name"), word(argument, "text"),
                    paint(Ink::bad, marks(argument))));
  }
  if (!question["shown"].exists()) {
    out(paint(Ink::bad,
              "not all of it is shown, so it cannot be approved like this: see `--full`"));
  }
  if (question["run_steps"].exists()) {
    out(fmt::format("run       {} steps, {} denied so far, since {}",
                    question["run_steps"].natural(), question["run_denials"].natural(),
                    word(question, "run_opened")));
  }
  for (json::View given : question["answers"].elements()) {
    out(fmt::format("answer    {} by {} {}", word(given, "answer"), word(given, "person"),
                    word(given, "reason")));
  }
  if (flag(question, "typed")) {
    out(paint(Ink::warn, fmt::format("approve by typing {}: {}", typed_of(question),
                                     word(question, "type_this"))));
  }
}

Result<json::Document> question_of(NodeConnection& node, const Arguments& arguments) {
  json::Writer request;
  request.object().key("op").string("approval").key("id").string(arguments.word("id"));
  request.key("full").boolean(arguments.has("--full")).end();
  return node.ask(request.text());
}

int show(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = question_of(*node, arguments);
  if (!answer) return complain(answer.error());
  const json::View question = answer->root()["approval"];
  if (arguments.has("--json")) {
    out(json::write(question));
  } else {
    print_card(question);
  }
  return exit_good;
}

Result<std::string> typed_confirmation(const Arguments& arguments, json::View question) {
  if (!flag(question, "typed")) return std::string();
  if (const auto given = arguments.one("--typed")) return *given;
  return ask(fmt::format("type {} to approve, exactly `{}`: ", typed_of(question),
                         word(question, "type_this")));
}

int give(const Arguments& arguments, bool approve) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = question_of(*node, arguments);
  if (!answer) return complain(answer.error());
  const json::View question = answer->root()["approval"];
  if (!arguments.has("--json")) print_card(question);
  std::string typed;
  if (approve) {
    if (!question["shown"].exists()) {
      return complain({Fault::refused,
                       "its arguments are too long to be shown like this, and what is not shown "
                       "cannot be approved: read all of it with `--full`",
                       {}});
    }
    auto given = typed_confirmation(arguments, question);
    if (!given) return complain(given.error());
    typed = std::move(*given);
  }
  json::Writer act_text;
  act_text.object().key("approval").string(question.text("approval").value_or(""));
  act_text.key("approve").boolean(approve).key("kind").string("answer");
  act_text.key("reason").string(arguments.one("--reason").value_or(""));
  act_text.key("shown").string(question.text("shown").value_or(""));
  act_text.key("typed").string(typed).end();
  auto done = act(*node, acting_person(arguments), act_text.text());
  if (!done) return complain(done.error());
  auto after = question_of(*node, arguments);
  const std::string phase = after ? word(after->root()["approval"], "phase") : "";
  if (arguments.has("--json")) {
    json::Writer result;
    result.object().key("approval").string(arguments.word("id")).key("phase").string(phase).end();
    out(result.text());
  } else {
    out(paint(approve ? Ink::good : Ink::bad, approve ? "approved" : "rejected") +
        fmt::format(" by {}; the question is now {}", visible(acting_person(arguments)), phase));
  }
  return exit_good;
}

int approve(const Arguments& arguments) {
  return give(arguments, true);
}
int deny(const Arguments& arguments) {
  return give(arguments, false);
}

}  // namespace

extern const CommandRow approvals_list_command = {
    "approvals list", "run", "lists the calls that wait for a person", kListOptions, {}, list};
extern const CommandRow approvals_show_command = {
    "approvals show", "run", "shows one question with everything needed to answer it",
    kShowOptions,     kId,   show};
extern const CommandRow approvals_approve_command = {
    "approvals approve", "run", "approves exactly the call that is shown, once",
    kAnswerOptions,      kId,   approve};
extern const CommandRow approvals_deny_command = {
    "approvals deny", "run", "rejects a call; the reason goes to the agent",
    kAnswerOptions,   kId,   deny};

}  // namespace pawl::app
