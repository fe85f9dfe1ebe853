#include "app/check_setup.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "io/pins/lock.h"

namespace pawl::app {
namespace {

std::string real(const std::filesystem::path& path) {
  std::error_code failed;
  const auto found = std::filesystem::weakly_canonical(path, failed);
  return failed ? path.string() : found.string();
}

// The command that accepts a tool, or all of a server's where none is named.
std::string how_to_accept(const std::string& file, std::string_view tool) {
  const std::size_t slash = tool.find('/');
  const std::string server =
      slash == std::string_view::npos ? "NAME" : visible(tool.substr(0, slash));
  return fmt::format("pawl accept --policy {} --server {} -- CMD...", visible(file), server);
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
         fmt::format("`{}` is granted and not in `{}`: it is denied until `{}`", visible(name),
                     lock_file_name, how_to_accept(file, name)),
         entry.rule.at});
  }
}

// Where the deployment file's own words about a file lead.
std::string role_file(const DeploymentRead& read, const Deployment::Role& role) {
  std::string written = role.file;
  if (written.starts_with("~/")) {
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
    if (home != nullptr) written = std::string(home) + written.substr(1);
  }
  return real(std::filesystem::path(read.path).parent_path() / written);
}

}  // namespace

void compare_lock(const std::string& file, const Policy& policy, bool asked, CheckReport& report) {
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
             "production denied until somebody runs `pawl accept --policy {} -- CMD…` for "
             "each server",
             lock_file_name, visible(file)),
         {file, 0, 0}});
    return;
  }
  for (const ToolRule& entry : policy.tools) compare_entry(file, entry, *lock, report);
  for (const auto& [name, digest] : lock->tools) {
    const auto slash = name.find('/');
    const std::string server = slash == std::string::npos ? "" : name.substr(0, slash);
    const std::string tool = slash == std::string::npos ? name : name.substr(slash + 1);
    if (policy.find(server, tool) != nullptr) continue;
    report.findings.push_back(
        {Finding::Weight::note,
         fmt::format("`{}` is in `{}` and no entry grants it", visible(name), lock_file_name),
         {file, 0, 0}});
  }
}

void compare_deployment(const std::string& file, const Policy& policy, const DeploymentRead& read,
                        CheckReport& report) {
  const std::string here = real(absolute(file));
  for (const auto& [name, role] : read.deployment->roles) {
    const std::string named = role_file(read, role);
    if (named == here && name != policy.agent) {
      report.errors.push_back(
          {Fault::invalid,
           fmt::format("the deployment file ({}:{}) gives this file to the role `{}`, and its "
                       "agent is `{}`",
                       visible(role.at.file), role.at.line, visible(name), visible(policy.agent)),
           policy.agent_rule.at});
    }
    if (named != here && name == policy.agent) {
      report.findings.push_back(
          {Finding::Weight::warning,
           fmt::format("the deployment file ({}:{}) lets `{}` govern `{}`, not this file",
                       visible(role.at.file), role.at.line, visible(named), visible(name)),
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
          const std::string where = real(directory);
          if (where == directory) continue;
          report.findings.push_back(
              {Finding::Weight::warning,
               fmt::format("`{}` leads over a link to `{}` here, and paths are compared with "
                           "links followed, so nothing below it is allowed: write `{}`",
                           visible(directory), visible(where), visible(where)),
               check.rule.at});
        }
      }
    }
  }
}

}  // namespace pawl::app
