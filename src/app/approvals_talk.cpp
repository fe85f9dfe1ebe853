// `pawl approvals ask` and `pass`: what is said about a question without answering it.
#include <string>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kReviewerWhoTalks = {"--as", "NAME",
                                         "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kOptionsOfAsk[] = {kReviewerWhoTalks, json_option, state_option, config_option};
constexpr OptionRow kOptionsOfPass[] = {kReviewerWhoTalks,
                                        {"--reason", "TEXT", "why, for whoever gets it"},
                                        json_option,
                                        state_option,
                                        config_option};
constexpr WordRow kWordsOfAsk[] = {
    {"id", "the question, as `approvals list` names it"},
    {"text", "what the agent is asked: a text of at most 1000 bytes"}};
constexpr WordRow kWordsOfPass[] = {{"id", "the question, as `approvals list` names it"},
                                    {"to", "a person or a group among those who may answer it"}};

int said(const Arguments& arguments, const std::string& act_text, const std::string& sentence) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto done = act(*node, arguments, act_text);
  if (!done) return complain(done.error());
  if (arguments.has("--json")) {
    json::Writer result;
    result.object().key("approval").string(arguments.word("id")).key("ok").boolean(true).end();
    out(result.text());
  } else {
    out(sentence);
  }
  return exit_good;
}

int ask_agent(const Arguments& arguments) {
  json::Writer act_text;
  act_text.object().key("approval").string(arguments.word("id")).key("kind").string("ask");
  act_text.key("text").string(arguments.word("text")).end();
  return said(arguments, act_text.text(),
              fmt::format("the agent is asked; the question {} stays open, with its time",
                          escape_untrusted(arguments.word("id"))));
}

int pass_on(const Arguments& arguments) {
  json::Writer act_text;
  act_text.object().key("approval").string(arguments.word("id")).key("kind").string("pass");
  act_text.key("reason").string(arguments.one("--reason").value_or(""));
  act_text.key("to").string(arguments.word("to")).end();
  return said(arguments, act_text.text(),
              fmt::format("passed on to {}; whoever could answer it still can",
                          escape_untrusted(arguments.word("to"))));
}

}  // namespace

extern const CommandRow approvals_ask_command = {
    "approvals ask",
    "run",
    "asks the agent something about its call before it is answered",
    kOptionsOfAsk,
    kWordsOfAsk,
    ask_agent,
    "The agent reads the text with the pending answer to its call, at once if it waits. It says "
    "something to it by calling again with the same arguments and `pawl_answer`; `approvals show` "
    "has its words, marked as its own. The call, who may answer and until when stay as they are."};
extern const CommandRow approvals_pass_command = {
    "approvals pass",
    "run",
    "passes a question on to another person or group that may answer it",
    kOptionsOfPass,
    kWordsOfPass,
    pass_on,
    "Nobody gets a right by it and nobody loses one: they are told, and `approvals list` says for "
    "whom the question is."};

}  // namespace pawl::app
