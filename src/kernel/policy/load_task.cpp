// A task file: what one run of a role keeps of it.
//
//   version: 1
//   text: "Please pay the bill of December."       what the sponsor said
//   tools:                                         fewer than the role's
//     - read_file
//     - {name: send_money, args: {amount: {max: 100}}, max_calls_per_run: 1}
//   execution: {max_steps: 10}                     smaller ceilings
//
// Every call has to pass the role's entry and the task's: the checks of both are put side by side,
// and of two limits the smaller one holds. What would be more than the role has is a mistake, or of
// no effect.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/bundle.h"

namespace pawl {
namespace {

template <class T>
void smaller(std::optional<T>& role, const std::optional<T>& task, Rule& rule, const Rule& own) {
  if (!task || (role && *role <= *task)) return;
  role = task;
  rule = own;
}

class Narrowing {
 public:
  // `role` holds the policy; the task is read with findings of its own.
  Narrowing(Build& role, Build& task) : role_(role), task_(task), known_(role.policy) {
    known_.index();
  }

  void read(const yaml::Node& root);

  void read_ceilings(const yaml::Entry& key) { read_execution(task_, key.value); }

  void read_tools(const yaml::Entry& key) {
    tools_.emplace();
    task_.reading.items(key.value, key.key, [this](const yaml::Node& item) { tool(item); });
  }

  // The words of a person may have many lines and any characters.
  void read_words(const yaml::Entry& key) {
    const yaml::Node& node = key.value;
    if (!node.is_scalar() || node.text.size() > words_bytes_max) {
      task_.reading.mistake(
          node.at, fmt::format("`text` must be a text of at most {} bytes", words_bytes_max));
      return;
    }
    role_.policy.task_words = node.text;
  }

 private:
  void tool(const yaml::Node& node);

  void keep_tool(const std::string& name, const Position& at, const ToolRule& own) {
    const auto pattern = parse_name(name);
    const std::size_t slash = name.find('/');
    const bool qualified = slash != std::string::npos && !name.starts_with(reserved_prefix);
    const ToolRule* granted = nullptr;
    if (pattern && !pattern->glob()) {
      granted = qualified ? known_.find(name.substr(0, slash), name.substr(slash + 1))
                          : known_.find("", name);
    }
    if (granted == nullptr) return refuse(name, at);
    const bool twice = std::ranges::any_of(
        *tools_, [&](const ToolRule& tool) { return tool.names.front() == name; });
    if (twice) {
      return task_.reading.mistake(at, fmt::format("`{}` is there twice", escape_untrusted(name)));
    }
    for (const ArgumentRule& argument : own.arguments) check_sources_of(role_, argument);
    tools_->push_back(both(*granted, own, name));
    if (!qualified) keep_on_servers(name, *granted, own);
  }

  // What the role says of the same tool on single servers stays: without it the wider entry would
  // decide there.
  void keep_on_servers(const std::string& name, const ToolRule& wide, const ToolRule& own) {
    std::set<std::string> servers;
    for (const ToolRule& tool : known_.tools) {
      for (const std::string& each : tool.names) {
        const auto pattern = parse_name(each);
        const bool one = pattern && !pattern->any_server && !pattern->server.glob();
        if (one) servers.insert(pattern->server.text());
      }
    }
    for (const std::string& server : servers) {
      const ToolRule* there = known_.find(server, name);
      if (there == nullptr || there == &wide) continue;
      tools_->push_back(both(*there, own, server + "/" + name));
    }
  }

  void refuse(const std::string& name, const Position& at) {
    std::vector<std::string> names;
    for (const ToolRule& tool : known_.tools) {
      names.insert(names.end(), tool.names.begin(), tool.names.end());
    }
    const std::string near = closest_match(name, names);
    task_.reading.mistake(
        at,
        fmt::format(
            "the role does not grant `{}`, and a task never grants more{}", escape_untrusted(name),
            near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
  }

  ToolRule both(const ToolRule& granted, const ToolRule& own, const std::string& name) const {
    ToolRule out = granted;
    out.names = {name};
    out.index = static_cast<std::uint32_t>(tools_->size());
    out.arguments.insert(out.arguments.end(), own.arguments.begin(), own.arguments.end());
    out.named.insert(out.named.end(), own.named.begin(), own.named.end());
    std::ranges::sort(out.named);
    const auto repeated = std::ranges::unique(out.named);
    out.named.erase(repeated.begin(), repeated.end());
    smaller(out.max_records_per_run, own.max_records_per_run, out.max_records_rule,
            own.max_records_rule);
    smaller(out.max_calls_per_run, own.max_calls_per_run, out.max_calls_rule, own.max_calls_rule);
    smaller(out.max_calls_per_minute, own.max_calls_per_minute, out.max_rate_rule,
            own.max_rate_rule);
    return out;
  }

  void narrow_ceilings() {
    Ceilings& role = role_.policy.ceilings;
    const Ceilings& task = task_.policy.ceilings;
    smaller(role.steps, task.steps, role.steps_rule, task.steps_rule);
    smaller(role.denials, task.denials, role.denials_rule, task.denials_rule);
    smaller(role.repeats, task.repeats, role.repeats_rule, task.repeats_rule);
    smaller(role.tokens, task.tokens, role.tokens_rule, task.tokens_rule);
    smaller(role.input_tokens, task.input_tokens, role.input_rule, task.input_rule);
    smaller(role.output_tokens, task.output_tokens, role.output_rule, task.output_rule);
    smaller(role.model_calls, task.model_calls, role.model_calls_rule, task.model_calls_rule);
    smaller(role.cost_nano_usd, task.cost_nano_usd, role.cost_rule, task.cost_rule);
    smaller(role.wall_clock, task.wall_clock, role.wall_clock_rule, task.wall_clock_rule);
  }

  Build& role_;
  Build& task_;
  Policy known_;  // the role as it was, with its lookups
  std::optional<std::vector<ToolRule>> tools_;
};

constexpr auto kTaskKeys = section_keys<Build, Narrowing>(
    Section::task,
    {
        {"version", "`1`", "1", 0, "Version of the grammar.", version},
        {"text", "text", "nothing", 0, "What the sponsor asks for: `user`, as an origin.",
         method<&Narrowing::read_words>},
        {"tools", "list of names and mappings", "all", 1, "Tools of the role that stay.",
         method<&Narrowing::read_tools>},
        {"execution", mapping(Section::execution), "the role's", 9, "Smaller ceilings.",
         method<&Narrowing::read_ceilings>},
    });

void Narrowing::read(const yaml::Node& root) {
  read_section(task_, root, kTaskKeys, *this);
  narrow_ceilings();
  if (!tools_) return;
  role_.policy.tools = std::move(*tools_);
  role_.policy.askable.clear();  // who named the tools of the run named all of them
}

struct TaskTool {
  std::string name;
  ToolRule rule;
};

void read_args_of_task(Build& build, TaskTool& into, const yaml::Entry& key) {
  read_arguments(build, key, "task/args", into.rule);
}

void read_limit_of_task(Build& build, TaskTool& into, const yaml::Entry& key) {
  read_limit(build, key, "task", into.rule);
}

constexpr auto kTaskToolKeys = section_keys<Build, TaskTool>(
    Section::task_tool,
    {
        {"name", "text", "required", 2, "A tool that the role grants; no glob.",
         text<&TaskTool::name>},
        {"args", "mapping of arguments", "none", 6, "Checks besides the role's.",
         read_args_of_task},
        {kMaxRecords, "whole number", "the role's", 9, "A smaller limit.", read_limit_of_task},
        {kMaxCalls, "whole number", "the role's", 9, "A smaller limit.", read_limit_of_task},
        {kMaxRate, "whole number", "the role's", 9, "A smaller limit.", read_limit_of_task},
    });

void Narrowing::tool(const yaml::Node& node) {
  TaskTool tool;
  if (node.is_scalar()) tool.name = node.text;
  if (node.is_map()) {
    read_section(task_, node, kTaskToolKeys, tool);
  } else if (!node.is_scalar()) {
    task_.reading.mistake(node.at,
                          fmt::format("a tool is a name or a mapping, found {}", node.described()));
  }
  if (!tool.name.empty()) keep_tool(tool.name, node.at, tool.rule);
}

}  // namespace

void list_task_keys(std::vector<Key>& into) {
  kTaskKeys.list(into);
  kTaskToolKeys.list(into);
}

void narrow(Build& build, const TaskText& task) {
  yaml::Read read = yaml::read(task.bytes, task.file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  Policy scratch;
  Build reading(Reading(read, policy_keys()), scratch, build.sources);
  static_cast<Names&>(reading) = static_cast<const Names&>(build);
  reading.layer_names = build.layer_names;
  if (root.kind != yaml::Kind::null || reading.reading.sound()) {
    Narrowing(build, reading).read(root);
  }
  for (Error& error : reading.reading.take_errors(task.file)) {
    build.reading.mistake(error.at, std::move(error.message), error.fault);
  }
  build.policy.task = task.bytes;
}

}  // namespace pawl
