// `pawl approvals …`: the queue in a terminal, and its answers.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/cli/approval_card.h"
#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "gate/gate.h"
#include "node/files/config_files.h"

namespace pawl::app {

namespace {

constexpr OptionRow kAs = {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kReason = {"--reason", "TEXT",
                               "words that go to the agent and into the record"};
constexpr OptionRow kTyped = {
    "--typed", "TEXT", "what the approval request asks to be typed; otherwise the terminal asks"};
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
constexpr WordRow kId[] = {{"id", "the approval request, as `approvals list` names it"}};
constexpr WordRow kIds[] = {
    {"id",
     "the approval request, as `approvals list` names it; several are answered "
     "together, in one act",
     true, true}};

// `edit app.conf`, then the tool with its arguments, then the reason.
std::string wanted_by(json::View question) {
  const std::string wants = card_word(question, "wants");
  const std::string summary = card_word(question, "summary");
  std::string out = wants.empty() ? "" : paint(Ink::strong, wants) + "\n";
  out += card_word(question, "tool") + (summary.empty() ? "" : "  " + summary);
  return out + "\n" + paint(Ink::dim, card_word(question, "why"));
}

// Where the last column has no room beside the others, it stands below them.
void print_list(std::vector<std::vector<std::string>> rows, std::vector<std::string> head) {
  constexpr std::size_t wide_enough = 110;
  const std::size_t columns = line_columns();
  if (columns == columns_unlimited || columns >= wide_enough) return out(table(rows, head));
  std::vector<std::string> below;
  for (std::vector<std::string>& row : rows) {
    below.push_back(std::move(row.back()));
    row.pop_back();
  }
  head.pop_back();
  for (std::string& title : head) title = paint(Ink::dim, title);
  rows.insert(rows.begin(), std::move(head));
  std::string all = lay_out(rows, columns_unlimited);
  std::size_t row = 0;
  for (std::size_t at = 0; at < all.size(); ++row) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    out(all.substr(at, end - at));
    if (row > 0) out(wrap(below[row - 1], columns, {.first = "    ", .rest = "      "}));
    at = end + 1;
  }
}

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
                    card_word(question, "agent"), people_of(question), left_of(question),
                    state_of(question), wanted_by(question)});
    refusals.insert(may_not_of(question));
  }
  std::vector<std::string> head = {"request",
                                   "class",
                                   "agent",
                                   "people",
                                   "left",
                                   "state",
                                   "what it wants, and why you are asked"};
  if (refusals.size() > 1) {
    head.insert(head.end() - 1, "you");
    std::size_t row = 0;
    for (json::View question : questions.elements()) {
      const std::string why = may_not_of(question);
      rows[row].insert(rows[row].end() - 1, why.empty() ? "may answer" : why);
      ++row;
    }
  }
  print_list(std::move(rows), std::move(head));
  const std::string of_all = refusals.size() == 1 ? *refusals.begin() : std::string();
  if (!of_all.empty()) {
    out(wrap("`" + escape_untrusted(person) + "` " + of_all, line_columns()));
  }
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
  out(paint(how.approve ? Ink::good : Ink::bad, how.approve ? "approved" : "denied") +
      fmt::format(" by {}: {} approval requests, each for its own call",
                  escape_untrusted(how.person), ids.size()));
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
               paint(how.approve ? Ink::good : Ink::bad, how.approve ? "approved" : "denied"));
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
    return fail(ErrorKind::usage, "`--for-run` and `--identical` are of one approval request");
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
    return complain({ErrorKind::usage,
                     "`--typed` is of one approval request; for several the terminal asks",
                     {}});
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
    "approvals show", "run", "shows one approval request with everything needed to answer it",
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
    "back. Several approval requests about one tool and of one class are approved in one act: what "
    "their "
    "calls "
    "would take together is shown first, then everything that would run. Each stays an approval of "
    "its own call. Calls that cannot be undone go together only where each asks for a typed "
    "confirmation, which is asked for each."};
extern const CommandRow approvals_deny_command = {
    "approvals deny", "run", "denies a call; the reason goes to the agent",
    kAnswerOptions,   kIds,  deny};

namespace {

constexpr OptionRow kReviewerWhoTalks = {"--as", "NAME",
                                         "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kOptionsOfAsk[] = {kReviewerWhoTalks, json_option, state_option, config_option};
constexpr OptionRow kOptionsOfPass[] = {kReviewerWhoTalks,
                                        {"--reason", "TEXT", "why, for the person who gets it"},
                                        json_option,
                                        state_option,
                                        config_option};
constexpr WordRow kWordsOfAsk[] = {
    {"id", "the approval request, as `approvals list` names it"},
    {"text", "what the agent is asked: a text of at most 1000 bytes"}};
constexpr WordRow kWordsOfPass[] = {{"id", "the approval request, as `approvals list` names it"},
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
              fmt::format("the agent is asked; the approval request {} stays open, with its time",
                          escape_untrusted(arguments.word("id"))));
}

int pass_on(const Arguments& arguments) {
  json::Writer act_text;
  act_text.object().key("approval").string(arguments.word("id")).key("kind").string("pass");
  act_text.key("reason").string(arguments.one("--reason").value_or(""));
  act_text.key("to").string(arguments.word("to")).end();
  return said(arguments, act_text.text(),
              fmt::format("passed on to {}; its other reviewers can still answer it",
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
    "passes an approval request on to another person or group that may answer it",
    kOptionsOfPass,
    kWordsOfPass,
    pass_on,
    "It gives no right and takes none away: the person is told, and `approvals list` says for "
    "whom the approval request is."};

namespace {

constexpr OptionRow kOptionsOfChange[] = {
    {"--arguments", "FILE", "all arguments of the call, as one JSON object"},
    {"--set", "NAME=VALUE", "one argument, as JSON or as a text; others stay as they are",
     Takes::many},
    {"--unset", "NAME", "leaves an argument out", Takes::many},
    {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"},
    {"--reason", "TEXT", "why, for the agent and the record"},
    {"--typed", "TEXT", "what the approval request asks to be typed; otherwise the terminal asks"},
    {"--full", "", "shows long arguments whole, however long", Takes::nothing},
    {"--yes", "", "does not ask once more", Takes::nothing},
    json_option,
    state_option,
    config_option};
constexpr WordRow kQuestionToChange[] = {
    {"id", "the approval request, as `approvals list` names it"}};

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
  const auto text = node::read_file(*file, changed_arguments_bytes_max);
  PAWL_TRY(text);
  const auto document = json::parse(*text);
  PAWL_TRY(document);
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
  PAWL_TRY(said);
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

namespace {

constexpr OptionRow kOptionsOfStats[] = {json_option, state_option, config_option};

double figure(json::View object, std::string_view key) {
  const json::View value = object[key];
  return value.exists() && value.is_number() ? value.number() : 0.0;
}

std::string share_text(json::View object) {
  return fmt::format("{} %", std::lround(figure(object, "approved") * 100));
}

std::vector<std::string> stats_row(json::View person) {
  const double displayed = figure(person, "displayed");
  const double seeded = figure(person, "seeded");
  return {card_word(person, "person"),
          fmt::format("{}", figure(person, "answers")),
          share_text(person),
          displayed > 0 ? fmt::format("{}s", figure(person, "median_seconds")) : "not known",
          fmt::format("{} of {}", figure(person, "hasty"), displayed),
          fmt::format("{}s", figure(person, "median_open_seconds")),
          seeded > 0 ? fmt::format("{} of {}", figure(person, "caught"), seeded) : "not measured"};
}

int stats(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto answer = node->ask(R"({"op":"people"})");
  if (!answer) return complain(answer.error());
  const json::View said = answer->root();
  if (arguments.has("--json")) {
    out(json::write(said));
    return node->ends(exit_good);
  }
  out(fmt::format("approval requests    {} a day, over {} days", figure(said, "per_day"),
                  figure(said, "days")));
  out(fmt::format("answered with yes    {} of {}", share_text(said), figure(said, "answers")));
  out(fmt::format(
      "under two seconds    {} approvals after the card was displayed, of {} answers of "
      "which that is known",
      figure(said, "hasty"), figure(said, "displayed")));
  out(fmt::format(
      "at once              {} approvals within two seconds of the request, card or not",
      figure(said, "at_once")));
  std::vector<std::vector<std::string>> rows;
  for (json::View person : said["reviewers"].elements()) rows.push_back(stats_row(person));
  if (!rows.empty()) {
    out(table(rows,
              {"person", "answers", "yes", "read for", "under 2 s", "since asked", "vigilance"}));
  }
  for (json::View advice : said["advice"].elements()) {
    out(paint(Ink::warn, "advice  ") + escape_untrusted(advice.is_string() ? advice.string() : ""));
  }
  out("counted since " + card_word(said, "since"));
  return node->ends(exit_good);
}

}  // namespace

extern const CommandRow approvals_stats_command = {
    "approvals stats",
    "run",
    "says how people answer: how often with yes, how fast, and what need not be asked",
    kOptionsOfStats,
    {},
    stats,
    "What the console's page of reviewers shows. How long a card was read is counted from when "
    "this "
    "node first gave it to that person, at the console or at a terminal, so it is not known of "
    "answers of before the node started, of buttons elsewhere and of programs. The rest begins "
    "with "
    "the node's last snapshot. Medians stand for persons."};

}  // namespace pawl::app
