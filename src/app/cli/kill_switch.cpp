// `pawl kill`, `resume`, `status`, `drill` and `ack`: the kill switch, and how the node stands.
#include "app/cli/kill_switch.h"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/grants.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "kernel/state/state.h"
#include "model/candidate.h"
#include "model/record.h"

namespace pawl::app {

namespace {

std::string rollout_member(json::View one, std::string_view key) {
  return escape_untrusted(one.text(key).value_or(""));
}

void say_observing(json::View one) {
  const bool waits = one["waits"].kind() == json::Kind::boolean && one["waits"].boolean();
  const std::string until = rollout_member(one, "until") + ": " + rollout_member(one, "reason");
  if (waits) {
    out(paint(Ink::warn, "waits") + "      " + rollout_member(one, "agent") +
        " is to be watched and not enforced until " + until +
        "\n           pawl accept --observe " + rollout_member(one, "agent"));
    return;
  }
  out(paint(Ink::bad, "watched") + fmt::format("    {} is not enforced until {}; {} let through",
                                               rollout_member(one, "agent"), until,
                                               one["passed"].natural()));
}

void say_candidate(json::View one) {
  const std::string who = rollout_member(one, "agent");
  if (const std::string why = rollout_member(one, "why"); !why.empty()) {
    out(paint(Ink::warn, "candidate") + "  of " + who + " cannot be judged: " + why);
    return;
  }
  std::string counts;
  for (const CandidateKind kind : candidate_kinds) {
    const std::uint64_t many = one["looks"][to_string(kind)].natural();
    if (many == 0 && kind != CandidateKind::same) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", many, to_string(kind));
  }
  out(fmt::format("candidate  of {}: {}   (pawl diff --live {})", who, counts, who));
  if (const std::string last = rollout_member(one, "last_error"); !last.empty()) {
    out("           " + paint(Ink::warn, "not known: ") + last);
  }
}

}  // namespace

void say_rollout_of(json::View status) {
  for (const json::View one : status["observing"].elements()) say_observing(one);
  for (const json::View one : status["candidates"].elements()) say_candidate(one);
}

namespace {

constexpr OptionRow kAckAs = {"--as", "NAME",
                              "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kAckResolved = {"--resolved", "", "and it is over", Takes::nothing};
constexpr OptionRow kAckOptions[] = {kAckAs, kAckResolved, json_option, state_option,
                                     config_option};
constexpr WordRow kAckWords[] = {{"id", "the escalation, as `status` names it"}};

int acknowledge(const Arguments& arguments) {
  const std::string id = arguments.word("id");
  const bool over = arguments.has("--resolved");
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("escalation").string(id).key("kind").string("acknowledge");
  act_text.key("resolved").boolean(over).end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  out(arguments.has("--json")
          ? json::write(done->root())
          : paint(Ink::good, over ? "resolved" : "acknowledged") + "   " + escape_untrusted(id));
  return exit_good;
}

}  // namespace

std::vector<std::string> escalation_lines(json::View status) {
  std::vector<std::string> lines;
  const auto text = [](json::View view, std::string_view key) {
    return escape_untrusted(view.text(key).value_or(""));
  };
  for (json::View one : status["escalations"].elements()) {
    const std::string phase = text(one, "phase");
    const bool acknowledged = phase == "acknowledged";
    // The run, unless it is not known or the reason names it.
    const std::string run = text(one, "run");
    const bool named = text(one, "why").find(run) != std::string::npos;
    lines.push_back(
        paint(acknowledged ? Ink::good : Ink::bad, "escalation") +
        fmt::format(" {} is {}: {}{}: {}{}", text(one, "escalation"),
                    acknowledged ? "taken by " + text(one, "person") : phase, text(one, "event"),
                    named ? "" : " of " + run, text(one, "why"),
                    acknowledged ? "" : "; `pawl ack " + text(one, "escalation") + "` takes it"));
  }
  for (json::View way : status["notices"].elements()) {
    if (text(way, "dead").empty()) continue;
    lines.push_back(paint(Ink::bad, "unheard") +
                    fmt::format("    notices do not get through by {}: {}", text(way, "name"),
                                text(way, "dead")));
  }
  if (const std::string last = text(status, "last_drill"); !last.empty()) {
    lines.push_back(fmt::format("drill      {} by {}", last, text(status, "drilled_by")));
  }
  return lines;
}

extern const CommandRow ack_command = {
    "ack",       "run",     "answers for an escalation, which stops it; needs a reviewer",
    kAckOptions, kAckWords, acknowledge};

namespace {

constexpr OptionRow kDrillAs = {"--as", "NAME",
                                "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kEverything = {"--everything", "",
                                   "sets the kill switch over everything, in a maintenance window",
                                   Takes::nothing};
constexpr OptionRow kDrillOptions[] = {kDrillAs, kEverything, json_option, state_option,
                                       config_option};

std::string shown_ms(json::View microseconds) {
  const std::int64_t us = microseconds.is_integer() ? microseconds.integer() : 0;
  return fmt::format("{:.1f} ms", static_cast<double>(us) / 1000);
}

int run_drill(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("everything").boolean(arguments.has("--everything"));
  act_text.key("kind").string("drill").end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  const json::View root = done->root();
  const bool passed = root["passed"].kind() == json::Kind::boolean && root["passed"].boolean();
  if (arguments.has("--json")) {
    out(json::write(root));
    return passed ? exit_good : exit_no;
  }
  out(paint(passed ? Ink::good : Ink::bad, passed ? "passed" : "failed") +
      fmt::format("   {} of role {}", escape_untrusted(root.text("run").value_or("")),
                  escape_untrusted(root.text("role").value_or(""))));
  out(fmt::format("calls let through      {} before the kill switch, {} after it",
                  root["calls"].natural(), root["after"].natural()));
  out("to the last of them    " + shown_ms(root["decided_us"]));
  out(fmt::format("processes              {}, and {} not proved dead", root["processes"].natural(),
                  root["alive"].natural()));
  out("to the end of the last " + shown_ms(root["dead_us"]));
  return passed ? exit_good : exit_no;
}

}  // namespace

Result<std::optional<Instant>> last_drill(const Arguments& arguments) {
  auto evidence = Evidence::open(arguments);
  PAWL_TRY(evidence);
  std::optional<Instant> last;
  const Status read = evidence->records(0, [&last](const JournalEntry&, json::View record) {
    if (record.text("type") != "drilled") return true;
    const auto parsed = parse_record(record);
    const Drilled* drill = parsed ? std::get_if<Drilled>(&parsed->body) : nullptr;
    if (drill != nullptr && drill->passed) last = parsed->at;
    return true;
  });
  PAWL_TRY(read);
  if (!evidence->damage().empty()) return fail(ErrorKind::corrupt, evidence->damage());
  return last;
}

extern const CommandRow drill_command = {
    .name = "drill",
    .group = "run",
    .says = "tries the kill switch on a run of its own, and measures it; needs a reviewer",
    .options = kDrillOptions,
    .words = {},
    .run = run_drill,
    .more =
        "The deployment file says whose run it is (`drill: {role: canary, every: 30d}`); the "
        "policy of that role allows the tool `drill_effect`, which does nothing. A run is opened, "
        "calls are let through, a hundred processes are started; then the kill switch is set over "
        "that run, and with --everything over all of them. The drill's own kill is lifted "
        "afterwards, and no other; a drill is refused where the kill switch already stops what it "
        "would "
        "try. With --everything runs go on and take calls again, but what the kill switch ended "
        "stays "
        "ended: held calls are withdrawn, calls at servers cancelled, what people granted is gone, "
        "and credentials of runs are no longer good. The outcome is a record, and `pawl check` "
        "fails when the last drill that passed is older than the deployment file says.\n\nExit "
        "status "
        "1: it did not pass."};

namespace {

constexpr OptionRow kSwitchReason = {"--reason", "TEXT", "why; it is recorded"};
constexpr OptionRow kSwitchAs = {"--as", "NAME",
                                 "the reviewer who acts (default PAWL_REVIEWER or you)"};
constexpr OptionRow kKillProcesses = {
    "--processes", "", "also ends the servers behind, with every process that they started",
    Takes::nothing};
constexpr OptionRow kKillOptions[] = {kSwitchReason, kKillProcesses, json_option, state_option,
                                      config_option};
constexpr OptionRow kResumeOptions[] = {kSwitchReason, kSwitchAs, json_option, state_option,
                                        config_option};
constexpr OptionRow kStatusOptions[] = {json_option, state_option, config_option};
constexpr WordRow kSwitchWords[] = {
    {"scope", "`all`, `role`, `agent`, `run`, `tool` or `upstream`"},
    {"name", "which one; nothing for `all`", false},
};

Status check_scope(const std::string& scope, const std::string& name) {
  const bool all = scope == "all";
  if (!is_scope(scope)) {
    return fail(ErrorKind::usage, "`" + escape_untrusted(scope) +
                                      "` is not one of all, role, agent, run, tool, upstream");
  }
  if (all != name.empty()) {
    return fail(ErrorKind::usage, all ? "`all` takes no name" : "`" + scope + "` needs a name");
  }
  return {};
}

std::string texts(json::View list) {
  std::string joined;
  for (json::View entry : list.elements()) {
    joined +=
        (joined.empty() ? "" : ", ") + escape_untrusted(entry.is_string() ? entry.string() : "");
  }
  return joined.empty() ? "none" : joined;
}

std::vector<std::string> process_lines(json::View processes);

// A name that nothing has is an answer: no.
int nothing_done(const Error& error) {
  const int status = complain(error);
  return error.fault == ErrorKind::missing ? exit_no : status;
}

int say_nothing_killed(const std::string& scope, const std::string& name, json::View near) {
  const std::string what = scope == "upstream" ? "server" : scope;
  err("pawl: nothing was killed: no " + what + " is called `" + escape_untrusted(name) + "`");
  out(paint(Ink::bad, "nothing was killed"));
  out("nearest names          " + texts(near));
  out("the kill stands        for a " + what +
      " that is called so later; to lift it: pawl resume " + scope + " " + escape_untrusted(name));
  return exit_no;
}

int kill(const Arguments& arguments) {
  const std::string scope = arguments.word("scope");
  const std::string name = arguments.word("name");
  if (Status right = check_scope(scope, name); !right) return complain(right.error());
  const auto reason = arguments.one("--reason");
  if (!reason || reason->empty()) {
    return complain(
        {ErrorKind::usage, "a kill needs `--reason TEXT`: it is what others will read", {}});
  }
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const passwd* user = ::getpwuid(::getuid());
  json::Writer request;
  request.object().key("op").string("kill").key("scope").string(scope).key("name").string(name);
  request.key("reason").string(*reason);
  request.key("by").string(user == nullptr ? "" : user->pw_name);
  request.key("processes").boolean(arguments.has("--processes")).end();
  auto answer = node->ask(request.text());
  if (!answer) return nothing_done(answer.error());
  const json::View root = answer->root();
  const bool found = root["found"].kind() != json::Kind::boolean || root["found"].boolean();
  if (arguments.has("--json")) {
    out(json::write(root));
    return found ? exit_good : exit_no;
  }
  if (!found) return say_nothing_killed(scope, name, root["near"]);
  out(paint(Ink::bad, "killed") + "   " + scope +
      (name.empty() ? "" : " " + escape_untrusted(name)));
  out("runs killed            " + texts(root["runs"]));
  out("held calls withdrawn   " + texts(root["withdrawn"]));
  out("calls in flight        " + texts(root["cancelled"]));
  for (const std::string& line : process_lines(root["processes"])) out(line);
  out("lifted by a reviewer: pawl resume " + scope +
      (name.empty() ? "" : " " + escape_untrusted(name)));
  return exit_good;
}

// What became of the processes behind, and who could not be proved dead.
std::vector<std::string> process_lines(json::View processes) {
  std::vector<std::string> lines;
  if (!processes.is_object() || processes["found"].natural() == 0) return lines;
  const std::uint64_t found = processes["found"].natural();
  if (processes["asked"].kind() != json::Kind::boolean || !processes["asked"].boolean()) {
    lines.push_back(
        fmt::format("processes              {} go on, and every call is denied; "
                    "--processes ends them",
                    found));
    return lines;
  }
  const std::size_t alive = processes["alive"].size();
  lines.push_back(fmt::format("processes              {} ended in {:.1f} ms", found - alive,
                              static_cast<double>(processes["took_us"].integer()) / 1000));
  if (alive > 0) lines.push_back("not proved dead        " + texts(processes["alive"]));
  return lines;
}

int resume(const Arguments& arguments) {
  const std::string scope = arguments.word("scope");
  const std::string name = arguments.word("name");
  if (Status right = check_scope(scope, name); !right) return complain(right.error());
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("kind").string("resume").key("name").string(name);
  act_text.key("reason").string(arguments.one("--reason").value_or(""));
  act_text.key("scope").string(scope).end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return nothing_done(done.error());
  out(arguments.has("--json") ? json::write(done->root())
                              : paint(Ink::good, "resumed") + "   " + scope +
                                    (name.empty() ? "" : " " + escape_untrusted(name)));
  return exit_good;
}

// Policies and deployment files that are not in force as they stand.
void say_files_of(json::View root) {
  for (json::View entry : root["policies_waiting"].elements()) {
    const auto text = [&entry](std::string_view key) {
      return escape_untrusted(entry.text(key).value_or(""));
    };
    out(paint(Ink::warn, "waits") + "      the laxer policy of " + text("agent") +
        ": pawl accept --policy " + text("file") + "\n           " + text("laxer"));
  }
  for (json::View entry : root["deployments_waiting"].elements()) {
    out(paint(Ink::warn, "waits") + "      the laxer deployment file: pawl accept --deployment " +
        "--config " + escape_untrusted(entry.text("file").value_or("")) + "\n           " +
        escape_untrusted(entry.text("laxer").value_or("")));
  }
  for (json::View entry : root["policies_failing"].elements()) {
    out(paint(Ink::bad, "broken") + "     the policy file " +
        escape_untrusted(entry.text("file").value_or("")) +
        " does not load; what was in force stays\n           " +
        escape_untrusted(entry.text("why").value_or("")));
  }
}

int status(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(R"({"op":"status"})");
  if (!answer) return complain(answer.error());
  const json::View root = answer->root();
  if (arguments.has("--json")) {
    out(json::write(root));
    return node->ends(exit_good);
  }
  std::string fault = escape_untrusted(root.text("fault").value_or(""));
  for (json::View entry : root["kills"].elements()) {
    if (!fault.empty() || entry.text("scope") != "all") continue;
    const std::string why = escape_untrusted(entry.text("reason").value_or(""));
    fault = fmt::format("the kill switch is set for everything, by {}{}{}, until `pawl resume all`",
                        escape_untrusted(entry.text("person").value_or("")),
                        why.empty() ? "" : ": ", why);
  }
  out(fault.empty() ? paint(Ink::good, "deciding") + "   every call as its policy says"
                    : paint(Ink::bad, "denying") + "    every call: " + fault);
  out(fmt::format("node       {}   records {}   approval requests {}",
                  escape_untrusted(root.text("version").value_or("")), root["records"].natural(),
                  root["questions"].natural()));
  for (json::View entry : root["kills"].elements()) {
    const std::string name = escape_untrusted(entry.text("name").value_or(""));
    out(paint(Ink::bad, "killed") +
        fmt::format("     {}{} by {}: {}", escape_untrusted(entry.text("scope").value_or("")),
                    name.empty() ? name : " " + name,
                    escape_untrusted(entry.text("person").value_or("")),
                    escape_untrusted(entry.text("reason").value_or(""))));
  }
  for (const std::string& line : escalation_lines(root)) out(line);
  for (const std::string& line : grant_lines(root)) out(line);
  say_files_of(root);
  say_rollout_of(root);
  std::vector<std::vector<std::string>> rows;
  for (json::View run : root["runs"].elements()) {
    const auto text = [&run](std::string_view key) {
      return escape_untrusted(run.text(key).value_or(""));
    };
    rows.push_back({text("run"), text("agent"), text("sponsor"), text("phase"),
                    std::to_string(run["steps"].natural()),
                    std::to_string(run["denials"].natural()), text("why")});
  }
  if (!rows.empty()) {
    out(table(rows, {"run", "agent", "sponsor", "state", "steps", "denied", "why"}));
  }
  return node->ends(fault.empty() ? exit_good : exit_no);
}

}  // namespace

extern const CommandRow kill_command = {
    "kill",
    "run",
    "sets the kill switch for everything, a role, an agent, a run, a tool or a server; needs no "
    "permission",
    kKillOptions,
    kSwitchWords,
    kill,
    "Exits with 1 where nothing has that name: nothing was killed then, the nearest names are "
    "printed, and the kill stands for whatever is called so later."};
extern const CommandRow resume_command = {
    "resume",       "run",        "lifts a kill or a halt; needs a reviewer",
    kResumeOptions, kSwitchWords, resume};
extern const CommandRow status_command = {
    "status", "run", "shows the node, its runs and the kill switch", kStatusOptions, {}, status};

}  // namespace pawl::app
