#include "app/cli/decide.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/line_source.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/decide/schema.h"
#include "doors/decide/stream.h"
#include "kernel/policy/policy.h"
#include "node/common/isolated_sql.h"
#include "node/files/config_files.h"

namespace pawl::app {

namespace {

std::string with_a_run(std::string text) {
  const auto call = json::parse(text);
  if (!call || !call->root().is_object() || call->root()["run"].exists()) return text;
  text.insert(text.find('{') + 1,
              call->root().size() == 0 ? R"("run":"once")" : R"("run":"once",)");
  return text;
}

}  // namespace

std::string policy_path(const Arguments& arguments) {
  if (const auto stated = arguments.one("--policy")) return *stated;
  const char* variable = std::getenv("PAWL_POLICY");  // NOLINT(concurrency-mt-unsafe)
  return variable == nullptr ? "" : variable;
}

Result<std::string> read_one_call() {
  if (::isatty(STDIN_FILENO) == 1) {
    err("one call as a JSON object, then Ctrl-D; such as "
        "{\"tool\":\"read_file\",\"arguments\":{}}");
  }
  std::string text;
  LineSource lines(STDIN_FILENO, decide_line_bytes_max, [] { return Status(); });
  for (;;) {
    const auto line = lines.next();
    PAWL_TRY(line);
    if (!*line) break;
    // The door refuses what is too long; there is no need to read more of it.
    if (text.size() + line->value().size() > decide_line_bytes_max + 1) break;
    text += **line;
    text += '\n';
  }
  if (trim(text).empty()) return fail(ErrorKind::usage, "there is no call on standard input");
  return with_a_run(std::move(text));
}

namespace {

constexpr std::size_t answers_bytes_max = 256UL << 10;  // written out at the latest

constexpr auto decide_options = std::to_array<OptionRow>({
    policy_option,
    {"--stream", "", "read many calls, one JSON object a line, and answer each with a line",
     Takes::nothing},
    config_option,
    {"--schema", "", "print the JSON Schema of a line and of its answer", Takes::nothing},
});

std::shared_ptr<const Policy> load(const Arguments& arguments, const std::string& path) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return nullptr;
  const Loaded loaded = node::read_policy(path, &*read.deployment);
  for (const Error& error : loaded.errors) err(escape_untrusted(to_string(error)));
  return loaded.policy;
}

// The answer as an exit status: 0 where the call would run.
int status_of(const std::string& answer) {
  const auto parsed = json::parse(answer);
  if (!parsed) return exit_usage;
  const auto effect = parsed->root().text("effect");
  const bool runs = effect == to_string(Effect::allow) || effect == to_string(Effect::notify);
  return runs ? exit_good : exit_no;
}

int decide_many(DecideStream& stream) {
  std::string answers;
  const auto flush = [&answers]() -> Status {
    const Status written = write_fully(STDOUT_FILENO, answers);
    answers.clear();
    return written;
  };
  LineSource lines(STDIN_FILENO, decide_line_bytes_max, flush);
  for (;;) {
    const auto line = lines.next();
    if (!line) return complain(line.error());
    if (!*line) break;
    answers += stream.line(**line);
    answers += '\n';
    if (answers.size() < answers_bytes_max) continue;
    if (const Status written = flush(); !written) return complain(written.error());
  }
  const Status written = flush();
  return written ? exit_good : complain(written.error());
}

int decide_one(DecideStream& stream) {
  const auto text = read_one_call();
  if (!text) return complain(text.error());
  const std::string answer = stream.line(*text);
  out(answer);
  return status_of(answer);
}

int run_decide(const Arguments& arguments) {
  if (arguments.has("--schema")) {
    out(decide_schema());
    return exit_good;
  }
  const std::string path = policy_path(arguments);
  if (path.empty()) {
    return complain(
        {ErrorKind::usage, "no policy is named: `pawl decide --policy F`, or PAWL_POLICY", {}});
  }
  const auto policy = load(arguments, path);
  if (policy == nullptr) return exit_usage;
  DecideStream stream(policy, node::isolated_sql());
  return arguments.has("--stream") ? decide_many(stream) : decide_one(stream);
}

}  // namespace

const CommandRow decide_command{
    .name = "decide",
    .group = "write",
    .says = "decides calls that are given as JSON, by the kernel of the gate, without running them",
    .options = decide_options,
    .words = {},
    .run = run_decide,
    .more =
        "One call is {\"tool\", \"arguments\", \"run\", \"server\", \"schema\", "
        "\"annotations\", \"now\", \"user_text\", \"result\", \"outcome\"}, of which tool and "
        "arguments are needed, and run with --stream; the answer is {\"effect\", \"code\", "
        "\"rule\", \"reason\", "
        "\"class\", \"obligations\", \"run\"}. With --stream, runs keep their state between "
        "the lines: steps, records, halts. Time is what `now` says, never the machine's.\n\n"
        "Exit status for one call: 0 it would run, 1 it is denied or held, 2 no answer. A "
        "stream ends with 0 whatever was decided."};

}  // namespace pawl::app
