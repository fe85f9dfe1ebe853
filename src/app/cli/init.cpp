// `pawl init`: a first policy from the tools that a server offers.
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "app/cli/asked_server.h"
#include "app/cli/commands.h"
#include "app/cli/first_policy.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "io/net/fd.h"
#include "kernel/policy/policy.h"
#include "node/files/config_files.h"
#include "node/servers/tool_discovery.h"

namespace pawl::app {
namespace {

constexpr const char* out_usual = "policy.yaml";
constexpr const char* role_usual = "agent";
constexpr std::string_view role_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

constexpr OptionRow kInitOptions[] = {
    {"--out", "F", "the file to write (default policy.yaml); `-` prints it"},
    {"--role", "NAME",
     "the name of the agent's role (default agent); without a server, the role's own are asked"},
    {"--server", "NAME", "a server of the deployment file; of several each entry names its own",
     Takes::many},
    {"--env", "NAME", "passes one more variable to the server", Takes::many},
    {"--force", "", "writes over a file that is there", Takes::nothing},
    config_option,
    state_option,
    json_option,
};
constexpr WordRow kInitWords[] = {
    {"command", "the server's program and arguments", false, true, true},
};

// Whole or not at all; a file that is there stays unless `force` says otherwise.
Status put(const std::string& path, const std::string& text, bool force) {
  const std::string beside = fmt::format("{}.{}.new", path, ::getpid());
  const auto failed = [&path, &beside](const char* what) {
    const int number = errno;
    ::unlink(beside.c_str());
    Error error = net::system_error(ErrorKind::environment, what, number);
    error.at = {path, 0, 0};
    return std::unexpected(std::move(error));
  };
  {
    const net::Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file.open()) return failed("write it");
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t wrote = ::write(file.get(), text.data() + done, text.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return failed("write it");
      done += static_cast<std::size_t>(wrote);
    }
    if (::fsync(file.get()) != 0) return failed("write it");
  }
  if (force) {
    if (::rename(beside.c_str(), path.c_str()) != 0) return failed("put it in place");
    return {};
  }
  // A link refuses where a name exists already: no other process can slip a file in between.
  if (::link(beside.c_str(), path.c_str()) != 0) {
    if (errno != EEXIST) return failed("put it in place");
    ::unlink(beside.c_str());
    return fail(ErrorKind::usage, "there is a file already: `--force` writes over it",
                {path, 0, 0});
  }
  ::unlink(beside.c_str());
  return {};
}

// `server`: the words behind `pawl mcp` that name it. `serves`: the command that serves the
// deployment file to every client; empty: no such command. `config`: what `--config` names.
void print_next_steps(const FirstPolicy& made, const std::string& file, const std::string& server,
                      const std::string& serves, const std::string& role,
                      const std::string& config) {
  out(paint(Ink::good, "written") +
      fmt::format("    {}: {} tools in entries: {} only read, {} ask a person each time, {} ask as "
                  "long as the stage is `new`",
                  escape_untrusted(file), made.entries(), made.granted, made.asking, made.held));
  if (made.commented > 0) {
    out(paint(Ink::warn, "denied") +
        fmt::format("     {} tools of which nothing says what they do; they stand in the file "
                    "behind a `#`",
                    made.commented));
  }
  if (made.entries() == 0) {
    out(paint(Ink::warn, "nothing") +
        "    is granted yet, and the file does not load: take the `#` off what the agent may use");
  }
  if (made.left_out > 0) {
    out(paint(Ink::warn, "left out") +
        fmt::format("   {} tools whose names cannot be granted; the file says why", made.left_out));
  }
  out("next:");
  out("  1. read the file, delete what the agent does not need, add limits to arguments");
  const std::string with = config.empty() ? "" : " --config " + escape_untrusted(config);
  out("  2. pawl check" + with + " " + escape_untrusted(file));
  out("  3. pawl reviewers add" + with + " NAME            who may answer the approval requests");
  if (!serves.empty()) {
    out("  4. " + serves + "   and its address with /mcp/" + role + " in your client's settings");
    out("     or, for one client alone:");
  }
  // A client starts it somewhere else, so the path is whole.
  out((serves.empty() ? "  4. pawl mcp --policy " : "     pawl mcp --policy ") +
      escape_untrusted(node::absolute(file)) + (serves.empty() ? " -- " : " ") + server +
      "   in your client's settings");
}

// What is written must load: a mistake here would be ours.
Status check_it(const std::string& text, const std::string& file) {
  const Loaded loaded = load_policy(text, file, {});
  if (loaded.policy) return {};
  return fail(ErrorKind::internal, "the policy made from this server's tools does not load: " +
                                       (loaded.errors.empty() ? std::string("no reason given")
                                                              : to_string(loaded.errors.front())));
}

// Whose tools are asked for: the servers that are named, else those of the role in the deployment
// file, else the one whose command is given.
Result<std::vector<std::string>> servers_meant(const Arguments& arguments,
                                               const std::string& role) {
  std::vector<std::string> names = arguments.many("--server");
  const bool command = !arguments.words("command").empty();
  if (command && names.size() > 1) {
    return fail(ErrorKind::usage,
                "one command is one server: the commands of several stand in the deployment file");
  }
  if (!names.empty() || command) return names.empty() ? std::vector<std::string>{""} : names;
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  if (!read.errors.empty()) return std::unexpected(read.errors.front());
  if (read.deployment) {
    const auto found = read.deployment->roles.find(role);
    if (found != read.deployment->roles.end()) names = found->second.servers;
  }
  return names.empty() ? std::vector<std::string>{""} : names;
}

// Whether `pawl serve` offers this role.
bool is_served(const Arguments& arguments, const std::string& role) {
  const node::DeploymentRead read = node::read_deployment(config_path(arguments), false);
  if (!read.deployment || !read.deployment->listen) return false;
  const auto found = read.deployment->roles.find(role);
  return found != read.deployment->roles.end() && !found->second.servers.empty();
}

Result<std::vector<OfferedServer>> offered_servers(const Arguments& arguments,
                                                   const std::vector<std::string>& names,
                                                   const std::string& role) {
  std::vector<OfferedServer> servers;
  for (const std::string& name : names) {
    auto asked = asked_server(arguments, name, {role});
    PAWL_TRY(asked);
    std::string line =
        arguments.words("command").empty() ? "--server " + escape_untrusted(name) : shown(*asked);
    auto offer = offered_by(std::move(*asked));
    if (!offer) {
      Error error = offer.error();
      if (names.size() > 1) error.message = "server `" + name + "`: " + error.message;
      return std::unexpected(std::move(error));
    }
    servers.push_back({name, std::move(line), std::move(*offer)});
  }
  return servers;
}

Author author_here() {
  Author author;
  if (const passwd* user = ::getpwuid(::getuid())) author.person = user->pw_name;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) author.host = host.data();
  return author;
}

int run_init(const Arguments& arguments) {
  const std::string file = arguments.one("--out").value_or(out_usual);
  const bool print = file == "-";
  const bool force = arguments.has("--force");
  std::error_code ignored;
  const std::string role = arguments.one("--role").value_or(role_usual);
  if (role.empty() || role.find_first_not_of(role_letters) != role.npos) {
    return complain({ErrorKind::usage,
                     fmt::format("the role `{}` may hold letters, digits, `-`, `_` and `.` only",
                                 escape_untrusted(role)),
                     {}});
  }
  // Before the server is started: no person waits for an answer that cannot be kept.
  if (!print && !force && std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
    return complain(
        {ErrorKind::usage, "there is a file already: `--force` writes over it", {file, 0, 0}});
  }
  const auto names = servers_meant(arguments, role);
  if (!names) return complain(names.error());
  const bool of_deployment = arguments.words("command").empty();
  const auto servers = offered_servers(arguments, *names, role);
  if (!servers) return complain(servers.error());
  std::string serves;
  if (of_deployment) {
    const auto config = arguments.one("--config");
    serves = "pawl serve" + (config ? " --config " + escape_untrusted(*config) : std::string());
  }
  const FirstPolicy made =
      first_policy(*servers, role, of_deployment && is_served(arguments, role), author_here());
  std::string line;  // how a client names them all
  std::size_t tools = 0;
  for (const OfferedServer& one : *servers) {
    line += (line.empty() ? "" : " ") + one.line;
    tools += one.offer.tools.size();
  }
  if (tools == 0) {
    return complain({ErrorKind::refused, "no tools are offered, so there is nothing to grant", {}});
  }
  if (made.entries() > 0) {
    if (Status fine = check_it(made.text, file); !fine) return complain(fine.error());
  }
  if (print) {
    out(made.text);
    return exit_good;
  }
  if (Status written = put(file, made.text, force); !written) return complain(written.error());
  if (arguments.has("--json")) {
    json::Writer json;
    json.object().key("asking").natural(made.asking).key("commented").natural(made.commented);
    json.key("file").string(node::absolute(file)).key("granted").natural(made.granted);
    json.key("held").natural(made.held).key("left_out").natural(made.left_out).end();
    out(json.text());
  } else {
    print_next_steps(made, file, line, serves, role, arguments.one("--config").value_or(""));
  }
  return exit_good;
}

}  // namespace

extern const CommandRow init_command = {
    "init",
    "write",
    "writes a first policy from the tools that a server offers",
    kInitOptions,
    kInitWords,
    run_init,
    "Asks each server once for its tools (the program behind `--`, each `--server` of the "
    "deployment "
    "file, over HTTP with its credential too, or those of the `--role` there), and writes an entry "
    "for each tool with its class and why. What cannot be undone asks a person; what nothing "
    "places "
    "stands there behind a `#`, and resources and prompts too. Of several servers entries are "
    "called "
    "`server/tool`; of a role that is served the ceiling is one of an hour. The file is checked "
    "before it is written, and a file that is there stays unless `--force` is given."};

}  // namespace pawl::app
