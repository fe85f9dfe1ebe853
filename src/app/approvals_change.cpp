// `pawl approvals change`: approves a call with other arguments than its agent asked for.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"
#include "gate/gate.h"

namespace pawl::app {
namespace {

constexpr OptionRow kOptionsOfChange[] = {
    {"--arguments", "FILE", "all arguments of the call, as one JSON object"},
    {"--set", "NAME=VALUE", "one argument, as JSON or as a text; others stay as they are",
     Takes::many},
    {"--unset", "NAME", "leaves an argument out", Takes::many},
    {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"},
    {"--reason", "TEXT", "why, for the agent and the record"},
    {"--typed", "TEXT", "what the question asks to be typed; otherwise the terminal asks"},
    {"--full", "", "shows long arguments whole, however long", Takes::nothing},
    {"--yes", "", "does not ask once more", Takes::nothing},
    json_option,
    state_option,
    config_option};
constexpr WordRow kQuestionToChange[] = {{"id", "the question, as `approvals list` names it"}};

// A value as it was typed: JSON where it is JSON, else the text itself.
void write_value(const std::string& given, json::Writer& out) {
  if (const auto document = json::parse(given)) {
    out.value(document->root());
  } else {
    out.string(given);
  }
}

// The arguments of the question with those of `--set` and without those of `--unset`.
Result<std::string> edited(json::View arguments, const Arguments& given) {
  std::map<std::string, std::string> set;
  for (const std::string& one : given.many("--set")) {
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorKind::usage, "`--set " + escape_untrusted(one) + "` is not NAME=VALUE");
    }
    set[one.substr(0, equals)] = one.substr(equals + 1);
  }
  const std::vector<std::string> unset = given.many("--unset");
  json::Writer out;
  out.object();
  std::map<std::string, json::View> members;
  for (const auto& [name, value] : arguments.members()) members.emplace(name, value);
  for (const std::string& name : unset) {
    if (members.erase(name) == 0) {
      return fail(ErrorKind::usage, "the call has no argument `" + escape_untrusted(name) + "`");
    }
  }
  for (const auto& [name, text] : set) members.emplace(name, json::View());
  for (const auto& [name, value] : members) {
    out.key(name);
    if (const auto other = set.find(name); other != set.end()) {
      write_value(other->second, out);
    } else {
      out.value(value);
    }
  }
  return out.end().take();
}

Result<std::string> wanted_arguments(json::View question, const Arguments& arguments) {
  const bool parts = !arguments.many("--set").empty() || !arguments.many("--unset").empty();
  const auto file = arguments.one("--arguments");
  if (parts == file.has_value()) {
    return fail(ErrorKind::usage,
                "say what to change: `--set NAME=VALUE`, `--unset NAME`, or all of "
                "it with `--arguments FILE`");
  }
  if (parts) return edited(question["arguments"], arguments);
  const auto text = read_file(*file, changed_arguments_bytes_max);
  if (!text) return std::unexpected(text.error());
  const auto document = json::parse(*text);
  if (!document) return std::unexpected(document.error());
  return json::write(document->root());
}

Result<json::Document> as_it_would_be(NodeConnection& node, const Arguments& arguments,
                                      const std::string& wanted) {
  json::Writer request;
  request.object().key("arguments").raw(wanted);
  request.key("full").boolean(arguments.has("--full"));
  request.key("id").string(arguments.word("id")).key("op").string("change").end();
  return node.ask(request.text());
}

Result<bool> sure(const Arguments& arguments, json::View question) {
  if (arguments.has("--yes") || card_flag(question, "typed")) return true;
  auto said = ask("approve the call with these arguments? [y/N] ");
  if (!said) return std::unexpected(said.error());
  return *said == "y" || *said == "yes";
}

int change(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto now = question_of(*node, arguments);
  if (!now) return complain(now.error());
  const auto wanted = wanted_arguments(now->root()["approval"], arguments);
  if (!wanted) return complain(wanted.error());
  const auto would = as_it_would_be(*node, arguments, *wanted);
  if (!would) return complain(would.error());
  const json::View question = would->root()["approval"];
  if (!arguments.has("--json")) print_card(question);
  if (Status whole = approvable(question); !whole) return complain(whole.error());
  const auto go_on = sure(arguments, question);
  if (!go_on) return complain(go_on.error());
  if (!*go_on) return exit_no;
  const auto typed = typed_confirmation(arguments, question);
  if (!typed) return complain(typed.error());

  json::Writer act_text;
  act_text.object().key("approval").string(question.text("approval").value_or(""));
  act_text.key("arguments").value(question["arguments"]).key("kind").string("change");
  act_text.key("reason").string(arguments.one("--reason").value_or(""));
  act_text.key("shown").string(question.text("shown").value_or(""));
  act_text.key("typed").string(*typed).end();
  const auto person = acting_person(*node, arguments);
  if (!person) return complain(person.error());
  const auto done = act(*node, *person, act_text.text());
  if (!done) return complain(done.error());
  const auto after = question_of(*node, arguments);
  const std::string phase = after ? card_word(after->root()["approval"], "phase") : "";
  say_answered(arguments, *person, done->root(), phase, paint(Ink::good, "changed and approved"));
  return exit_good;
}

}  // namespace

extern const CommandRow approvals_change_command = {
    "approvals change",
    "run",
    "approves a call with other arguments than its agent asked for",
    kOptionsOfChange,
    kQuestionToChange,
    change,
    "The changed call goes through the policy like any other: what the policy denies, or what it "
    "would ask other or more people for, cannot be made of it. Approvals that others gave before "
    "were of another call and count no more. The agent is told what ran instead of its own call."};

}  // namespace pawl::app
