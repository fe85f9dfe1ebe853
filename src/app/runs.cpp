// `pawl runs …`: runs of agents that call over the network.
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"
#include "base/time.h"

namespace pawl::app {
namespace {

constexpr std::size_t task_of_run_bytes_max = 256UL << 10;

constexpr OptionRow kRunCreateOptions[] = {
    {"--role", "NAME", "the role, as the deployment file names it"},
    {"--key", "TEXT", "the same key is the same run while it is open (default: a new run)"},
    {"--task", "F", "what the run is for, and what it keeps of its role"},
    {"--for", "DOOR", "`api` or `mcp`: the door that the credential is for (default api)"},
    {"--lasts", "TIME", "how long the credential is good, at most a day (default 1h)"},
    state_option,
    config_option,
    json_option,
};
constexpr OptionRow kRunListOptions[] = {state_option, config_option, json_option};
constexpr OptionRow kRunCloseOptions[] = {
    {"--reason", "TEXT", "why; it is recorded"}, state_option, config_option, json_option};
constexpr WordRow kRunId[] = {{"run", "the run, as `runs list` names it"}};

std::string user_of_runs() {
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? fmt::format("uid:{}", ::getuid()) : user->pw_name;
}

// What the node is asked for. Errors name the option.
Result<std::string> run_wanted(const Arguments& arguments) {
  const auto role = arguments.one("--role");
  if (!role || role->empty()) return fail(Fault::usage, "`--role` is missing: whose run is it?");
  const std::string door = arguments.one("--for").value_or("api");
  if (door != "api" && door != "mcp") {
    return fail(Fault::usage, "`--for` is `api` or `mcp`, found `" + visible(door) + "`");
  }
  const auto lasts = parse_duration(arguments.one("--lasts").value_or("1h"));
  if (!lasts || *lasts < Duration::seconds(1)) {
    return fail(Fault::usage, "`--lasts` is a length of time such as `30m`");
  }
  json::Writer request;
  request.object().key("op").string("run_open").key("audience").string(door);
  request.key("by").string(user_of_runs()).key("key").string(arguments.one("--key").value_or(""));
  request.key("lasts_seconds").integer(lasts->ns / 1'000'000'000).key("role").string(*role);
  if (const auto task = arguments.one("--task")) {
    const auto text = read_file(*task, task_of_run_bytes_max);
    if (!text) return std::unexpected(text.error());
    request.key("task").string(*text).key("task_file").string(*task);
  }
  return request.end().take();
}

int create_run(const Arguments& arguments) {
  const auto wanted = run_wanted(arguments);
  if (!wanted) return complain(wanted.error());
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(*wanted);
  if (!answer) return complain(answer.error());
  const json::View root = answer->root();
  const auto member = [root](std::string_view name) {
    return std::string(root.text(name).value_or(""));
  };
  if (arguments.has("--json")) {
    json::Writer text;
    text.object();
    for (const char* name : {"audience", "credential", "expires", "run"}) {
      text.key(name).string(member(name));
    }
    out(text.end().take());
    return exit_good;
  }
  // The credential alone is on standard output, so that it can go where it belongs.
  out(member("credential"));
  err(fmt::format("run {} at {}, until {}", visible(member("run")), visible(member("audience")),
                  visible(member("expires"))));
  return exit_good;
}

Result<json::Document> ask_status(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return std::unexpected(node.error());
  return node->ask(R"({"op":"status"})");
}

int list_runs(const Arguments& arguments) {
  auto answer = ask_status(arguments);
  if (!answer) return complain(answer.error());
  const json::View runs = answer->root()["runs"];
  if (arguments.has("--json")) {
    out(json::write(runs));
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View run : runs.elements()) {
    const auto text = [run](std::string_view key) { return visible(run.text(key).value_or("")); };
    const bool stands = text("phase") == "closed" && !text("halted").empty();
    rows.push_back({text("run"), text("agent"), text("sponsor"),
                    stands ? "closed, its halt stands" : text("phase"),
                    std::to_string(run["steps"].natural()),
                    std::to_string(run["denials"].natural()), text("why")});
  }
  out(rows.empty() ? "there are no runs"
                   : table(rows, {"run", "agent", "sponsor", "state", "steps", "denied", "why"}));
  return exit_good;
}

int show_run(const Arguments& arguments) {
  auto answer = ask_status(arguments);
  if (!answer) return complain(answer.error());
  for (json::View run : answer->root()["runs"].elements()) {
    if (run.text("run") != arguments.word("run")) continue;
    if (arguments.has("--json")) {
      out(json::write(run));
      return exit_good;
    }
    for (const auto [name, value] : run.members()) {
      out(fmt::format("{:<10} {}", name,
                      value.is_string() ? visible(value.string()) : json::write(value)));
    }
    return exit_good;
  }
  return complain({Fault::missing, "there is no run `" + visible(arguments.word("run")) + "`", {}});
}

int close_run(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer request;
  request.object().key("op").string("run_close").key("by").string(user_of_runs());
  request.key("reason").string(arguments.one("--reason").value_or(""));
  request.key("run").string(arguments.word("run")).end();
  auto answer = node->ask(request.text());
  if (!answer) return complain(answer.error());
  out(arguments.has("--json") ? R"({"phase":"closed"})" : "closed   " + arguments.word("run"));
  return exit_good;
}

}  // namespace

extern const CommandRow runs_create_command = {
    "runs create",
    "run",
    "opens a run and prints its credential",
    kRunCreateOptions,
    {},
    create_run,
    "For an agent that calls a door of `pawl serve`, which has to run. The run belongs to you: you "
    "answer for it. A task file is read here, as the words of the person who starts the run."};
extern const CommandRow runs_list_command = {"runs list",     "run", "lists the runs of the node",
                                             kRunListOptions, {},    list_runs};
extern const CommandRow runs_show_command = {"runs show",     "run",  "shows how one run stands",
                                             kRunListOptions, kRunId, show_run};
extern const CommandRow runs_close_command = {
    "runs close",     "run",  "ends a run; its held calls are withdrawn, its credential is over",
    kRunCloseOptions, kRunId, close_run};

}  // namespace pawl::app
