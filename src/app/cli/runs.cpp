// `pawl runs …`: runs of agents that call over the network.
#include <pwd.h>
#include <unistd.h>

#include <charconv>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "base/time.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr std::size_t task_of_run_bytes_max = 256UL << 10;

constexpr OptionRow kRunCreateOptions[] = {
    {"--role", "NAME", "the role, as the deployment file names it"},
    {"--parent", "RUN", "instead of a role: a part of this run, for a sub-agent"},
    {"--agent", "NAME", "beside `--parent`: how the sub-agent is called"},
    {"--tool", "NAME", "beside `--parent`: a tool or glob that it is given (default: all of them)",
     Takes::many},
    {"--steps", "N", "beside `--parent`: how many steps it has at most"},
    {"--denials", "N", "beside `--parent`: after so many denials it gets nothing more"},
    {"--calls", "N", "beside `--parent`: how many of its calls are executed at most"},
    {"--records", "N", "beside `--parent`: how many records they touch at most"},
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

// Options that say nothing about what is asked for.
Status no_other_options(const Arguments& arguments) {
  const bool part = arguments.has("--parent");
  for (const char* name : {"--agent", "--tool", "--steps", "--denials", "--calls", "--records"}) {
    if (!part && arguments.has(name)) {
      return fail(ErrorKind::usage, fmt::format("`{}` belongs to `--parent`", name));
    }
  }
  for (const char* name : {"--role", "--key", "--task"}) {
    if (part && arguments.has(name)) {
      return fail(ErrorKind::usage, fmt::format("`{}` beside `--parent`: a part of a run has the "
                                                "role, the policy and the task of that run",
                                                name));
    }
  }
  return {};
}

// The rest of a request for a part of a run.
Result<std::string> part_wanted(const Arguments& arguments, json::Writer& request) {
  const std::string agent = arguments.one("--agent").value_or("");
  if (agent.empty()) {
    return fail(ErrorKind::usage, "`--agent` is missing: how is the sub-agent called?");
  }
  request.key("agent").string(agent).key("parent").string(arguments.one("--parent").value_or(""));
  request.key("limits").object();
  for (const std::string_view name : {"steps", "denials", "calls", "records"}) {
    const std::string option = fmt::format("--{}", name);
    const auto text = arguments.one(option);
    if (!text) continue;
    std::uint64_t most = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, wrong] = std::from_chars(text->data(), end, most);
    if (wrong != std::errc() || stop != end) {
      return fail(ErrorKind::usage, fmt::format("`{}` is a number such as 10", option));
    }
    request.key(name).natural(most);
  }
  request.end();
  if (arguments.has("--tool")) {
    request.key("tools").array();
    for (const std::string& tool : arguments.many("--tool")) request.string(tool);
    request.end();
  }
  return request.end().take();
}

// What the node is asked for. Errors name the option.
Result<std::string> run_wanted(const Arguments& arguments) {
  PAWL_TRY(no_other_options(arguments));
  const bool part = arguments.has("--parent");
  const auto role = arguments.one("--role");
  if (!part && (!role || role->empty())) {
    return fail(ErrorKind::usage, "`--role` is missing: whose run is it?");
  }
  const std::string door = arguments.one("--for").value_or("api");
  if (door != "api" && door != "mcp") {
    return fail(ErrorKind::usage,
                "`--for` is `api` or `mcp`, found `" + escape_untrusted(door) + "`");
  }
  const auto lasts = parse_duration(arguments.one("--lasts").value_or("1h"));
  if (!lasts || *lasts < Duration::seconds(1)) {
    return fail(ErrorKind::usage, "`--lasts` is a length of time such as `30m`");
  }
  json::Writer request;
  request.object().key("op").string("run_open").key("audience").string(door);
  request.key("by").string(user_of_runs());
  request.key("lasts_seconds").integer(lasts->ns / 1'000'000'000);
  if (part) return part_wanted(arguments, request);
  request.key("key").string(arguments.one("--key").value_or("")).key("role").string(*role);
  if (const auto task = arguments.one("--task")) {
    const auto text = node::read_file(*task, task_of_run_bytes_max);
    PAWL_TRY(text);
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
  err(fmt::format("run {} at {}, until {}", escape_untrusted(member("run")),
                  escape_untrusted(member("audience")), escape_untrusted(member("expires"))));
  return exit_good;
}

constexpr const char* kStatusAsked = R"({"op":"status"})";

int list_runs(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(kStatusAsked);
  if (!answer) return complain(answer.error());
  const json::View runs = answer->root()["runs"];
  if (arguments.has("--json")) {
    out(json::write(runs));
    return node->ends(exit_good);
  }
  std::vector<std::vector<std::string>> rows;
  for (json::View run : runs.elements()) {
    const auto text = [run](std::string_view key) {
      return escape_untrusted(run.text(key).value_or(""));
    };
    const bool stands = text("phase") == "closed" && !text("halted").empty();
    rows.push_back({text("run"), text("agent"), text("sponsor"),
                    stands ? "closed, its halt stands" : text("phase"),
                    std::to_string(run["steps"].natural()),
                    std::to_string(run["denials"].natural()), text("why")});
  }
  out(rows.empty() ? "there are no runs"
                   : table(rows, {"run", "agent", "sponsor", "state", "steps", "denied", "why"}));
  return node->ends(exit_good);
}

int show_run(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(kStatusAsked);
  if (!answer) return complain(answer.error());
  for (json::View run : answer->root()["runs"].elements()) {
    if (run.text("run") != arguments.word("run")) continue;
    if (arguments.has("--json")) {
      out(json::write(run));
      return node->ends(exit_good);
    }
    for (const auto [name, value] : run.members()) {
      out(fmt::format("{:<10} {}", name,
                      value.is_string() ? escape_untrusted(value.string()) : json::write(value)));
    }
    return node->ends(exit_good);
  }
  return complain({ErrorKind::missing,
                   "there is no run `" + escape_untrusted(arguments.word("run")) + "`",
                   {}});
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
    "answer for it. A task file is read here, as the words of the person who starts the run.\n\n"
    "With `--parent` it is a part of an open run, or of such a part: the sub-agent has the tools "
    "that are named here of those that the run has, what it uses counts in the run, and it ends "
    "with the run.\n\n"
    "    pawl runs create --parent r-7k2m9xq4 --agent reader --tool 'get_*' --steps 10 --for mcp"};
extern const CommandRow runs_list_command = {"runs list",     "run", "lists the runs of the node",
                                             kRunListOptions, {},    list_runs};
extern const CommandRow runs_show_command = {"runs show",     "run",  "shows how one run stands",
                                             kRunListOptions, kRunId, show_run};
extern const CommandRow runs_close_command = {
    "runs close",     "run",  "ends a run; its held calls are withdrawn, its credential is over",
    kRunCloseOptions, kRunId, close_run};

}  // namespace pawl::app
