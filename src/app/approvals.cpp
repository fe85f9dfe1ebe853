// `pawl approvals …`: the queue in a terminal, and its answers.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "app/approval_card.h"
#include "app/approvals_answer.h"
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
constexpr OptionRow kListOptions[] = {kAs, json_option, state_option, config_option};
constexpr OptionRow kShowOptions[] = {kAs, kFull, json_option, state_option, config_option};
constexpr OptionRow kAnswerOptions[] = {kAs,         kReason,      kTyped,       kFull,
                                        json_option, state_option, config_option};
constexpr OptionRow kIdentical = {"--identical", "N",
                                  "good for N identical calls of the run, this one among them"};
constexpr OptionRow kForRun = {"--for-run", "", "good for calls like it of the run, for a while",
                               Takes::nothing};
constexpr OptionRow kApproveOptions[] = {
    kAs, kReason, kTyped, kFull, kIdentical, kForRun, json_option, state_option, config_option};
constexpr WordRow kId[] = {{"id", "the question, as `approvals list` names it"}};
constexpr WordRow kIds[] = {{"id",
                             "the question, as `approvals list` names it; several are answered "
                             "together, in one act",
                             true, true}};

int list(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const std::string person = looking_person(*node, arguments);
  json::Writer request;
  request.object().key("op").string("approvals");
  write_asker(request, person);
  auto answer = node->ask(request.end().text());
  if (!answer) return complain(answer.error());
  const json::View questions = answer->root()["approvals"];
  if (arguments.has("--json")) {
    out(json::write(questions));
    return node->ends(exit_good);
  }
  if (questions.size() == 0) {
    out("nothing waits for a person");
    return node->ends(exit_good);
  }
  std::vector<std::vector<std::string>> rows;
  std::set<std::string> refusals;
  for (json::View question : questions.elements()) {
    rows.push_back({card_word(question, "approval"), card_word(question, "class"),
                    card_word(question, "agent"), card_word(question, "tool"), people_of(question),
                    left_of(question), state_of(question), card_word(question, "why")});
    refusals.insert(may_not_of(question));
  }
  std::vector<std::string> head = {"question", "class", "agent", "tool",
                                   "people",   "left",  "state", "why"};
  if (refusals.size() > 1) {
    head.insert(head.end() - 1, "you");
    std::size_t row = 0;
    for (json::View question : questions.elements()) {
      const std::string why = may_not_of(question);
      rows[row].insert(rows[row].end() - 1, why.empty() ? "may answer" : why);
      ++row;
    }
  }
  out(table(rows, head));
  const std::string of_all = refusals.size() == 1 ? *refusals.begin() : std::string();
  if (!of_all.empty()) out("`" + escape_untrusted(person) + "` " + of_all);
  return node->ends(exit_good);
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

int tell_answers(const Arguments& arguments, const Deciding& how,
                 const std::vector<std::string>& ids, const std::string& measured) {
  if (arguments.has("--json")) {
    json::Writer result;
    result.object().key("approvals").array();
    for (const std::string& id : ids) result.string(id);
    result.end().key("ok").boolean(true);
    if (!measured.empty()) result.key("vigilance").string(measured);
    out(result.end().text());
    return exit_good;
  }
  out(paint(how.approve ? Ink::good : Ink::bad, how.approve ? "approved" : "rejected") +
      fmt::format(" by {}: {} questions, each for its own call", escape_untrusted(how.person),
                  ids.size()));
  if (!measured.empty()) {
    out("Asked for to see whether people read, and nothing would have run: " + measured);
  }
  return exit_good;
}

int give_one(const Arguments& arguments, NodeConnection& node, const Deciding& how) {
  const auto answer = question_of(node, arguments);
  if (!answer) return complain(answer.error());
  const json::View question = answer->root()["approval"];
  if (!arguments.has("--json")) print_card(question);
  std::string typed;
  if (how.approve) {
    if (Status whole = approvable(question); !whole) return complain(whole.error());
    auto given = typed_confirmation(arguments, question);
    if (!given) return complain(given.error());
    typed = std::move(*given);
  }
  const auto done = send_answer(node, how, question, typed);
  if (!done) return complain(done.error());
  const auto after = question_of(node, arguments);
  const std::string phase = after ? card_word(after->root()["approval"], "phase") : "";
  say_answered(arguments, how.person, done->root(), phase,
               paint(how.approve ? Ink::good : Ink::bad, how.approve ? "approved" : "rejected"));
  return exit_good;
}

Result<Deciding> deciding(const Arguments& arguments, bool approve) {
  Deciding how{.approve = approve,
               .person = {},  // the node knows who there is
               .reason = arguments.one("--reason").value_or("")};
  if (!approve) return how;  // these two words are of `approve`
  how.for_run = arguments.has("--for-run");
  if (const auto calls = arguments.one("--identical")) {
    const auto [end, wrong] =
        std::from_chars(calls->data(), calls->data() + calls->size(), how.identical);
    if (wrong != std::errc() || end != calls->data() + calls->size() || how.identical == 0) {
      return fail(ErrorKind::usage, "`--identical` is a number of calls, 2 or more");
    }
  }
  if (how.for_run && how.identical > 0) {
    return fail(ErrorKind::usage, "`--for-run` and `--identical` are two ways; one of them");
  }
  if ((how.for_run || how.identical > 0) && arguments.words("id").size() > 1) {
    return fail(ErrorKind::usage, "`--for-run` and `--identical` are of one question");
  }
  return how;
}

int give(const Arguments& arguments, bool approve) {
  auto wanted = deciding(arguments, approve);
  if (!wanted) return complain(wanted.error());
  Deciding& how = *wanted;
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto person = acting_person(*node, arguments);
  if (!person) return complain(person.error());
  how.person = *std::move(person);
  const std::vector<std::string> ids = arguments.words("id");
  if (ids.size() == 1) return give_one(arguments, *node, how);
  if (arguments.has("--typed")) {
    return complain(
        {ErrorKind::usage, "`--typed` is of one question; for several the terminal asks", {}});
  }
  const auto together = questions_together(*node, ids, arguments.has("--full"), how.person);
  if (!together) return complain(together.error());
  const json::View all = together->root()["together"];
  if (!arguments.has("--json")) print_lines(together_lines(all));
  const auto done = send_answers(*node, how, all);
  if (!done) return complain(done.error());
  return tell_answers(arguments, how, ids, card_word(done->root(), "vigilance"));
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
    "approvals approve",
    "run",
    "approves exactly the call that is shown, once",
    kApproveOptions,
    kIds,
    approve,
    "Where the policy offers it (`approval.wider`) and the call can be undone, one approval is "
    "good "
    "for more: `--identical N` for N identical calls of this run, `--for-run` for calls like it of "
    "this run, for as long as the policy says. `pawl grants` lists these approvals and takes them "
    "back. Several questions about one tool and of one class are approved in one act: what their "
    "calls "
    "would take together is shown first, then everything that would run. Each stays an approval of "
    "its own call. Calls that cannot be undone go together only where each asks for a typed "
    "confirmation, which is asked for each."};
extern const CommandRow approvals_deny_command = {
    "approvals deny", "run", "rejects a call; the reason goes to the agent",
    kAnswerOptions,   kIds,  deny};

}  // namespace pawl::app
