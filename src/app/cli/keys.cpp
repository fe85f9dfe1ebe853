// `pawl keys …`: keys of agents. The deployment file holds what is kept of them, and decides.
//
// A key is made here, shown once and stored nowhere; what opens the door is the line that a person
// puts into the file. Taking one back needs no proof: it only tightens.
#include <fmt/format.h>

#include <vector>

#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/identity/identities.h"
#include "io/pins/replace_file.h"
#include "io/secrets/run_keys.h"
#include "kernel/config/limits.h"
#include "lang/jose/api_key.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr OptionRow kKeyCreateOptions[] = {config_option, json_option};
constexpr OptionRow kKeyListOptions[] = {config_option, json_option};
constexpr OptionRow kKeyRevokeOptions[] = {state_option, config_option, json_option};
constexpr OptionRow kKeyRotateOptions[] = {
    state_option,
    {"--at-once", "", "the credentials that are out there open nothing any more", Takes::nothing},
    json_option};
constexpr WordRow kKeyAgent[] = {
    {"agent", "the agent, as `agents` of the deployment file names it"}};
constexpr WordRow kKeyPrefix[] = {{"prefix", "the first characters, as `keys list` shows them"}};

Result<Deployment> deployment_of_keys(const Arguments& arguments) {
  node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  if (read.deployment) return *std::move(read.deployment);
  return std::unexpected(read.errors.empty() ? Error{ErrorKind::missing, "no deployment file", {}}
                                             : read.errors.front());
}

int create_key(const Arguments& arguments) {
  const std::string agent = arguments.word("agent");
  node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  // An agent without a key is a mistake, and this is how it gets one.
  const bool unread = !read.deployment && (read.errors.empty() || read.text.empty());
  if (unread) {
    return complain(read.errors.empty() ? Error{ErrorKind::missing, "no deployment file", {}}
                                        : read.errors.front());
  }
  auto key = jose::make_api_key(random_bytes(jose::api_key_random_bytes));
  // Its first characters are a word of `pawl keys revoke`, and no option.
  while (key && key->kept.prefix.starts_with('-')) {
    key = jose::make_api_key(random_bytes(jose::api_key_random_bytes));
  }
  if (!key) return complain(key.error());
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("agent").string(agent).key("keep").string(key->kept.text());
    out(text.key("key").string(key->secret).end().take());
    return exit_good;
  }
  out(key->secret);
  // The key alone is on standard output, so that it can go where it belongs without being read.
  err(fmt::format("this is the key of `{}`; it is shown once and kept nowhere",
                  escape_untrusted(agent)));
  const bool known = read.deployment && read.deployment->agents.contains(agent);
  const bool first = known && read.deployment->agents.at(agent).keys.empty();
  if (!read.deployment) {
    err(
        fmt::format("it counts once `keys: [\"{}\"]` stands in the entry of `{}` among the "
                    "`agents` of {}, which does not load as it stands:\n  {}",
                    key->kept.text(), escape_untrusted(agent), config_path(arguments),
                    escape_untrusted(to_string(read.errors.front()))));
    return exit_good;
  }
  if (first) {
    err(fmt::format("it counts once `keys: [\"{}\"]` stands in its entry in {}", key->kept.text(),
                    config_path(arguments)));
    return exit_good;
  }
  err(fmt::format(
      "{} in {}:\n\n  {}",
      known ? "it counts once this stands among its `keys`" : "it counts once this stands",
      config_path(arguments),
      known ? fmt::format("\"{}\"", key->kept.text())
            : fmt::format("agents:\n    {}: {{role: ROLE, keys: [\"{}\"]}}",
                          escape_untrusted(agent), key->kept.text())));
  err("where the deployment is for production and its own user could write the file, it waits "
      "there for a reviewer: pawl accept --deployment");
  return exit_good;
}

int list_keys(const Arguments& arguments) {
  const auto deployment = deployment_of_keys(arguments);
  if (!deployment) return complain(deployment.error());
  std::vector<std::vector<std::string>> rows;
  json::Writer all;
  all.array();
  const auto add = [&](const std::string& name, const DeployedAgent& agent,
                       const std::string& prefix, bool good) {
    rows.push_back({prefix, name, agent.role, to_string(agent.rights), good ? "" : "revoked"});
    all.object().key("agent").string(name).key("prefix").string(prefix);
    all.key("revoked").boolean(!good).key("rights").string(to_string(agent.rights));
    all.key("role").string(agent.role).end();
  };
  for (const auto& [name, agent] : deployment->agents) {
    for (const jose::KeptKey& key : agent.keys) add(name, agent, key.prefix, true);
    for (const std::string& prefix : agent.revoked) add(name, agent, prefix, false);
  }
  if (arguments.has("--json")) {
    out(all.end().take());
  } else if (rows.empty()) {
    out("no agent has a key: `pawl keys create AGENT` makes the first");
  } else {
    out(table(rows, {"prefix", "agent", "role", "rights", "state"}));
  }
  return exit_good;
}

// The file with `PREFIX:revoked` in the place of the digest; everything else byte for byte.
Result<std::string> without_key(const std::string& path, const jose::KeptKey& key) {
  auto text = node::read_file(path, limits::file_bytes_max);
  if (!text) return text;
  const std::size_t at = text->find(key.text());
  if (at == std::string::npos || text->find(key.text(), at + 1) != std::string::npos) {
    return fail(ErrorKind::refused, "the line of this key is not found once: take it out by hand",
                {path, 0, 0});
  }
  text->replace(at + key.prefix.size() + 1, key.text().size() - key.prefix.size() - 1,
                revoked_mark);
  const LoadedDeployment after = load_deployment(*text, path);
  if (!after.deployment) {
    return fail(ErrorKind::refused, "the file would not load without it: take it out by hand",
                {path, 0, 0});
  }
  return text;
}

// What the node that runs here makes of the changed file; one that starts later reads it anyway.
struct NodeHeard {
  bool told = false;
  std::string deaf;     // it runs, and it is unknown whether the key still opens it
  std::string mistake;  // of the file, but the key is taken back all the same
  std::string waits;    // why the rest of the file does, likewise
};

NodeHeard tell_node(const Arguments& arguments, const std::string& path) {
  const auto directory = state_directory(arguments);
  if (!directory) return {};
  auto node = NodeConnection::open(*directory, node::control_socket);
  if (!node && node.error().fault == ErrorKind::missing) return {};
  auto answer = node ? node->ask(R"({"op":"reread"})")
                     : Result<json::Document>(std::unexpected(node.error()));
  if (!answer)
    return {.told = false, .deaf = to_string(answer.error()), .mistake = {}, .waits = {}};
  const auto config = std::string(answer->root().text("config").value_or(""));
  if (node::real_path(config) != node::real_path(path)) {
    return {.told = false,
            .deaf = "it reads another file, " + escape_untrusted(config),
            .mistake = {},
            .waits = {}};
  }
  return {.told = true,
          .deaf = {},
          .mistake = escape_untrusted(answer->root().text("mistake").value_or("")),
          .waits = escape_untrusted(answer->root().text("waits").value_or(""))};
}

int revoke_key(const Arguments& arguments) {
  const std::string prefix = arguments.word("prefix");
  const auto deployment = deployment_of_keys(arguments);
  if (!deployment) {
    err("no key is taken back: the deployment file has to load for that; or take its line out by "
        "hand");
    return complain(deployment.error());
  }
  const jose::KeptKey* found = nullptr;
  std::string owner;
  for (const auto& [name, agent] : deployment->agents) {
    for (const jose::KeptKey& key : agent.keys) {
      if (key.prefix != prefix) continue;
      found = &key;
      owner = name;
    }
  }
  if (found == nullptr) {
    return complain(
        {ErrorKind::missing, "no agent has a key `" + escape_untrusted(prefix) + "`", {}});
  }
  const std::string path = config_path(arguments);
  const auto text = without_key(path, *found);
  if (!text) return complain(text.error());
  if (Status put = replace_file(path, *text, 0600); !put) return complain(put.error());
  const NodeHeard heard = tell_node(arguments, path);
  if (!heard.deaf.empty()) {
    err(
        fmt::format("the key {} is revoked in {}, and the node that runs here did not take it: {}; "
                    "until it does, the key opens its doors",
                    prefix, path, heard.deaf));
  } else if (!heard.mistake.empty()) {
    err("no other line of the file is in force, it has a mistake: " + heard.mistake);
  } else if (!heard.waits.empty()) {
    err(
        fmt::format("the rest of the file waits for a reviewer: pawl accept --deployment --config "
                    "{}\n  {}",
                    path, heard.waits));
  }
  const int status = heard.deaf.empty() ? exit_good : exit_no;
  if (arguments.has("--json")) {
    json::Writer said;
    said.object().key("agent").string(owner).key("node_told").boolean(heard.told);
    out(said.key("prefix").string(prefix).end().take());
  } else if (heard.deaf.empty()) {
    out(fmt::format("the key {} of `{}` opens nothing any more{}", prefix, escape_untrusted(owner),
                    heard.told ? "" : "; no node runs here that would have to be told"));
  }
  return status;
}

// The node that runs here does it, so that its doors know at once; without one, the file is enough.
int rotate_keys(const Arguments& arguments) {
  const auto directory = state_directory(arguments);
  if (!directory) return complain(directory.error());
  const bool at_once = arguments.has("--at-once");
  std::size_t checking = 0;
  auto node = NodeConnection::open(*directory, node::control_socket);
  if (node) {
    json::Writer request;
    request.object().key("at_once").boolean(at_once).key("op").string("rotate_keys").end();
    const auto answer = node->ask(request.text());
    if (!answer) return complain(answer.error());
    checking = answer->root()["checking"].natural();
  } else if (node.error().fault != ErrorKind::missing) {
    return complain(node.error());
  } else {
    const auto kept = secrets::rotate_run_keys(
        *directory + "/" + secrets::run_keys_name,
        {.now = node::wall_clock(),
         .checks_for = at_once ? Duration{} : identity::credential_life_max,
         .random = random_bytes});
    if (!kept) return complain(kept.error());
    checking = kept->size() - 1;
  }
  if (arguments.has("--json")) {
    json::Writer said;
    said.object().key("checking").natural(checking).key("node_told").boolean(node.has_value());
    out(said.end().take());
    return exit_good;
  }
  out(checking == 0 ? "a new key signs credentials of runs; those that are out there open nothing"
                    : fmt::format("a new key signs credentials of runs; {} before it still check "
                                  "those that are out there, a day at most",
                                  checking));
  return exit_good;
}

}  // namespace

extern const CommandRow keys_create_command = {
    "keys create",
    "run",
    "makes a key with which an agent calls over the network",
    kKeyCreateOptions,
    kKeyAgent,
    create_key,
    "The key goes to standard output and is kept nowhere. What is kept of it, a digest, is printed "
    "with the line of the deployment file in which it has to stand."};
extern const CommandRow keys_list_command = {
    "keys list",     "run", "lists the keys that the deployment file knows",
    kKeyListOptions, {},    list_keys};
extern const CommandRow keys_revoke_command = {
    "keys revoke",     "run",      "revokes a key at once; needs no permission",
    kKeyRevokeOptions, kKeyPrefix, revoke_key};
extern const CommandRow keys_rotate_command = {
    "keys rotate",
    "run",
    "signs the credentials of runs with a new key; needs no permission",
    kKeyRotateOptions,
    {},
    rotate_keys,
    "The key before it stays in the key set, and checks, until the last credential that it signed "
    "has ended: a day. With `--at-once`, for a key that another person may have, it does not, and "
    "every agent needs a new credential."};

}  // namespace pawl::app
