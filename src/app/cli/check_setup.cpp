#include "app/cli/check_setup.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "io/pins/lock.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

// The command that accepts a tool, or all of a server's where none is named.
std::string how_to_accept(const std::string& file, std::string_view tool) {
  const std::size_t slash = tool.find('/');
  const std::string server =
      slash == std::string_view::npos ? "NAME" : escape_untrusted(tool.substr(0, slash));
  return fmt::format("pawl accept --policy {} --server {} [-- CMD...]", escape_untrusted(file),
                     server);
}

bool lock_has(const Lock& lock, const std::string& name) {
  return std::ranges::any_of(lock.tools, [&name](const auto& pinned) {
    return pinned.first == name || pinned.first.ends_with("/" + name);
  });
}

void compare_entry(const std::string& file, const ToolRule& entry, const Lock& lock,
                   CheckReport& report) {
  for (const std::string& name : entry.names) {
    const bool pattern = name.find_first_of("*?") != std::string::npos;
    if (pattern || name.starts_with("mcp:") || lock_has(lock, name)) continue;
    report.findings.push_back(
        {Finding::Weight::warning,
         fmt::format("`{}` is granted and not in `{}`: it is denied until `{}`",
                     escape_untrusted(name), lock_file_name, how_to_accept(file, name)),
         entry.rule.at});
  }
}

// Where the deployment file's own words about a file lead.
std::string role_file(const node::DeploymentRead& read, const Deployment::Role& role) {
  const auto folder = std::filesystem::path(read.path).parent_path();
  return node::real_path((folder / node::home_expanded(role.file)).string());
}

// Contacts whom this deployment cannot reach: a escalation with them has a step that fails.
void compare_contacts(const Policy& policy, const Deployment& deployment, CheckReport& report) {
  const auto look = [&](const std::string& via, const Position& at) {
    if (const Status reached = deployment.check_way_to(via); !reached) {
      report.findings.push_back({Finding::Weight::warning, reached.error().message, at});
    }
  };
  for (const Contact& contact : policy.contacts) look(contact.via, contact.at);
  if (!policy.ceilings.notify.empty()) look(policy.ceilings.notify, policy.agent_rule.at);
}

std::pair<std::string, std::string> server_and_tool(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

// Rule 3 against what was accepted: arguments that are gone, types that changed, classes too low.
void compare_definition(const Policy& policy, const ToolRule& entry, const std::string& name,
                        const std::string& text, Instant now, CheckReport& report) {
  const auto document = json::parse(text);
  if (!document) return;
  const auto [server, tool] = server_and_tool(name);
  const auto definition = parse_definition(document->root(), server);
  if (!definition) {
    report.errors.push_back(
        {ErrorKind::invalid,
         fmt::format("what `{}` accepts as `{}` is not a tool: {}", lock_file_name,
                     escape_untrusted(name), definition.error().message),
         entry.rule.at});
    return;
  }
  const auto known = [&](const Error& misfit) {
    return std::ranges::any_of(report.errors, [&](const Error& error) {
      return error.at.line == misfit.at.line && error.message == misfit.message;
    });
  };
  for (Error& misfit : fit(policy, entry, *definition, now)) {
    if (!known(misfit)) report.errors.push_back(std::move(misfit));
  }
  if (definition->validator_fault.empty()) return;
  report.findings.push_back({Finding::Weight::warning,
                             fmt::format("every call of `{}` is denied: its schema cannot be "
                                         "checked: {}",
                                         escape_untrusted(name), definition->validator_fault),
                             entry.rule.at});
}

void compare_definitions(const std::string& file, const Policy& policy, const Lock& lock,
                         Instant now, CheckReport& report) {
  std::size_t without = 0;
  for (const auto& [name, digest] : lock.tools) {
    const auto [server, tool] = server_and_tool(name);
    const ToolRule* entry = policy.find(server, tool);
    if (entry == nullptr || tool.starts_with("mcp:")) continue;
    const auto definition = lock.definitions.find(name);
    if (definition == lock.definitions.end()) {
      ++without;
    } else {
      compare_definition(policy, *entry, name, definition->second, now, report);
    }
  }
  if (without == 0) return;
  report.findings.push_back(
      {Finding::Weight::note,
       fmt::format("`{}` has {} without their definitions, so their arguments are not compared",
                   lock_file_name, without == 1 ? "1 tool" : fmt::format("{} tools", without)),
       {file, 0, 0}});
}

}  // namespace

void compare_lock(const std::string& file, const Policy& policy, bool asked, Instant now,
                  CheckReport& report) {
  const Result<Lock> lock = read_lock(file);
  if (!lock) {
    report.errors.push_back(lock.error());
    return;
  }
  if (!lock->present) {
    report.findings.push_back(
        {asked ? Finding::Weight::error_in_production : Finding::Weight::warning,
         fmt::format(
             "there is no `{}` beside the file: the first use of a tool is recorded, and in "
             "production denied until an operator runs `pawl accept --policy {} --server NAME` for "
             "each server",
             lock_file_name, escape_untrusted(file)),
         {file, 0, 0}});
    return;
  }
  for (const ToolRule& entry : policy.tools) compare_entry(file, entry, *lock, report);
  compare_definitions(file, policy, *lock, now, report);
  for (const auto& [name, digest] : lock->tools) {
    const auto [server, tool] = server_and_tool(name);
    if (policy.find(server, tool) != nullptr) continue;
    report.findings.push_back({Finding::Weight::note,
                               fmt::format("`{}` is in `{}` and no entry grants it",
                                           escape_untrusted(name), lock_file_name),
                               {file, 0, 0}});
  }
}

std::vector<ToolDefinition> accepted_definitions(const std::string& file) {
  std::vector<ToolDefinition> all;
  const Result<Lock> lock = read_lock(file);
  if (!lock || !lock->present) return all;
  for (const auto& [name, text] : lock->definitions) {
    const auto document = json::parse(text);
    const auto [server, tool] = server_and_tool(name);
    if (!document || tool.starts_with("mcp:")) continue;
    if (auto definition = parse_definition(document->root(), server)) {
      all.push_back(std::move(*definition));
    }
  }
  return all;
}

namespace {

// What a role that comes into force by steps leaves open meanwhile.
void compare_rollout(const std::string& name, const Deployment::Role& role, const Policy& policy,
                     const node::DeploymentRead& read, CheckReport& report) {
  if (role.observe && node::wall_clock() < role.observe->until) {
    report.findings.push_back(
        {Finding::Weight::error_in_production,
         fmt::format("the deployment file ({}:{}) has `{}` watched and not enforced until {}: {}",
                     escape_untrusted(role.observe->at.file), role.observe->at.line,
                     escape_untrusted(name), to_string(role.observe->until),
                     escape_untrusted(role.observe->reason)),
         policy.agent_rule.at});
  }
  if (role.candidate.empty()) return;
  const std::string file = node::candidate_file(read.path, role);
  const Loaded loaded = node::read_policy(file, &*read.deployment);
  std::string wrong;
  if (!loaded.policy) {
    wrong = loaded.errors.empty() ? "no reason given"
                                  : escape_untrusted(to_string(loaded.errors.front()));
  } else if (loaded.policy->agent != name) {
    wrong = fmt::format("its agent is `{}`", escape_untrusted(loaded.policy->agent));
  }
  if (wrong.empty()) return;
  report.findings.push_back(
      {Finding::Weight::warning,
       fmt::format("the candidate of `{}` (`{}`) cannot be judged: {}", escape_untrusted(name),
                   escape_untrusted(role.candidate), wrong),
       policy.agent_rule.at});
}

}  // namespace

void compare_deployment(const std::string& file, const Policy& policy,
                        const node::DeploymentRead& read, CheckReport& report) {
  const std::string here = node::real_path(node::absolute(file));
  for (const auto& [name, role] : read.deployment->roles) {
    const std::string named = role_file(read, role);
    if (named == here && name != policy.agent) {
      report.errors.push_back(
          {ErrorKind::invalid,
           fmt::format("the deployment file ({}:{}) gives this file to the role `{}`, and its "
                       "agent is `{}`",
                       escape_untrusted(role.at.file), role.at.line, escape_untrusted(name),
                       escape_untrusted(policy.agent)),
           policy.agent_rule.at});
    }
    if (named == here) compare_contacts(policy, *read.deployment, report);
    if (named == here && name == policy.agent) compare_rollout(name, role, policy, read, report);
    const bool beside = !role.candidate.empty() && node::candidate_file(read.path, role) == here;
    if (named != here && name == policy.agent && !beside) {
      report.findings.push_back(
          {Finding::Weight::warning,
           fmt::format("the deployment file ({}:{}) lets `{}` govern `{}`, not this file",
                       escape_untrusted(role.at.file), role.at.line, escape_untrusted(named),
                       escape_untrusted(name)),
           policy.agent_rule.at});
    }
  }
}

void compare_links(const Policy& policy, CheckReport& report) {
  for (const ToolRule& entry : policy.tools) {
    for (const ArgumentRule& rule : entry.arguments) {
      for (const Check& check : rule.checks) {
        if (check.kind != CheckKind::path || !check.path) continue;
        for (const std::string& directory : check.path->under) {
          const std::string where = node::real_path(directory);
          if (where == directory) continue;
          report.findings.push_back(
              {Finding::Weight::note,
               fmt::format("`{}` leads over a link to `{}` here: that place is part of the policy, "
                           "and if the link changes, a reviewer must accept the policy again",
                           escape_untrusted(directory), escape_untrusted(where)),
               check.rule.at});
        }
      }
    }
  }
}

}  // namespace pawl::app
