// `pawl approvals …`: the queue in a terminal, and its answers.
#include <algorithm>

#include <fmt/format.h>

#include "app/approval_card.h"
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
    rows.push_back({card_word(question, "approval"), card_word(question, "agent"),
                    card_word(question, "tool"), people_of(question), left_of(question),
                    card_word(question, "phase"), card_word(question, "why")});
  }
  out(table(rows, {"question", "agent", "tool", "people", "left", "state", "why"}));
  return exit_good;
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

int give(const Arguments& arguments, bool approve) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = question_of(*node, arguments);
  if (!answer) return complain(answer.error());
  const json::View question = answer->root()["approval"];
  if (!arguments.has("--json")) print_card(question);
  std::string typed;
  if (approve) {
    if (Status whole = approvable(question); !whole) return complain(whole.error());
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
  const std::string phase = after ? card_word(after->root()["approval"], "phase") : "";
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
