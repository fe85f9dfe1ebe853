// `pawl kill`, `pawl resume`, `pawl status`: the switch, and what it is over.
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/ack.h"
#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/grants.h"
#include "app/rollout_text.h"
#include "app/terminal.h"
#include "base/text.h"
#include "kernel/state/state.h"

namespace pawl::app {
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

int say_nothing_stopped(const std::string& scope, const std::string& name, json::View near) {
  const std::string what = scope == "upstream" ? "server" : scope;
  err("pawl: nothing was stopped: no " + what + " is called `" + escape_untrusted(name) + "`");
  out(paint(Ink::bad, "nothing was stopped"));
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
  if (!found) return say_nothing_stopped(scope, name, root["near"]);
  out(paint(Ink::bad, "killed") + "   " + scope +
      (name.empty() ? "" : " " + escape_untrusted(name)));
  out("runs stopped           " + texts(root["runs"]));
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
  const std::string fault = escape_untrusted(root.text("fault").value_or(""));
  out(fault.empty() ? paint(Ink::good, "grants are given")
                    : paint(Ink::bad, "no grants: " + fault));
  out(fmt::format("node       {}   records {}   questions {}",
                  escape_untrusted(root.text("version").value_or("")), root["records"].natural(),
                  root["questions"].natural()));
  for (json::View entry : root["kills"].elements()) {
    out(paint(Ink::bad, "killed") +
        fmt::format("     {} {} by {}: {}", escape_untrusted(entry.text("scope").value_or("")),
                    escape_untrusted(entry.text("name").value_or("")),
                    escape_untrusted(entry.text("person").value_or("")),
                    escape_untrusted(entry.text("reason").value_or(""))));
  }
  for (const std::string& line : escalation_lines(root)) out(line);
  for (const std::string& line : grant_lines(root)) out(line);
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
    "stops everything, a role, an agent, a run, a tool or a server; needs nobody's permission",
    kKillOptions,
    kSwitchWords,
    kill,
    "Exits with 1 where nothing has that name: nothing was stopped then, the nearest names are "
    "printed, and the kill stands for whatever is called so later."};
extern const CommandRow resume_command = {
    "resume",       "run",        "lifts a kill or a halt; needs a reviewer",
    kResumeOptions, kSwitchWords, resume};
extern const CommandRow status_command = {
    "status", "run", "shows the node, its runs and what is stopped", kStatusOptions, {}, status};

}  // namespace pawl::app
