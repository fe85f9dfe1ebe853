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

  void read(const yaml::Node& root) {
    task_.reading.keys(root, Section::task, [&](const yaml::Entry& key) { return take(key); });
    narrow_ceilings();
    if (!tools_) return;
    role_.policy.tools = std::move(*tools_);
    role_.policy.askable.clear();  // who named the tools of the run named all of them
  }

 private:
  bool take(const yaml::Entry& key) {
    if (key.key == "version") {
      task_.reading.count(key.value, "version", {1, 1});
    } else if (key.key == "text") {
      take_words(key.value);
    } else if (key.key == "execution") {
      read_execution(task_, key.value);
    } else if (key.key == "tools") {
      tools_.emplace();
      task_.reading.items(key.value, "tools", [this](const yaml::Node& item) { tool(item); });
    } else {
      return false;
    }
    return true;
  }

  // The words of a person may have many lines and any characters.
  void take_words(const yaml::Node& node) {
    if (!node.is_scalar() || node.text.size() > words_bytes_max) {
      task_.reading.mistake(
          node.at, fmt::format("`text` must be a text of at most {} bytes", words_bytes_max));
      return;
    }
    role_.policy.task_words = node.text;
  }

  void tool(const yaml::Node& node) {
    ToolRule rule;
    std::string name = node.is_scalar() ? node.text : "";
    if (node.is_map()) {
      task_.reading.keys(node, Section::task_tool, [&](const yaml::Entry& key) {
        if (key.key == "name") {
          name = task_.reading.text(key.value, "name").value_or("");
        } else if (key.key == "args") {
          read_arguments(task_, key, "task/args", rule);
        } else {
          return read_limit(task_, key, "task", rule);
        }
        return true;
      });
      task_.reading.missing(node, Section::task_tool, "name");
    } else if (!node.is_scalar()) {
      task_.reading.mistake(
          node.at, fmt::format("a tool is a name or a mapping, found {}", node.described()));
    }
    if (!name.empty()) keep(name, node.at, rule);
  }

  void keep(const std::string& name, const Position& at, const ToolRule& own) {
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
    smaller(role.tokens, task.tokens, role.tokens_rule, task.tokens_rule);
    smaller(role.cost_nano_usd, task.cost_nano_usd, role.cost_rule, task.cost_rule);
    smaller(role.wall_clock, task.wall_clock, role.wall_clock_rule, task.wall_clock_rule);
  }

  Build& role_;
  Build& task_;
  Policy known_;  // the role as it was, with its lookups
  std::optional<std::vector<ToolRule>> tools_;
};

}  // namespace

void narrow(Build& build, const TaskText& task) {
  yaml::Read read = yaml::read(task.bytes, task.file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  Policy scratch;
  Build reading(Reading(read, policy_keys()), scratch, build.sources);
  reading.lists = build.lists;
  if (root.kind != yaml::Kind::null || reading.reading.sound()) {
    Narrowing(build, reading).read(root);
  }
  for (Error& error : reading.reading.take_errors(task.file)) {
    build.reading.mistake(error.at, std::move(error.message), error.fault);
  }
  build.policy.task = task.bytes;
}

}  // namespace pawl
