// `pawl version`: what this program is, and which records it reads and writes.
#include <array>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "model/record.h"

namespace pawl::app {
namespace {

constexpr std::array<OptionRow, 1> version_options = {json_option};

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

int run_version(const Arguments& arguments) {
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("version").string(PAWL_VERSION).key("compiler").string(compiler());
    text.key("decision_abi").integer(decision_abi).key("record_format").integer(record_format);
    out(text.end().text());
    return exit_good;
  }
  out(fmt::format("pawl {}", PAWL_VERSION));
  out(fmt::format("compiled by {}; decisions of version {}, records of format {}", compiler(),
                  decision_abi, record_format));
  return exit_good;
}

}  // namespace

const CommandRow version_command{
    .name = "version",
    .group = "use",
    .says = "prints the version, the compiler, and the versions of decisions and records",
    .options = version_options,
    .words = {},
    .run = run_version,
    .more =
        "Replay recomputes a recorded decision only where the version of decisions is the same."};

}  // namespace pawl::app
