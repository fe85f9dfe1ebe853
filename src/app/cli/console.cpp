// `pawl console`: where a browser finds the console of the node.
#include "app/cli/commands.h"
#include "app/common/client.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/text.h"

namespace pawl::app {
namespace {

constexpr OptionRow kConsoleOptions[] = {json_option, state_option, config_option};

int show_console(const Arguments& arguments) {
  auto node = control(arguments);
  if (!node) return complain(node.error());
  auto answer = node->ask(R"({"op":"console"})");
  if (!answer) return complain(answer.error());
  const std::string address = escape_untrusted(answer->root().text("address").value_or(""));
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("address").string(address).end();
    out(text.text());
  } else {
    out(address);
  }
  return exit_good;
}

}  // namespace

extern const CommandRow console_command = {
    "console",
    "run",
    "prints where a browser finds the console, and opens it where it is not open",
    kConsoleOptions,
    {},
    show_console,
    "The console is the queue of approval requests, the runs and the kill switch in a browser. A "
    "node under "
    "`pawl serve` opens it where `listen.console` of the deployment file says; any other node, or "
    "one whose file does not say, opens it on a free port of this machine when this command asks. "
    "Reviewers sign in with their name and passphrase."};

}  // namespace pawl::app
