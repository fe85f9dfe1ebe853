// `pawl replay`: the timeline of a run, and every decision of it made once more.
#include <fmt/format.h>

#include "analysis/replay/replay.h"
#include "app/cli/audit_text.h"
#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/layout.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "kernel/admit/model_room.h"

namespace pawl::app {
namespace {

constexpr OptionRow kReplayOptions[] = {json_option, state_option};
constexpr WordRow kReplayWords[] = {
    {"run", "the run: its id, the beginning of it, or `last`"},
};

Ink ink_of_entry(const TimelineEntry& entry) {
  const std::string& verdict = entry.verdict;
  if (verdict == "deny" || verdict == "reject" || verdict == "killed" || verdict == "halted" ||
      verdict == "failed" || verdict == "indeterminate" || entry.is_error) {
    return Ink::bad;
  }
  if (verdict == "allow" || verdict == "approve" || verdict == "completed") return Ink::good;
  if (verdict == "hold" || verdict == "notify" || verdict == "asks" || verdict == "expired" ||
      verdict == "withdrawn" || verdict == "aborted" || verdict == "cancelled") {
    return Ink::warn;
  }
  return Ink::plain;
}

std::string since(Duration passed) {
  const std::int64_t ms = passed.ns / 1'000'000;
  const std::int64_t seconds = ms / 1000;
  if (seconds < 60) return fmt::format("+{}.{:03}s", seconds, ms % 1000);
  if (seconds < 3600)
    return fmt::format("+{}m{:02}.{:01}s", seconds / 60, seconds % 60, ms % 1000 / 100);
  return fmt::format("+{}h{:02}m{:02}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

// `pol.yaml:7`: the whole path stands at the top once.
std::string rule_place(const TimelineEntry& entry) {
  std::string at = entry.rule_at;
  const std::size_t folder = at.rfind('/');
  if (folder != std::string::npos) at.erase(0, folder + 1);
  const std::size_t column = at.rfind(':');
  if (column != std::string::npos && column != at.find(':')) at.resize(column);
  return at;
}

// What became more with this line: its step, its denial.
std::string charged(const Budgets& before, const Budgets& now) {
  std::string text = now.steps == before.steps ? "" : std::to_string(now.steps);
  if (now.denials != before.denials) {
    text += fmt::format("{}{} denied", text.empty() ? "" : " · ", now.denials);
  }
  return text;
}

// All of them, once, at the end.
std::string budgets(const Budgets& now) {
  std::string text = fmt::format("{}", now.steps);
  if (now.steps_max) text += fmt::format(" of {}", *now.steps_max);
  text += fmt::format(" steps · {}", now.denials);
  if (now.denials_max) text += fmt::format(" of {}", *now.denials_max);
  text += " denied";
  if (now.spent.calls.total() > 0) {
    const Spending& spent = now.spent;
    text += fmt::format(" · {} requests to models, {} tokens", spent.calls.total(), spent.tokens());
    if (now.tokens_max) text += fmt::format(" of {}", *now.tokens_max);
    text += ", " + shown_money(spent.money.total());
    if (now.cost_max) text += " of " + shown_money(*now.cost_max);
  }
  if (now.clock_max) {
    text += fmt::format(" · {:.1f}s of {}", static_cast<double>(now.clock.ns) / 1e9,
                        to_string(*now.clock_max));
  }
  return text;
}

std::string names(const std::vector<std::string>& list) {
  std::string joined;
  for (const std::string& name : list)
    joined += (joined.empty() ? "" : ", ") + escape_untrusted(name);
  return joined;
}

// What happened, in one cell: the tool and its arguments, or the sentence of the record.
std::string story(const TimelineEntry& entry) {
  std::string text = entry.tool.empty() ? "" : paint(Ink::strong, escape_untrusted(entry.tool));
  const auto add = [&text](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : "  ") + more;
  };
  const bool decided = entry.what == "call.decided";
  if (!decided && !entry.who.empty()) add("by " + escape_untrusted(entry.who));
  if (!entry.arguments.empty()) add(escape_untrusted(entry.arguments));
  if (decided && entry.verdict != "deny" && entry.verdict != "hold") {
    if (!entry.approved_by.empty()) add("approved by " + names(entry.approved_by));
  } else {
    // The sentence of a decision begins with the tool, which stands here already.
    const std::size_t because = decided ? entry.reason.find(": ") : std::string::npos;
    std::string reason =
        because == std::string::npos ? entry.reason : entry.reason.substr(because + 2);
    if (decided && reason.ends_with(')')) reason.resize(reason.rfind(" ("));
    if (!reason.empty()) add("— " + escape_untrusted(reason));
  }
  if (!entry.code.empty() && entry.code != "none") add("[" + escape_untrusted(entry.code) + "]");
  if (const std::string place = rule_place(entry); !place.empty()) {
    add(paint(Ink::dim, escape_untrusted(place)));
  }
  if (entry.what == "call.ended" && entry.took.ns > 0) {
    add(fmt::format("in {} ms", entry.took.ns / 1'000'000));
  }
  if (entry.is_error) add("the tool reports an error");
  if (!entry.enforced) add("not enforced: it ran");
  return text;
}

void print_timeline(const Replay& replay) {
  out(paint(Ink::strong, "run " + escape_untrusted(replay.run)) +
      fmt::format("   {}   agent {}{}", replay.phase, escape_untrusted(replay.agent),
                  replay.sponsor.empty() ? "" : "   for " + escape_untrusted(replay.sponsor)));
  if (!replay.timeline.empty()) {
    out(fmt::format("begun    {}\npolicy   {}\n", to_string(replay.timeline.front().entry.at),
                    escape_untrusted(replay.policy_file)));
  }
  std::vector<std::vector<std::string>> rows;
  Budgets before;
  for (const TimelineStep& step : replay.timeline) {
    const TimelineEntry& entry = step.entry;
    std::string verdict =
        escape_untrusted(word_for_people(entry.verdict.empty() ? entry.what : entry.verdict));
    if (entry.again && entry.verdict != "deny") verdict = "released";
    rows.push_back({std::to_string(entry.seq), paint(Ink::dim, since(entry.since_start)),
                    escape_untrusted(entry.call), paint(ink_of_entry(entry), verdict),
                    paint(Ink::dim, charged(before, step.after)), story(entry)});
    before = step.after;
  }
  out(table(rows, {"record", "time", "call", "", "steps", "what"}));
  if (!replay.timeline.empty()) out("used     " + budgets(before) + "\n");
}

void print_verdict(const Replay& replay) {
  for (const Difference& one : replay.differences) {
    out(paint(Ink::bad, "differs") +
        fmt::format("   record {} ({}) {}: recorded `{}`, decided again `{}`", one.seq,
                    escape_untrusted(one.call), one.member, escape_untrusted(one.recorded),
                    escape_untrusted(one.decided_again)));
  }
  for (const Undecided& one : replay.indeterminate) {
    out(paint(Ink::warn, "indeterminate") + fmt::format("   record {} ({}): {}", one.seq,
                                                        escape_untrusted(one.call),
                                                        escape_untrusted(one.why)));
  }
  for (const Undecided& one : replay.not_comparable) {
    out(paint(Ink::warn, "not comparable") + fmt::format("   record {} ({}): {}", one.seq,
                                                         escape_untrusted(one.call),
                                                         escape_untrusted(one.why)));
  }
  if (replay.broken)
    out(paint(Ink::bad, "broken") + "   " + escape_untrusted(replay.broken->message));
  const std::uint64_t again = replay.equal + replay.different;
  std::string line = fmt::format("re-decided {} decision{}: ", again, again == 1 ? "" : "s");
  line += replay.different == 0 ? paint(Ink::good, "all equal")
                                : paint(Ink::bad, fmt::format("{} different", replay.different));
  if (replay.at_the_door > 0) line += fmt::format("; {} refused at the door", replay.at_the_door);
  if (!replay.indeterminate.empty()) {
    line += fmt::format("; {} indeterminate", replay.indeterminate.size());
  }
  if (!replay.not_comparable.empty()) {
    line += fmt::format("; {} not comparable", replay.not_comparable.size());
  }
  out(line);
}

void write(json::Writer& json, const TimelineStep& step) {
  const TimelineEntry& entry = step.entry;
  const auto text = [&json](std::string_view name, const std::string& value) {
    if (!value.empty()) json.key(name).string(value);
  };
  json.object();
  if (entry.again) json.key("after_hold").boolean(true);
  text("approval", entry.approval);
  if (!entry.approved_by.empty()) {
    json.key("approved_by").array();
    for (const std::string& person : entry.approved_by) json.string(person);
    json.end();
  }
  text("arguments", entry.arguments);
  json.key("at").string(to_string(entry.at)).key("budgets").object();
  json.key("clock_ns").integer(step.after.clock.ns);
  if (step.after.clock_max) json.key("clock_ns_max").integer(step.after.clock_max->ns);
  json.key("denials").natural(step.after.denials);
  if (step.after.denials_max) json.key("denials_max").natural(*step.after.denials_max);
  if (step.after.spent.calls.total() > 0) {
    const Spending& spent = step.after.spent;
    json.key("spent").object().key("calls").natural(spent.calls.total());
    json.key("input").natural(spent.input.total()).key("money").natural(spent.money.total());
    json.key("output").natural(spent.output.total()).end();
  }
  json.key("steps").natural(step.after.steps);
  if (step.after.steps_max) json.key("steps_max").natural(*step.after.steps_max);
  json.end();
  text("call", entry.call);
  text("code", entry.code);
  if (!entry.enforced) json.key("enforced").boolean(false);
  if (entry.is_error) json.key("is_error").boolean(true);
  text("reason", entry.reason);
  text("rule", entry.rule);
  text("rule_at", entry.rule_at);
  json.key("seq").natural(entry.seq).key("since_start_ns").integer(entry.since_start.ns);
  if (entry.took.ns > 0) json.key("took_ns").integer(entry.took.ns);
  text("tool", entry.tool);
  text("verdict", entry.verdict);
  json.key("what").string(entry.what);
  text("who", entry.who);
  json.end();
}

void write(json::Writer& json, std::string_view name, const std::vector<Undecided>& list) {
  json.key(name).array();
  for (const Undecided& one : list) {
    json.object().key("call").string(one.call).key("seq").natural(one.seq);
    json.key("why").string(one.why).end();
  }
  json.end();
}

std::string as_json(const Replay& replay, const std::string& damage) {
  json::Writer json;
  json.object().key("agent").string(replay.agent).key("at_the_door").natural(replay.at_the_door);
  if (replay.broken) json.key("broken").string(replay.broken->message);
  if (!damage.empty()) json.key("damage").string(damage);
  json.key("decisions").natural(replay.decisions).key("differences").array();
  for (const Difference& one : replay.differences) {
    json.object().key("call").string(one.call).key("decided_again").string(one.decided_again);
    json.key("member").string(one.member).key("recorded").string(one.recorded);
    json.key("seq").natural(one.seq).end();
  }
  json.end().key("different").natural(replay.different).key("equal").natural(replay.equal);
  json.key("holds").boolean(replay.holds() && damage.empty());
  write(json, "indeterminate", replay.indeterminate);
  write(json, "not_comparable", replay.not_comparable);
  json.key("phase").string(replay.phase).key("policy").string(replay.policy_file);
  json.key("run").string(replay.run).key("sponsor").string(replay.sponsor);
  json.key("timeline").array();
  for (const TimelineStep& step : replay.timeline) write(json, step);
  json.end().end();
  return json.take();
}

int run_replay(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  const auto wanted = evidence->find_run(arguments.word("run"));
  if (!wanted) return evidence->ends(wanted.error());
  Replayer replayer(*wanted, lookup_in(*evidence));
  Progress progress("records");
  const Status read =
      evidence->parsed_records(0, [&](const JournalEntry& entry, const Record& record) {
        progress.step(entry.seq, 0);
        return replayer.take(record);
      });
  if (!read) return evidence->ends(read.error());
  const Replay replay = replayer.finish();
  if (arguments.has("--json")) {
    out(as_json(replay, evidence->damage()));
  } else {
    print_timeline(replay);
    print_verdict(replay);
    if (!evidence->damage().empty()) {
      out(paint(Ink::bad, "damaged") + "    the journal: this is the run as far as it can be read");
    }
  }
  return evidence->ends(replay.holds() ? exit_good : exit_no);
}

}  // namespace

extern const CommandRow replay_command = {
    "replay",
    "prove",
    "tells what a run did, and decides every call of it once more",
    kReplayOptions,
    kReplayWords,
    run_replay,
    "Reads the journal from its first record and makes every decision of the run again from what "
    "was recorded: facts, arguments, definition, policy and counters. Exits with 1 where one "
    "differs. A decision whose payloads were erased is indeterminate, one of another decision "
    "version is not comparable; neither is guessed."};

}  // namespace pawl::app
