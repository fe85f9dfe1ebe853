// `pawl explain`: why one call is decided as it is.
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/explain_text.h"
#include "app/line_source.h"
#include "app/one_call.h"
#include "app/paths.h"
#include "app/sql.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/decide/stream.h"
#include "kernel/admit/trace.h"

namespace pawl::app {
namespace {

constexpr auto explain_options = std::to_array<OptionRow>({
    policy_option,
    {"--after", "F", "decide the calls of this file first, one a line: their counts are in force"},
    config_option,
    json_option,
});

// A person asks about now; a call that says another time keeps it.
std::string with_a_time(std::string text) {
  const auto call = json::parse(text);
  if (!call || !call->root().is_object() || call->root()["now"].exists()) return text;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const Instant now{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
  text.insert(text.find('{') + 1, fmt::format("\"now\":\"{}\",", to_string(now)));
  return text;
}

Status replay_lines(const std::string& path, DecideStream& stream) {
  const auto text = read_file(path);
  if (!text) return std::unexpected(text.error());
  for (const std::string_view line : split(*text, '\n')) {
    if (!trim(line).empty()) (void)stream.line(line);
  }
  return {};
}

int show(const Explanation& explanation, bool as_json) {
  if (as_json) {
    out(explain_json(explanation));
  } else {
    std::string text = explain_text(explanation, line_columns());
    while (text.ends_with('\n')) text.pop_back();
    out(text);
  }
  return explanation.trace.verdict.runs() ? exit_good : exit_no;
}

int run_explain(const Arguments& arguments) {
  const std::string path = policy_path(arguments);
  if (path.empty()) {
    return complain(
        {ErrorKind::usage, "no policy is named: `pawl explain --policy F`, or PAWL_POLICY", {}});
  }
  const DeploymentRead read = read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return exit_usage;
  const Loaded loaded = read_policy(path, &*read.deployment);
  for (const Error& error : loaded.errors) err(escape_untrusted(to_string(error)));
  if (loaded.policy == nullptr) return exit_usage;
  const auto source = read_file(path);
  if (!source) return complain(source.error());

  DecideStream stream(loaded.policy, isolated_sql());
  if (const auto before = arguments.one("--after")) {
    if (const Status fine = replay_lines(*before, stream); !fine) return complain(fine.error());
  }
  auto call = read_one_call();
  if (!call) return complain(call.error());
  int status = exit_usage;
  const Status looked = stream.look(with_a_time(std::move(*call)), [&](const Situation& seen) {
    const auto traced = trace(seen);
    if (!traced) {
      status = complain(traced.error());
      return;
    }
    status = show({*loaded.policy, *read.deployment, seen.call, seen.tool, *traced, *source},
                  arguments.has("--json"));
  });
  return looked ? status : complain(looked.error());
}

}  // namespace

const CommandRow explain_command{
    .name = "explain",
    .group = "write",
    .says = "says why one call is decided as it is: each stage, each rule, what it saw",
    .options = explain_options,
    .words = {},
    .run = run_explain,
    .more =
        "The call is one JSON object on standard input, as for `pawl decide`; without `now` it is "
        "about this moment. Nothing runs and nothing is stored. First stands what decided, with "
        "the line of the policy; then what the agent would read, who could answer where a person "
        "is asked, and every stage with the rules that looked at the call. Values are shortened, "
        "secrets and the contents of lists are not shown.\n\n"
        "    pawl explain --policy support.yaml < call.json\n\n"
        "Exit status: 0 it would run, 1 it is denied or held or no call at all, 2 no answer."};

}  // namespace pawl::app
