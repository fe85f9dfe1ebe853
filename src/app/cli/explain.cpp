#include "app/cli/explain.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/decide.h"
#include "app/common/line_source.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "doors/decide/stream.h"
#include "kernel/admit/explain.h"
#include "kernel/admit/trace.h"
#include "kernel/policy/policy.h"
#include "node/common/isolated_sql.h"
#include "node/files/config_files.h"

namespace pawl::app {

namespace {

constexpr std::string_view stage_margin = "    ";

std::string at_of(const Rule* rule) {
  return rule == nullptr ? "" : escape_untrusted(to_string(rule->at));
}

std::string_view headline(Effect effect) {
  switch (effect) {
    case Effect::allow:
      return "ALLOWED";
    case Effect::notify:
      return "ALLOWED, and the people of `notify` are told";
    case Effect::contain:
      return "CONTAINED";
    case Effect::hold:
      return "HELD";
    case Effect::deny:
      return "DENIED";
  }
  return "DENIED";
}

struct Sign {
  std::string_view word;
  Ink ink;
};

Sign sign_of(TracedStage::Outcome outcome) {
  switch (outcome) {
    case TracedStage::Outcome::fine:
      return {"ok", Ink::good};
    case TracedStage::Outcome::denies:
      return {"DENIES", Ink::bad};
    case TracedStage::Outcome::asks:
      return {"ASKS", Ink::warn};
    case TracedStage::Outcome::notifies:
      return {"tells", Ink::warn};
    case TracedStage::Outcome::not_reached:
      return {"-", Ink::dim};
  }
  return {"-", Ink::dim};
}

// Why, without the rule's place, which is quoted below it.
std::string why(const Verdict& verdict) {
  const Reason& reason = verdict.reason;
  std::string out;
  if (!reason.argument.empty()) out = fmt::format("`{}` ", escape_untrusted(reason.argument));
  out += escape_untrusted(reason.says);
  return out;
}

std::string head_of(const Explanation& e, std::size_t columns_max) {
  const Verdict& v = e.trace.verdict;
  std::string out = paint(ink_of(v.effect), headline(v.effect)) + "  " +
                    paint(Ink::strong, escape_untrusted(e.call.name())) + "  " +
                    to_string(v.action_class);
  if (v.reason.code != Code::none) out += fmt::format("  [{}]", to_string(v.reason.code));
  out += '\n';
  const std::string reason = why(v);
  if (!reason.empty()) out += wrap(reason, columns_max) + "\n";
  if (v.halt) out += paint(Ink::bad, "the run halts with this call") + "\n";
  if (v.reason.rule == nullptr) return out;
  out += fmt::format("\n{}  {}\n", at_of(v.reason.rule), escape_untrusted(v.reason.rule->path));
  return out + quoted_line(e.source, v.reason.rule->at, columns_max);
}

// Who could answer, by name.
struct Answerers {
  std::vector<std::string> named;  // as the policy or the deployment writes them
  std::set<std::string> persons;
};

Answerers answerers(const Explanation& e) {
  Answerers out;
  out.named = e.trace.verdict.question->reviewers;
  if (out.named.empty()) out.named = e.deployment.default_reviewers;
  out.persons = e.deployment.persons(out.named);
  // Auditors see everything and decide nothing.
  for (const std::string& one : e.deployment.persons(e.deployment.auditors)) {
    out.persons.erase(one);
  }
  return out;
}

std::string question_of(const Explanation& e, std::size_t columns_max) {
  if (e.trace.verdict.question == nullptr) return {};
  const Question& q = *e.trace.verdict.question;
  const Answerers who = answerers(e);
  std::string persons =
      who.persons.empty()
          ? "no one"
          : escape_untrusted(fmt::format("{} of {}", q.quorum, fmt::join(who.persons, ", ")));
  if (e.deployment.open_ended(who.named)) {
    persons += ", and whom the provider knows in their groups";
  } else if (who.persons.size() < q.quorum && !who.persons.empty()) {
    persons += fmt::format(", and {} are needed", q.quorum);
  }
  std::string text = persons;
  if (!who.named.empty()) {
    text += fmt::format(" (reviewers: {})",
                        escape_untrusted(fmt::format("{}", fmt::join(who.named, ", "))));
  } else {
    text += ": neither the policy nor the deployment file names reviewers";
  }
  text += fmt::format(", within {}", to_string(q.within));
  if (q.typed) {
    text += q.typed_of.empty() ? ", by typing the tool's name"
                               : escape_untrusted(fmt::format(", by typing the text of `{}`",
                                                              fmt::join(q.typed_of, "` and `")));
  }
  text +=
      q.deny_on_timeout ? "; no answer in time is a denial" : "; the approval request stays open";
  return "\n" + paint(Ink::strong, "who could answer") + "\n" +
         wrap(text, columns_max, {.first = stage_margin, .rest = stage_margin}) + "\n";
}

std::string answer_of(const ExplainedStep& step) {
  switch (step.answer) {
    case ExplainedStep::Answer::fine:
      return {};
    case ExplainedStep::Answer::objects:
      return paint(Ink::bad, "  NO") + (step.says.empty() ? "" : ": " + step.says);
    case ExplainedStep::Answer::asks:
      return paint(Ink::warn, "  asks") +
             (step.says.empty() ? "" : ": " + escape_untrusted(step.says));
    case ExplainedStep::Answer::unasked:
      return paint(Ink::dim, "  not asked");
  }
  return {};
}

std::string step_line(const ExplainedStep& step) {
  std::string out = step.about;
  if (!step.seen.empty()) out += fmt::format(" = {}", fmt::join(step.seen, ", "));
  if (!step.wants.empty()) out += paint(Ink::dim, "  wants ") + step.wants;
  out += answer_of(step);
  if (step.rule != nullptr && step.rule->at.line > 0) {
    out += paint(Ink::dim, fmt::format("  (line {})", step.rule->at.line));
  }
  return out;
}

std::string stages_of(const Explanation& e, bool can_deny, std::size_t columns_max) {
  std::vector<std::vector<std::string>> rows;
  for (const TracedStage& stage : e.trace.stages) {
    if (stage.can_deny != can_deny) continue;
    const Sign sign = sign_of(stage.outcome);
    const std::string name(stage.name);
    std::vector<std::string> lines;
    for (const ExplainedStep& step : stage.steps) lines.push_back(step_line(step));
    if (stage.left_out > 0) lines.push_back(fmt::format("and {} more rules", stage.left_out));
    if (lines.empty() && !stage.says.empty()) lines.push_back(escape_untrusted(stage.says));
    if (lines.empty()) lines.emplace_back();
    if (stage.outcome == TracedStage::Outcome::not_reached) {
      lines.assign(1, paint(Ink::dim, "not reached"));
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      rows.push_back({i == 0 ? paint(sign.ink, sign.word) : "", i == 0 ? name : "", lines[i]});
    }
  }
  const std::string_view title =
      can_deny ? "what may deny, in order" : "what may ask a person, together";
  return "\n" + paint(Ink::strong, title) + "\n" + lay_out(rows, columns_max, stage_margin);
}

void put_at(const Rule* rule, json::Writer& out) {
  if (rule == nullptr) return;
  out.key("rule").string(rule->path);
  if (rule->at.line > 0) {
    out.key("at").object().key("file").string(rule->at.file);
    out.key("line").natural(rule->at.line).key("column").natural(rule->at.column).end();
  }
}

void put_question(const Explanation& e, json::Writer& out) {
  if (e.trace.verdict.question == nullptr) return;
  const Question& q = *e.trace.verdict.question;
  const Answerers who = answerers(e);
  out.key("question").object().key("quorum").natural(q.quorum).key("typed").boolean(q.typed);
  out.key("typed_of").array();
  for (const std::string& argument : q.typed_of) out.string(argument);
  out.end().key("within").string(to_string(q.within));
  out.key("deny_on_timeout").boolean(q.deny_on_timeout).key("why").string(q.why);
  out.key("reviewers").array();
  for (const std::string& name : who.named) out.string(name);
  out.end().key("persons").array();
  for (const std::string& person : who.persons) out.string(person);
  out.end().end();
}

void put_step(const ExplainedStep& step, json::Writer& out) {
  out.object().key("about").string(step.about);
  put_at(step.rule, out);
  out.key("saw").array();
  for (const std::string& value : step.seen) out.string(value);
  out.end().key("wants").string(step.wants).key("answer").string(to_string(step.answer));
  if (!step.says.empty()) out.key("says").string(step.says);
  out.end();
}

void put_stages(const Trace& trace, json::Writer& out) {
  out.key("stages").array();
  for (const TracedStage& stage : trace.stages) {
    out.object().key("stage").string(stage.name);
    out.key("may").string(stage.can_deny ? "deny" : "ask");
    out.key("outcome").string(to_string(stage.outcome));
    put_at(stage.rule, out);
    if (!stage.says.empty()) out.key("says").string(escape_untrusted(stage.says));
    out.key("steps").array();
    for (const ExplainedStep& step : stage.steps) put_step(step, out);
    out.end();
    if (stage.left_out > 0) out.key("left_out").natural(stage.left_out);
    out.end();
  }
  out.end();
}

std::string_view line_of(std::string_view source, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

}  // namespace

std::string quoted_line(const std::string& source, const Position& at, std::size_t columns_max) {
  if (at.line == 0) return {};
  const std::string_view line = line_of(source, at.line);
  if (trim(line).empty()) return {};
  // Columns count characters; what stands before the mark is as wide as it is shown.
  std::size_t bytes = 0;
  for (std::uint32_t column = 1; column < at.column && bytes < line.size(); ++column) {
    bytes = utf8::behind(line, bytes);
  }
  std::string shown = escape_untrusted(line);
  const std::size_t before = columns(escape_untrusted(line.substr(0, bytes)));
  const std::string number = fmt::format("{:>6} | ", at.line);
  if (columns_max > number.size() + 1 && columns(shown) > columns_max - number.size() &&
      is_ascii(shown) && before + number.size() < columns_max) {
    shown.resize(columns_max - number.size() - 1);
    shown += "…";
  }
  return fmt::format("{}{}\n{:>6} | {}{}\n", paint(Ink::dim, number), shown, "",
                     std::string(before, ' '), paint(Ink::bad, "^"));
}

std::string agent_reads(const Explanation& e) {
  const Verdict& v = e.trace.verdict;
  if (v.effect == Effect::deny) {
    return denial_text(v, e.call, e.tool == nullptr ? nullptr : e.tool->entry);
  }
  if (v.effect == Effect::hold) return reason_text(v, e.call);
  return "the result of the call";
}

std::string explain_text(const Explanation& e, std::size_t columns_max) {
  std::string out = head_of(e, columns_max);
  out += "\n" + paint(Ink::strong, "the agent reads") + "\n";
  out += wrap(agent_reads(e), columns_max, {.first = stage_margin, .rest = stage_margin}) + "\n";
  out += question_of(e, columns_max);
  return out + stages_of(e, true, columns_max) + stages_of(e, false, columns_max);
}

std::string explain_json(const Explanation& e) {
  const Verdict& v = e.trace.verdict;
  json::Writer out;
  out.object().key("tool").string(e.call.name()).key("effect").string(to_string(v.effect));
  out.key("code").string(to_string(v.reason.code)).key("class").string(to_string(v.action_class));
  put_at(v.reason.rule, out);
  if (!v.reason.argument.empty()) out.key("argument").string(v.reason.argument);
  out.key("says").string(escape_untrusted(v.reason.says)).key("halts").boolean(v.halt);
  out.key("agent_reads").string(agent_reads(e));
  put_question(e, out);
  put_stages(e.trace, out);
  out.end();
  return out.take();
}

namespace {

constexpr auto explain_options = std::to_array<OptionRow>({
    policy_option,
    {"--after", "F", "decide the calls of this file first, one a line: their counts are in force"},
    config_option,
    json_option,
});

// A person asks about now; a call that says another time keeps it.
std::string with_a_time(std::string text) {
  const auto call = json::parse(text);
  if (!call || !call->root().is_object() || call->root()["now"].exists()) return text;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
  text.insert(text.find('{') + 1, fmt::format("\"now\":\"{}\",", to_string(now)));
  return text;
}

Status replay_lines(const std::string& path, DecideStream& stream) {
  const auto text = node::read_file(path);
  PAWL_TRY(text);
  for (const std::string_view line : split(*text, '\n')) {
    if (!trim(line).empty()) (void)stream.line(line);
  }
  return {};
}

int show(const Explanation& explanation, bool as_json) {
  if (as_json) {
    out(explain_json(explanation));
  } else {
    std::string text = explain_text(explanation, line_columns());
    while (text.ends_with('\n')) text.pop_back();
    out(text);
  }
  return explanation.trace.verdict.runs() ? exit_good : exit_no;
}

int run_explain(const Arguments& arguments) {
  const std::string path = policy_path(arguments);
  if (path.empty()) {
    return complain(
        {ErrorKind::usage, "no policy is named: `pawl explain --policy F`, or PAWL_POLICY", {}});
  }
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return exit_usage;
  const Loaded loaded = node::read_policy(path, &*read.deployment);
  for (const Error& error : loaded.errors) err(escape_untrusted(to_string(error)));
  if (loaded.policy == nullptr) return exit_usage;
  const auto source = node::read_file(path);
  if (!source) return complain(source.error());

  DecideStream stream(loaded.policy, node::isolated_sql());
  if (const auto before = arguments.one("--after")) {
    if (const Status fine = replay_lines(*before, stream); !fine) return complain(fine.error());
  }
  auto call = read_one_call();
  if (!call) return complain(call.error());
  int status = exit_usage;
  const Status looked = stream.look(with_a_time(std::move(*call)), [&](const Situation& seen) {
    const auto traced = trace(seen);
    if (!traced) {
      status = complain(traced.error());
      return;
    }
    status = show({*loaded.policy, *read.deployment, seen.call, seen.tool, *traced, *source},
                  arguments.has("--json"));
  });
  return looked ? status : complain(looked.error());
}

}  // namespace

const CommandRow explain_command{
    .name = "explain",
    .group = "write",
    .says = "says why one call is decided as it is: each decision stage, each rule, what it saw",
    .options = explain_options,
    .words = {},
    .run = run_explain,
    .more =
        "The call is one JSON object on standard input, as for `pawl decide`; without `now` it is "
        "about this moment. Nothing runs and nothing is stored. First stands what decided, with "
        "the line of the policy; then what the agent would read, who could answer where a person "
        "is asked, and every decision stage with its rules that apply to the call. Values are "
        "shortened, "
        "secrets and the contents of lists are not shown.\n\n"
        "    pawl explain --policy support.yaml < call.json\n\n"
        "Exit status: 0 it would run, 1 it is denied or held or no call at all, 2 no answer."};

}  // namespace pawl::app
