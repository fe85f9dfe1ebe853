#include "node/join.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/policy/models.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"

namespace pawl::node {
namespace {

constexpr std::size_t key_part_bytes_max = 256;

std::string expand(const std::string& path) {
  if (path != "~" && !path.starts_with("~/")) return path;
  const char* home = std::getenv("HOME");
  return (home == nullptr ? std::string() : std::string(home)) + path.substr(1);
}

bool inside(const std::string& directory, const std::string& root) {
  if (root.empty() || !directory.starts_with(root)) return false;
  return directory.size() == root.size() || root.ends_with('/') || directory[root.size()] == '/';
}

Result<std::string> text_of(json::View request, std::string_view key) {
  const json::View value = request[key];
  if (!value.exists()) return std::string();
  if (!value.is_string()) return fail(ErrorKind::invalid, fmt::format("`{}` is not a text", key));
  return std::string(value.string());
}

}  // namespace

std::string to_json(const JoinRequest& request) {
  json::Writer out;
  out.object().key("op").string("join").key("policy").string(request.policy);
  out.key("servers").array();
  for (const JoinServer& server : request.servers) {
    out.object().key("name").string(server.name).key("command").array();
    for (const std::string& word : server.command) out.string(word);
    out.end().end();
  }
  out.end().key("directory").string(request.directory).key("run").string(request.run);
  out.key("session").string(request.session).key("client").string(request.client);
  out.key("task").string(request.task).end();
  return out.take();
}

Result<JoinRequest> parse_join(json::View request) {
  JoinRequest join;
  struct Part {
    const char* key;
    std::string* into;
  };
  for (const Part& part :
       {Part{"policy", &join.policy}, Part{"directory", &join.directory}, Part{"run", &join.run},
        Part{"session", &join.session}, Part{"client", &join.client}, Part{"task", &join.task}}) {
    auto value = text_of(request, part.key);
    PAWL_TRY(value);
    *part.into = std::move(*value);
  }
  for (json::View told : request["servers"].elements()) {
    auto name = text_of(told, "name");
    PAWL_TRY(name);
    JoinServer server{std::move(*name), {}};
    for (json::View word : told["command"].elements()) {
      if (!word.is_string()) return fail(ErrorKind::invalid, "`command` is not a list of texts");
      server.command.emplace_back(word.string());
    }
    join.servers.push_back(std::move(server));
  }
  if (join.servers.empty()) return fail(ErrorKind::invalid, "a join names its servers");
  return join;
}

// Of several the longest wins.
const Deployment::Role* role_of_directory(const Deployment& deployment,
                                          const std::string& directory) {
  const Deployment::Role* best = nullptr;
  std::size_t longest = 0;
  for (const auto& [name, role] : deployment.roles) {
    for (const std::string& written : role.directories) {
      const std::string root = real_path(expand(written));
      if (inside(real_path(directory), root) && root.size() > longest) {
        longest = root.size();
        best = &role;
      }
    }
  }
  return best;
}

Result<std::string> governing_policy(const JoinRequest& request, const Deployment& deployment,
                                     const std::string& config_directory) {
  const Deployment::Role* role = role_of_directory(deployment, request.directory);
  if (role == nullptr) {
    if (request.policy.empty()) {
      return fail(ErrorKind::missing,
                  "no policy governs `" + escape_untrusted(request.directory) +
                      "`: name one with --policy or PAWL_POLICY, or write one with `pawl init`");
    }
    return request.policy;
  }
  const std::string bound =
      real_path((std::filesystem::path(config_directory) / expand(role->file)).string());
  if (!request.policy.empty() && real_path(request.policy) != bound) {
    return fail(ErrorKind::refused, "the deployment file binds this directory to `" +
                                        escape_untrusted(bound) +
                                        "`, and another policy was named");
  }
  return bound;
}

Status check_server(const JoinServer& server, const Deployment& deployment) {
  const std::string name = fold(server.name);
  if (name == "pawl" || name.starts_with("mcp:") || name.starts_with(model_prefix)) {
    return fail(ErrorKind::refused,
                "`" + escape_untrusted(server.name) + "` is a reserved server name");
  }
  if (server.name.find('/') != std::string::npos || has_hidden_characters(server.name)) {
    return fail(ErrorKind::refused, "a server name has no `/` and no hidden characters");
  }
  const auto bound = deployment.servers.find(server.name);
  if (bound == deployment.servers.end()) return {};
  if (!bound->second.url.empty() && !server.command.empty()) {
    return fail(ErrorKind::refused, "the deployment file reaches server `" +
                                        escape_untrusted(server.name) +
                                        "` over HTTP, and a command was given");
  }
  if (bound->second.command != server.command) {
    return fail(ErrorKind::refused, "the deployment file binds server `" +
                                        escape_untrusted(server.name) + "` to another command");
  }
  return {};
}

std::string run_key(const JoinRequest& request, const std::string& agent,
                    const net::ProcessId& parent, const std::string& boot_id) {
  if (!request.run.empty()) {
    return "named:" + agent + ":" + escape_untrusted(request.run.substr(0, key_part_bytes_max));
  }
  if (!request.session.empty()) {
    return "session:" + agent + ":" +
           escape_untrusted(request.session.substr(0, key_part_bytes_max));
  }
  return fmt::format("process:{}:{}:{}:{}", agent, parent.pid, parent.started_ticks, boot_id);
}

}  // namespace pawl::node
