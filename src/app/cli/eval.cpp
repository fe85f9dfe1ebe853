// `pawl eval`: expressions in, values out; one JSON object a line.
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "app/cli/commands.h"
#include "app/common/line_source.h"
#include "app/terminal/terminal.h"
#include "lang/cel/case.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr std::size_t line_bytes_max = 4UL << 20;
constexpr std::size_t values_bytes_max = 256UL << 10;  // written out at the latest

int run_eval(const Arguments&) {
  std::map<std::string, Result<Zone>, std::less<>> zones;
  const cel::ZoneSource zone = [&zones](std::string_view name) -> Result<Zone> {
    constexpr std::size_t zones_max = 1000;
    auto known = zones.find(name);
    if (known == zones.end()) {
      if (zones.size() >= zones_max) zones.clear();
      known = zones.emplace(std::string(name), node::read_zone(name)).first;
    }
    return known->second;
  };
  std::string answers;
  const auto flush = [&answers]() -> Status {
    const Status written = write_fully(STDOUT_FILENO, answers);
    answers.clear();
    return written;
  };
  LineSource lines(STDIN_FILENO, line_bytes_max, flush);
  for (;;) {
    const auto line = lines.next();
    if (!line) return complain(line.error());
    if (!*line) break;
    answers += cel::answer_case(**line, zone);
    answers += '\n';
    if (answers.size() < values_bytes_max) continue;
    if (const Status written = flush(); !written) return complain(written.error());
  }
  const Status written = flush();
  return written ? exit_good : complain(written.error());
}

}  // namespace

const CommandRow eval_command{
    .name = "eval",
    .group = "write",
    .says =
        "evaluates expressions that are given as JSON, one a line, and answers each with a line",
    .options = {},
    .words = {},
    .run = run_eval,
    .more =
        "A line is {\"expr\", \"bindings\"}, of which the first is needed; also understood are "
        "\"type_env\", \"container\", \"disable_check\" and \"check_only\", as in the public "
        "conformance cases of CEL. Values are objects of one key, without loss: {\"int\": \"5\"}, "
        "{\"uint\"}, {\"double\": \"1.5\"}, {\"string\"}, {\"bytes_b64\"}, {\"bool\"}, {\"null\"}, "
        "{\"list\": [...]}, {\"map\": [[key, value], ...]}, {\"type\"}, {\"timestamp\"}, "
        "{\"duration\"}, {\"optional\"}. The answer is {\"value\": ...} or {\"error\": \"...\"}; "
        "with \"check_only\" the value is the type.\n\n"
        "The limits are wider than those of a policy. The exit status is 0 whatever the answers "
        "are."};

}  // namespace pawl::app
