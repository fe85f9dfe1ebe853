#include "app/one_call.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "app/line_source.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/decide/stream.h"

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
    if (!line) return std::unexpected(line.error());
    if (!*line) break;
    // The door refuses what is too long; there is no need to read more of it.
    if (text.size() + line->value().size() > decide_line_bytes_max + 1) break;
    text += **line;
    text += '\n';
  }
  if (trim(text).empty()) return fail(ErrorKind::usage, "there is no call on standard input");
  return with_a_run(std::move(text));
}

}  // namespace pawl::app
