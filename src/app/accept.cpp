// `pawl accept`: a person accepts what a server offers, or a changed policy.
//
// For tools the server is asked, each difference to `pawl.lock` is shown, and a reviewer's proof
// covers exactly the digests that were shown. Then the lock is written, for the next commit.
#include <map>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/offer.h"
#include "app/paths.h"
#include "app/terminal.h"
#include "base/text.h"
#include "io/pins/lock.h"

namespace pawl::app {
namespace {

constexpr OptionRow kOptions[] = {
    policy_option,
    {"--server", "NAME", "the name by which the policy calls this server"},
    {"--env", "NAME", "passes one more variable to the server", Takes::many},
    {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"},
    {"--yes", "", "accepts everything that is shown, without asking for each tool", Takes::nothing},
    state_option,
    config_option,
};
constexpr WordRow kWords[] = {
    {"command", "the server's program and arguments; without: the policy itself", false, true,
     true},
};

struct Change {
  std::string name, digest;
  const ToolDefinition* tool = nullptr;
  bool fresh = false;
};

std::string full_name(const std::string& server, const std::string& tool) {
  return server.empty() ? tool : server + "/" + tool;
}

void show(const Change& change) {
  out(paint(change.fresh ? Ink::good : Ink::warn, change.fresh ? "new      " : "changed  ") +
      paint(Ink::strong, visible(change.name)));
  out("  " + visible(change.tool->description));
  for (const Shape::Property& property : change.tool->arguments.properties) {
    out(fmt::format("  {:<20} {}{}", visible(property.name), to_string(property.shape.type),
                    property.required ? ", required" : ""));
  }
}

std::vector<Change> changes(const std::vector<ToolDefinition>& tools, const std::string& server,
                            const Lock& lock) {
  std::vector<Change> list;
  const std::vector<std::string> refused = refused_names(tools);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const ToolDefinition& tool = tools[i];
    if (!refused[i].empty() || tool.hidden_characters) {
      out(paint(Ink::bad, "never    ") + visible(tool.name) + "  " +
          (refused[i].empty() ? "holds characters that nobody can see" : refused[i]));
      continue;
    }
    const std::string accepted = lock.find(server, tool.name);
    const std::string digest = spelled(tool.digest);
    if (accepted == digest) continue;
    list.push_back({tool.name, digest, &tool, accepted.empty()});
  }
  return list;
}

int accept_tools(const Arguments& arguments, const std::string& policy_file) {
  const std::string server = arguments.one("--server").value_or("");
  auto lock = read_lock(policy_file);
  if (!lock) return complain(lock.error());
  auto offer =
      ask_server(arguments.words("command"), passed_environment(arguments.many("--env")), server);
  if (!offer) return complain(offer.error());
  if (!offer->instructions.empty()) {
    offer->tools.push_back(pinned_instructions(server, offer->instructions));
  }
  std::vector<Change> wanted;
  for (const Change& change : changes(offer->tools, server, *lock)) {
    show(change);
    if (!arguments.has("--yes")) {
      auto answer = ask("  accept? [y/N] ");
      if (!answer) return complain(answer.error());
      if (*answer != "y" && *answer != "Y" && *answer != "yes") continue;
    }
    wanted.push_back(change);
  }
  if (wanted.empty()) {
    out("nothing to accept");
    return exit_good;
  }
  json::Writer act_text;
  act_text.object().key("items").array();
  for (const Change& change : wanted) {
    act_text.object().key("digest").string(change.digest).key("server").string(server);
    act_text.key("tool").string(change.name).end();
    lock->tools[full_name(server, change.name)] = change.digest;
  }
  act_text.end().key("kind").string("accept").end();
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto done = act(*node, acting_person(arguments), act_text.text());
  if (!done) return complain(done.error());
  if (Status written = write_lock(policy_file, *lock); !written) return complain(written.error());
  out(paint(Ink::good, "accepted") +
      fmt::format("   {} definitions, written to {} beside the policy", wanted.size(),
                  lock_file_name));
  return exit_good;
}

int accept_policy(const Arguments& arguments, const std::string& policy_file) {
  const DeploymentRead deployment = read_deployment(config_path(arguments), false);
  const Loaded loaded =
      read_policy(policy_file, deployment.deployment ? &*deployment.deployment : nullptr);
  if (!loaded.policy) {
    for (const Error& error : loaded.errors) (void)complain(error);
    return exit_no;
  }
  const std::string digest = spelled(loaded.policy->digest);
  out(fmt::format("policy    {}\nagent     {}\ndigest    {}", visible(policy_file),
                  visible(loaded.policy->agent), digest));
  auto node = control(arguments);
  if (!node) return complain(node.error());
  json::Writer act_text;
  act_text.object().key("agent").string(loaded.policy->agent).key("digest").string(digest);
  act_text.key("kind").string("accept_policy").end();
  auto done = act(*node, acting_person(arguments), act_text.text());
  if (!done) return complain(done.error());
  out(paint(Ink::good, "accepted") + "   for the next runs of " + visible(loaded.policy->agent));
  return exit_good;
}

int run(const Arguments& arguments) {
  const auto policy = arguments.one("--policy");
  if (!policy) return complain({Fault::usage, "`--policy F` says whose lock this is", {}});
  const std::string file = absolute(*policy);
  return arguments.words("command").empty() ? accept_policy(arguments, file)
                                            : accept_tools(arguments, file);
}

}  // namespace

extern const CommandRow accept_command = {
    "accept",
    "write",
    "accepts a server's new or changed tools, or a changed policy",
    kOptions,
    kWords,
    run,
    "With `-- CMD…` the server is asked for its tools; what differs from `pawl.lock` beside the "
    "policy is shown, and what you accept is written there. Without a command, the policy file "
    "itself is accepted for the next runs of its agent. Both need a reviewer's proof."};

}  // namespace pawl::app
