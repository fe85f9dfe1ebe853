#include "app/approval_card.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/card_call.h"
#include "app/terminal.h"
#include "base/text.h"

namespace pawl::app {

std::string card_word(json::View object, std::string_view key) {
  return escape_untrusted(object.text(key).value_or(""));
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

// What the text to type is: `order_id`.
std::string typed_of(json::View question) {
  std::string names;
  for (json::View name : question["typed_of"].elements()) {
    names += (names.empty() ? "`" : ", `") + escape_untrusted(name.string()) + "`";
  }
  return names.empty() ? "the tool's name" : names;
}

}  // namespace

std::string state_of(json::View question) {
  std::string state = card_word(question, "phase");
  if (question["passed_to"].exists()) state += ", for " + card_word(question, "passed_to");
  return state;
}

std::string may_not_of(json::View question) {
  const json::View why = question["may_not"];
  const std::string deny = card_word(why, "deny");
  if (!deny.empty()) return "may not answer: " + deny;
  const std::string approve = card_word(why, "approve");
  return approve.empty() ? std::string() : "may not approve: " + approve;
}

void write_asker(json::Writer& request, const std::string& person) {
  if (!person.empty()) request.key("passphrase").boolean(true).key("person").string(person);
}

namespace {

// Who started the run may be the first pair of eyes, and never the second.
void print_place_of_sponsor(Lines& page, json::View question) {
  if (question["needs"].exists()) {
    page.push_back("needs     " + paint(Ink::warn, card_word(question, "needs")));
  }
  if (question["quorum"].natural() < 2 && !card_flag(question, "apart")) return;
  const std::string sponsor = card_word(question, "sponsor");
  page.push_back(
      "eyes      " +
      (sponsor.empty()
           ? paint(Ink::bad, "nobody knows who started the run, so nobody is known to be another")
           : fmt::format("{} started the run: never the only one, and never the second", sponsor)));
}

std::string names_in(json::View list) {
  std::string names;
  for (json::View name : list.elements()) {
    names += (names.empty() ? "" : ", ") + escape_untrusted(name.is_string() ? name.string() : "");
  }
  return names;
}

void print_who(Lines& page, json::View question) {
  page.push_back(fmt::format("agent     {}   run {}   started by {}", card_word(question, "agent"),
                             card_word(question, "run"), card_word(question, "sponsor")));
  if (question["task"].exists()) page.push_back("task      " + card_word(question, "task"));
  const std::string reviewers = names_in(question["reviewers"]);
  page.push_back("people    " + people_of(question) +
                 "; may answer: " + (reviewers.empty() ? "whom the deployment names" : reviewers));
  print_place_of_sponsor(page, question);
  if (const std::string why = may_not_of(question); !why.empty()) {
    page.push_back("you       " + paint(Ink::bad, why));
  }
  if (question["changed_by"].exists()) {
    page.push_back(fmt::format("changed   by {}", card_word(question, "changed_by")));
  }
  if (question["passed_to"].exists()) {
    const std::string because = card_word(question, "passed_because");
    page.push_back(fmt::format("passed on to {} by {}{}", card_word(question, "passed_to"),
                               card_word(question, "passed_by"),
                               because.empty() ? "" : ": " + because));
  }
  if (question["credential"].exists()) {
    page.push_back(fmt::format("uses      the credential {}", card_word(question, "credential")));
  }
  page.push_back(fmt::format("why       {}", card_word(question, "why")));
}

// What the approval may be good for besides this call, if whoever answers wants that.
void print_wider(Lines& page, json::View question) {
  const json::View wider = question["wider"];
  if (!wider.exists()) return;
  std::string more;
  if (wider["identical"].exists()) {
    more = fmt::format("`--identical N`: N identical calls of the run, {} at most",
                       wider["identical"].natural());
  }
  if (wider["run_ms"].exists()) {
    more += fmt::format("{}`--for-run`: calls like it of the run, for {}", more.empty() ? "" : "; ",
                        to_string(Duration::milliseconds(wider["run_ms"].integer())));
  }
  page.push_back("may also  " + more);
}

void print_what_to_type(Lines& page, json::View question) {
  if (!card_flag(question, "typed")) return;
  page.push_back(paint(Ink::warn, fmt::format("approve by typing {}: {}", typed_of(question),
                                              card_word(question, "type_this"))));
}

std::string card_head(json::View question) {
  const bool open = question.text("phase") == "open";
  return paint(open ? Ink::warn : Ink::strong,
               fmt::format("{}  {}", open ? "HELD" : card_word(question, "phase"),
                           card_word(question, "approval"))) +
         fmt::format("   expires in {}   {} people", left_of(question), people_of(question));
}

void print_digest(Lines& page, json::View question) {
  if (question["shown"].exists()) page.push_back("digest    " + card_word(question, "shown"));
}

}  // namespace

// The card: what decides first, the agent's own words last. Everything through `visible`.
Lines card_lines(json::View question) {
  Lines page;
  page.push_back(card_head(question));
  page.push_back("tool      " + paint(Ink::strong, card_word(question, "tool")));
  print_who(page, question);
  print_call(page, question);
  if (question["run_steps"].exists()) {
    page.push_back(fmt::format("run       {} steps, {} denied so far, since {}",
                               question["run_steps"].natural(), question["run_denials"].natural(),
                               card_word(question, "run_opened")));
  }
  print_before(page, question);
  for (json::View given : question["answers"].elements()) {
    page.push_back(fmt::format("answer    {} by {} {}", card_word(given, "answer"),
                               card_word(given, "person"), card_word(given, "reason")));
  }
  print_digest(page, question);
  print_wider(page, question);
  print_what_to_type(page, question);
  print_words(page, question);
  return page;
}

// Several of them: what they come to first, then each with everything that would run.
Lines together_lines(json::View together) {
  Lines page;
  page.push_back(paint(Ink::warn, fmt::format("{} CALLS", together["calls"].natural())) + "   of " +
                 paint(Ink::strong, card_word(together, "tool")) + "   " +
                 card_word(together, "class"));
  page.push_back("agents    " + names_in(together["agents"]));
  page.push_back("runs      " + names_in(together["runs"]));
  std::string sum = fmt::format("together  {} records", together["records"].natural());
  for (json::View one : together["sums"].elements()) {
    sum += fmt::format("; {} {}{}", card_word(one, "counter"), card_word(one, "add"),
                       one["of"].exists() ? " (of " + card_word(one, "of") + ")" : "");
  }
  page.push_back(paint(Ink::strong, sum));
  for (json::View line : together["unknown"].elements()) {
    page.push_back(
        paint(Ink::bad, "not known " + escape_untrusted(line.is_string() ? line.string() : "")));
  }
  if (together["why_not"].exists()) {
    page.push_back(
        paint(Ink::bad, "cannot be approved together: " + card_word(together, "why_not")));
  }
  for (json::View question : together["questions"].elements()) {
    page.emplace_back();
    page.push_back(card_head(question));
    print_who(page, question);
    print_call(page, question);
    print_digest(page, question);
    print_what_to_type(page, question);
    print_words(page, question);
  }
  return page;
}

void print_lines(const Lines& page) {
  for (const std::string& line : page) out(line);
}

void print_card(json::View question) {
  print_lines(card_lines(question));
}

Result<json::Document> question_of(NodeConnection& node, const Arguments& arguments) {
  json::Writer request;
  request.object().key("op").string("approval").key("id").string(arguments.word("id"));
  request.key("full").boolean(arguments.has("--full"));
  write_asker(request, looking_person(node, arguments));
  request.end();
  return node.ask(request.text());
}

Result<std::string> typed_confirmation(const Arguments& arguments, json::View question) {
  if (!card_flag(question, "typed")) return std::string();
  if (const auto given = arguments.one("--typed")) return *given;
  return ask_what_to_type(question);
}

Result<std::string> ask_what_to_type(json::View question) {
  return ask(fmt::format("type {} to approve, exactly `{}`: ", typed_of(question),
                         card_word(question, "type_this")));
}

Status approvable(json::View question) {
  if (question["shown"].exists()) return {};
  return fail(ErrorKind::refused,
              "its arguments are too long to be shown like this, and what is not shown cannot be "
              "approved: read all of it with `--full`");
}

void say_answered(const Arguments& arguments, const std::string& person, json::View done,
                  const std::string& phase, const std::string& word) {
  const std::string wrong = card_word(done, "vigilance");
  if (arguments.has("--json")) {
    json::Writer result;
    result.object().key("approval").string(arguments.word("id")).key("phase").string(phase);
    if (!wrong.empty()) result.key("vigilance").string(wrong);
    result.end();
    return out(result.text());
  }
  out(fmt::format("{} by {}; the question is now {}", word, escape_untrusted(person), phase));
  if (wrong.empty()) return;
  out("It was asked for to see whether people read. Nothing would have run.\n"
      "It ought to be denied: " +
      wrong);
}

}  // namespace pawl::app
