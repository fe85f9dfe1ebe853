// `pawl accept`: a person accepts what a server offers, or a changed policy or deployment file.
//
// For tools the server is asked, each difference to `pawl.lock` is shown, and a reviewer's proof
// covers exactly the digests that were shown. Then the lock is written, for the next commit.
#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "app/cli/asked_server.h"
#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/session/tool_catalog.h"
#include "gate/state/rollout.h"
#include "io/pins/lock.h"
#include "kernel/classify/classify.h"
#include "kernel/strictness/deployment.h"
#include "kernel/strictness/strictness.h"
#include "node/files/config_files.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {
namespace {

constexpr OptionRow kOptions[] = {
    policy_option,
    asked_server_option,
    {"--env", "NAME", "passes one more variable to the server", Takes::many},
    {"--as", "NAME", "the reviewer who acts (default PAWL_REVIEWER or you)"},
    {"--observe", "ROLE", "accepts that the role is watched and not enforced, as it is deployed"},
    {"--deployment", "", "accepts the deployment file, which `--config` names", Takes::nothing},
    {"--yes", "", "accepts everything that is shown, without asking for each tool", Takes::nothing},
    state_option,
    config_option,
    json_option,
};
constexpr WordRow kWords[] = {
    {"command", "the server's program and arguments; without it and --server: the policy itself",
     false, true, true},
};

struct Change {
  std::string name, digest;
  const ToolDefinition* tool = nullptr;
  bool fresh = false;
  std::string form;  // what changed, where that is nothing but annotations or `_meta`
};

// Canonical; nothing of what is not there.
std::string spelled(json::View value) {
  return value.exists() ? json::write(value) : std::string();
}

std::string full_name(const std::string& server, const std::string& tool) {
  return server.empty() ? tool : server + "/" + tool;
}

// What is printed: sentences for people while they are asked, or one JSON object at the end.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}
  bool json() const { return json_; }
  void say(const std::string& text) const {
    if (!json_) out(text);
  }

 private:
  bool json_;
};

// Which members alone differ from what was accepted; empty: others do, or the class does, or it is
// not known. They are the server's own claims: no policy and no class is laxer for them.
std::string form_alone(const std::string& accepted, const ToolDefinition& now) {
  const auto before = json::parse(accepted);
  const auto after = json::parse(now.text);
  const auto old = before ? parse_definition(before->root(), now.server)
                          : Result<ToolDefinition>(std::unexpected(before.error()));
  if (!after || !old || classify(*old).action_class != classify(now).action_class) return {};
  constexpr std::string_view forms[] = {"_meta", "annotations"};
  std::string differ;
  for (const std::string_view form : forms) {
    if (spelled(before->root()[form]) != spelled(after->root()[form])) {
      differ += (differ.empty() ? "" : ", ") + std::string(form);
    }
  }
  const auto rest = [&forms](json::View tool) {
    std::map<std::string, std::string> members;
    for (const auto& [key, value] : tool.members()) {
      if (std::ranges::find(forms, key) == std::end(forms)) members.emplace(key, spelled(value));
    }
    return members;
  };
  return rest(before->root()) == rest(after->root()) ? differ : std::string();
}

void show(const Change& change, const Report& report) {
  report.say(paint(change.fresh ? Ink::good : Ink::warn, change.fresh ? "new      " : "changed  ") +
             paint(Ink::strong, escape_untrusted(change.name)));
  report.say("  " + escape_untrusted(change.tool->description));
  for (const Shape::Property& property : change.tool->arguments.properties) {
    report.say(fmt::format("  {:<20} {}{}", escape_untrusted(property.name),
                           to_string(property.shape.type), property.required ? ", required" : ""));
  }
  const ToolDefinition& tool = *change.tool;
  if (!tool.validator_fault.empty()) {
    report.say(paint(Ink::bad, "  denied   ") +
               "its schema cannot be checked: " + tool.validator_fault);
  }
  if (!tool.validator) return;
  for (const json_schema::Finding& finding : tool.validator->findings()) {
    report.say(paint(Ink::warn, "  schema   ") + finding.pointer + ": " + finding.says);
  }
}

// Half of what real servers change is the form of their hints: one line and one question for all.
void show_folded(const std::vector<Change>& folded, const Report& report) {
  std::string names;
  for (const Change& change : folded) {
    names += (names.empty() ? "" : ", ") + escape_untrusted(change.name) + " (" + change.form + ")";
  }
  report.say(paint(Ink::warn, "changed  ") +
             fmt::format("{} in form alone, and of the same class: {}",
                         folded.size() == 1 ? "1 tool" : fmt::format("{} tools", folded.size()),
                         names));
}

std::vector<Change> changes(const std::vector<ToolDefinition>& tools, const std::string& server,
                            const Lock& lock, const Report& report) {
  std::vector<Change> list;
  std::vector<std::string> refused = refused_names(tools);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const ToolDefinition& tool = tools[i];
    // The instructions stand among the tools under a name that no tool can have.
    if (tool.name == mcp::instructions_name) refused[i].clear();
    if (!refused[i].empty() || tool.hidden_characters) {
      report.say(paint(Ink::bad, "never    ") + escape_untrusted(tool.name) + "  " +
                 (refused[i].empty() ? "holds invisible characters" : refused[i]));
      continue;
    }
    const std::string accepted = lock.find(server, tool.name);
    const std::string digest = to_string(tool.digest);
    if (accepted == digest) continue;
    const auto text = lock.definitions.find(full_name(server, tool.name));
    const bool known = !accepted.empty() && text != lock.definitions.end();
    list.push_back({tool.name, digest, &tool, accepted.empty(),
                    known ? form_alone(text->second, tool) : std::string()});
  }
  return list;
}

void print_accepted(const std::vector<Change>& accepted, const std::string& server) {
  json::Writer text;
  text.object().key("accepted").array();
  for (const Change& change : accepted) {
    text.object().key("digest").string(change.digest).key("new").boolean(change.fresh);
    text.key("tool").string(full_name(server, change.name)).end();
  }
  text.end().key("lock").string(lock_file_name).end();
  out(text.text());
}

// What a person wants of it. Questions and JSON do not go together, so then `--yes` has been given.
Result<std::vector<Change>> wanted_of(const Arguments& arguments, std::vector<Change> offered,
                                      const Report& report) {
  std::vector<Change> wanted, folded;
  const auto agreed = [&arguments]() -> Result<bool> {
    if (arguments.has("--yes")) return true;
    auto answer = ask("  accept? [y/N] ");
    PAWL_TRY(answer);
    return *answer == "y" || *answer == "Y" || *answer == "yes";
  };
  for (const Change& change : offered) {
    if (!change.form.empty()) {
      folded.push_back(change);
      continue;
    }
    show(change, report);
    const auto answer = agreed();
    PAWL_TRY(answer);
    if (*answer) wanted.push_back(change);
  }
  if (folded.empty()) return wanted;
  show_folded(folded, report);
  const auto answer = agreed();
  PAWL_TRY(answer);
  if (*answer) wanted.insert(wanted.end(), folded.begin(), folded.end());
  return wanted;
}

// With the credential of the roles that have this policy, as their runs will.
Result<node::AskedServer> asked_of(const Arguments& arguments, const std::string& policy_file) {
  const node::DeploymentRead read = node::read_deployment(config_path(arguments), false);
  if (!read.deployment) return std::unexpected(read.errors.front());
  return asked_server(arguments, node::roles_of(*read.deployment, policy_file));
}

int accept_tools(const Arguments& arguments, const std::string& policy_file) {
  const Report report(arguments.has("--json"));
  if (report.json() && !arguments.has("--yes")) {
    return complain({ErrorKind::usage, "`--json` asks nothing: it needs `--yes`", {}});
  }
  const std::string server = arguments.one("--server").value_or("");
  auto lock = read_lock(policy_file);
  if (!lock) return complain(lock.error());
  auto asked = asked_of(arguments, policy_file);
  if (!asked) return complain(asked.error());
  auto offer = offered_by(std::move(*asked));
  if (!offer) return complain(offer.error());
  if (!offer->instructions.empty()) {
    offer->tools.push_back(node::pinned_instructions(server, offer->instructions));
  }
  const auto wanted = wanted_of(arguments, changes(offer->tools, server, *lock, report), report);
  if (!wanted) return complain(wanted.error());
  if (wanted->empty()) {
    report.say("nothing to accept");
    if (report.json()) print_accepted(*wanted, server);
    return exit_good;
  }
  json::Writer act_text;
  act_text.object().key("items").array();
  for (const Change& change : *wanted) {
    act_text.object().key("digest").string(change.digest).key("server").string(server);
    act_text.key("tool").string(change.name).end();
    lock->accept(full_name(server, change.name), change.digest, change.tool->text);
  }
  act_text.end().key("kind").string("accept").end();
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  if (Status written = write_lock(policy_file, *lock); !written) return complain(written.error());
  report.say(paint(Ink::good, "accepted") +
             fmt::format("   {} definitions, written to {} beside the policy", wanted->size(),
                         lock_file_name));
  if (report.json()) print_accepted(*wanted, server);
  return exit_good;
}

std::string place(const Laxer& part) {
  return part.at.line == 0 ? escape_untrusted(part.at.file)
                           : fmt::format("{}:{}", escape_untrusted(part.at.file), part.at.line);
}

void show_laxer(const std::vector<Laxer>& parts, const Report& report) {
  for (const Laxer& part : parts) {
    report.say(paint(Ink::warn, "laxer     ") + place(part) + ": " + part.says);
  }
  if (parts.empty()) report.say("laxer     nothing");
}

// What the file permits and the accepted one did not, found here and not asked of the node: this is
// what the proof is about.
Result<std::vector<Laxer>> laxer_than_accepted(NodeConnection& node, const Policy& policy,
                                               const Report& report) {
  json::Writer question;
  question.object().key("agent").string(policy.agent).key("op").string("policy").end();
  const auto answer = node.ask(question.text());
  PAWL_TRY(answer);
  const std::string digest(answer->root().text("digest").value_or(""));
  const std::string bundle(answer->root().text("bundle").value_or(""));
  if (digest.empty()) {
    report.say("before    nothing was accepted for this agent");
    return std::vector<Laxer>{};
  }
  report.say("before    " + escape_untrusted(digest));
  if (digest == to_string(policy.digest)) {
    report.say("laxer     nothing: it is accepted already");
    return std::vector<Laxer>{};
  }
  const Loaded before = load_bundle(bundle, policy.file);
  if (!before.policy || to_string(before.policy->digest) != digest) {
    report.say(paint(Ink::warn, "laxer     ") +
               "not known: the text of the accepted policy is not in the journal");
    return std::vector<Laxer>{};
  }
  std::vector<Laxer> parts = laxer_parts(*before.policy, policy);
  show_laxer(parts, report);
  return parts;
}

void write_laxer(json::Writer& text, const std::vector<Laxer>& parts) {
  text.key("laxer").array();
  for (const Laxer& part : parts) {
    text.object().key("at").string(place(part)).key("says").string(part.says).end();
  }
  text.end();
}

int accept_policy(const Arguments& arguments, const std::string& policy_file) {
  const node::DeploymentRead deployment = node::read_deployment(config_path(arguments), false);
  // Without it the layers that the role has to pass are unknown.
  if (!deployment.deployment) {
    for (const Error& error : deployment.errors) (void)complain(error);
    return exit_no;
  }
  const Loaded loaded = node::read_policy(policy_file, &*deployment.deployment);
  if (!loaded.policy) {
    for (const Error& error : loaded.errors) (void)complain(error);
    return exit_no;
  }
  const std::string digest = to_string(loaded.policy->digest);
  const Report report(arguments.has("--json"));
  report.say(fmt::format("policy    {}\nagent     {}\ndigest    {}", escape_untrusted(policy_file),
                         escape_untrusted(loaded.policy->agent), digest));
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto laxer = laxer_than_accepted(*node, *loaded.policy, report);
  if (!laxer) return complain(laxer.error());
  json::Writer act_text;
  act_text.object().key("agent").string(loaded.policy->agent).key("digest").string(digest);
  act_text.key("kind").string("accept_policy").end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  report.say(paint(Ink::good, "accepted") + "   for the next runs of " +
             escape_untrusted(loaded.policy->agent));
  if (report.json()) {
    json::Writer text;
    text.object().key("agent").string(loaded.policy->agent).key("digest").string(digest);
    write_laxer(text, *laxer);
    out(text.key("policy").string(policy_file).end().text());
  }
  return exit_good;
}

// What the deployment file here says, which is what the proof is about.
int accept_observation(const Arguments& arguments, const std::string& name) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) (void)complain(error);
  if (!read.deployment) return exit_no;
  const auto role = read.deployment->roles.find(name);
  if (role == read.deployment->roles.end() || !role->second.observe) {
    return complain({ErrorKind::usage,
                     fmt::format("`{}` has no role `{}` with `observe`",
                                 escape_untrusted(read.path), escape_untrusted(name)),
                     {}});
  }
  const Observation what{name, role->second.observe->until, role->second.observe->reason};
  const Report report(arguments.has("--json"));
  report.say(
      fmt::format("watched   {}: what its policy denies or holds runs until {}, unless it is "
                  "irreversible, blocked or over a ceiling\nreason    {}",
                  escape_untrusted(name), to_string(what.until), escape_untrusted(what.reason)));
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto file = node->ask(R"({"op":"deployment"})");
  if (!file) return complain(file.error());
  if (!file->root().text("waiting").value_or("").empty()) {
    return complain({ErrorKind::refused,
                     "the deployment file waits itself, and `observe` with it: `pawl accept "
                     "--deployment` accepts both",
                     {}});
  }
  json::Writer act_text;
  act_text.object().key("agent").string(name).key("digest").string(what.digest());
  act_text.key("kind").string("accept_observation").end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  report.say(paint(Ink::good, "accepted"));
  if (report.json()) {
    json::Writer text;
    text.object().key("agent").string(name).key("digest").string(what.digest());
    out(text.key("until").string(to_string(what.until)).end().text());
  }
  return exit_good;
}

// What stands in the file now, against what the node goes by.
std::vector<Laxer> show_deployment(const node::DeploymentRead& read, const std::string& digest,
                                   json::View node, const Report& report) {
  const std::string before(node.text("digest").value_or(""));
  report.say(fmt::format("file      {}\nbefore    {}\nafter     {}", escape_untrusted(read.path),
                         escape_untrusted(before), digest));
  std::vector<Laxer> parts = laxer_deployment(node.text("text").value_or(""), read.text, read.path);
  show_laxer(parts, report);
  return parts;
}

// The proof is about the bytes that were read here; the node takes no others.
int accept_deployment(const Arguments& arguments) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) (void)complain(error);
  if (!read.deployment) return exit_no;
  const std::string digest = to_string(sha256(read.text));
  auto node = control(arguments);
  if (!node) return complain(node.error());
  const auto known = node->ask(R"({"op":"deployment"})");
  if (!known) return complain(known.error());
  const std::string config(known->root().text("config").value_or(""));
  if (node::real_path(config) != node::real_path(read.path)) {
    return complain({ErrorKind::usage,
                     "the node reads another file: `--config " + escape_untrusted(config) + "`",
                     {}});
  }
  const Report report(arguments.has("--json"));
  const std::vector<Laxer> parts = show_deployment(read, digest, known->root(), report);
  json::Writer act_text;
  act_text.object().key("digest").string(digest);
  act_text.key("kind").string("accept_deployment").end();
  auto done = act(*node, arguments, act_text.text());
  if (!done) return complain(done.error());
  report.say(paint(Ink::good, "accepted") + "   and in force");
  if (report.json()) {
    json::Writer text;
    text.object().key("digest").string(digest).key("file").string(read.path);
    write_laxer(text, parts);
    out(text.end().text());
  }
  return exit_good;
}

int run_accept(const Arguments& arguments) {
  if (arguments.has("--deployment")) return accept_deployment(arguments);
  if (const auto observed = arguments.one("--observe")) {
    return accept_observation(arguments, *observed);
  }
  const auto policy = arguments.one("--policy");
  if (!policy) return complain({ErrorKind::usage, "`--policy F` says whose lock this is", {}});
  const std::string file = node::absolute(*policy);
  const bool tools = !arguments.words("command").empty() || arguments.has("--server");
  return tools ? accept_tools(arguments, file) : accept_policy(arguments, file);
}

}  // namespace

extern const CommandRow accept_command = {
    "accept",
    "write",
    "accepts a server's new or changed tools, or a changed policy or deployment file",
    kOptions,
    kWords,
    run_accept,
    "With `--server NAME` the server of the deployment file is asked for its tools, started or "
    "reached over HTTP with its credential, which this user has to be able to read; with `-- CMD…` "
    "that program is. What differs from `pawl.lock` beside the policy is shown, and what you "
    "accept is written there. Without either, the policy file itself is accepted for the next runs "
    "of its agent, and every line that got laxer is shown before. With `--observe ROLE` it is the "
    "role's `observe` of the deployment file. With `--deployment` it is that file itself, where it "
    "is laxer than the one in force and waits: exactly the bytes that were shown come into force. "
    "All of them need a reviewer's proof."};

}  // namespace pawl::app
