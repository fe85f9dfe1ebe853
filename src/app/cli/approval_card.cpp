#include "app/cli/approval_card.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/audit_text.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "model/access.h"

namespace pawl::app {

std::string card_word(json::View object, std::string_view key) {
  return escape_untrusted(object.text(key).value_or(""));
}

std::string phase_word(json::View question) {
  return std::string(word_for_people(card_word(question, "phase")));
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
  std::string state = phase_word(question);
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
      "sponsor   " +
      (sponsor.empty()
           ? paint(Ink::bad,
                   "the run has no known sponsor, so no reviewer is known to be another person")
           : fmt::format("{} started the run: never the only one, and never the second", sponsor)));
}

std::string names_in(json::View list) {
  std::string names;
  for (json::View name : list.elements()) {
    names += (names.empty() ? "" : ", ") + escape_untrusted(name.is_string() ? name.string() : "");
  }
  return names;
}

// `leads (ada, bob)`: whom the policy names, and the persons among them who can answer now.
std::string who_may_answer(json::View question) {
  const std::string reviewers = names_in(question["reviewers"]);
  std::string persons;
  for (json::View taker : question["takers"].elements()) {
    if (taker["of"].exists()) continue;
    persons += (persons.empty() ? "" : ", ") + card_word(taker, "name");
  }
  if (reviewers.empty()) return persons.empty() ? "whom the deployment names" : persons;
  return persons.empty() || persons == reviewers ? reviewers : reviewers + " (" + persons + ")";
}

void print_who(Lines& page, json::View question) {
  page.push_back("why       " + card_word(question, "why"));
  page.push_back("people    " + people_of(question) + "; may answer: " + who_may_answer(question));
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
  page.push_back(fmt::format("agent     {}   run {}   started by {}", card_word(question, "agent"),
                             card_word(question, "run"), card_word(question, "sponsor")));
  if (question["task"].exists()) page.push_back("task      " + card_word(question, "task"));
}

// What is about to happen to what.
std::string wants_line(json::View question) {
  const std::string wants = card_word(question, "wants");
  return paint(Ink::strong, wants.empty()
                                ? card_word(question, "tool")
                                : card_word(question, "agent") + " wants " +
                                      (wants.starts_with("access ") ? "" : "to ") + wants);
}

// What the approval may be good for besides this call, if the reviewer who answers wants that.
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
               fmt::format("{}  {}", open ? "HELD" : phase_word(question),
                           card_word(question, "approval"))) +
         fmt::format("   expires in {}   {} people", left_of(question), people_of(question));
}

void print_digest(Lines& page, json::View question) {
  if (question["shown"].exists()) page.push_back("digest    " + card_word(question, "shown"));
}

}  // namespace

// The card: what would happen, why a person is asked, what was found out, the agent's own words
// last. Everything through `visible`.
Lines card_lines(json::View question) {
  Lines page;
  page.push_back(card_head(question));
  page.push_back(wants_line(question));
  print_call(page, question);
  print_who(page, question);
  print_judged(page, question);
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
    page.push_back(wants_line(question));
    print_call(page, question);
    print_who(page, question);
    print_judged(page, question);
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
  const std::string_view stands = phase == "open"       ? "; it waits for another person"
                                  : phase == "approved" ? "; it runs when its agent asks again"
                                  : phase == "consumed" ? "; it runs"
                                                        : "";
  out(fmt::format("{} by {}{}", word, escape_untrusted(person), stands));
  if (wrong.empty()) return;
  out("It was asked for to see whether people read. Nothing would have run.\n"
      "It ought to be denied: " +
      wrong);
}

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
  } else if (const auto plain = argument.text("plain"); plain && !argument["marks"].exists()) {
    // A text as a text: its lines below each other, behind its name.
    const std::string rest(2 + std::max(columns(name), name_columns) + 1, ' ');
    bool first = true;
    for (const std::string_view line : split(*plain, '\n')) {
      page.push_back((first ? argument_line(" ", name, escape_untrusted(line))
                            : rest + escape_untrusted(line)));
      first = false;
    }
    page.back() += after;
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

}  // namespace

void print_judged(Lines& page, json::View question) {
  page.push_back("tool      " + card_word(question, "tool"));
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

namespace {

// Line by line, where the call is an edit: the number before, the number after, and the line.
void print_changes(Lines& page, json::View question) {
  if (!question["diff"].exists()) return;
  const std::string file = card_word(question, "file");
  page.push_back(paint(Ink::strong, file.empty() ? "changes" : file));
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

Result<json::Document> send_answer(NodeConnection& node, const Deciding& how, json::View question,
                                   const std::string& typed) {
  json::Writer act_text;
  act_text.object().key("approval").string(question.text("approval").value_or(""));
  act_text.key("approve").boolean(how.approve);
  if (how.for_run) act_text.key("for_run").boolean(true);
  if (how.identical > 0) act_text.key("identical").natural(how.identical);
  act_text.key("kind").string("answer").key("reason").string(how.reason);
  act_text.key("shown").string(question.text("shown").value_or(""));
  act_text.key("typed").string(typed).end();
  return act(node, how.person, act_text.text());
}

Result<json::Document> questions_together(NodeConnection& node, const std::vector<std::string>& ids,
                                          bool full, const std::string& person) {
  json::Writer request;
  request.object().key("full").boolean(full).key("ids").array();
  for (const std::string& id : ids) request.string(id);
  request.end().key("op").string("together");
  write_asker(request, person);
  request.end();
  return node.ask(request.text());
}

Result<json::Document> send_answers(NodeConnection& node, const Deciding& how,
                                    json::View together) {
  if (how.approve && together["why_not"].exists()) {
    return fail(ErrorKind::refused,
                "they cannot be approved together: " + card_word(together, "why_not"));
  }
  if (!together["shown"].exists()) {
    return fail(ErrorKind::refused,
                "the arguments of some are too long to be shown like this, and what is not shown "
                "cannot be answered together: read all of it with `--full`");
  }
  json::Writer act_text;
  act_text.object().key("answers").array();
  for (json::View question : together["questions"].elements()) {
    std::string typed;
    if (how.approve && card_flag(question, "typed")) {
      auto given = ask_what_to_type(question);
      PAWL_TRY(given);
      typed = std::move(*given);
    }
    act_text.object().key("approval").string(question.text("approval").value_or(""));
    act_text.key("shown").string(question.text("shown").value_or(""));
    act_text.key("typed").string(typed).end();
  }
  act_text.end().key("approve").boolean(how.approve).key("kind").string("answer_together");
  act_text.key("reason").string(how.reason);
  act_text.key("shown").string(together.text("shown").value_or("")).end();
  return act(node, how.person, act_text.text());
}

}  // namespace pawl::app
