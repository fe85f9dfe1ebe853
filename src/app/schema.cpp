// `pawl schema`: the files of pawl as JSON Schema, for editors.
#include <array>

#include "analysis/trial/trial_schema.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "kernel/policy/keys_schema.h"

namespace pawl::app {
namespace {

constexpr auto options = std::to_array<OptionRow>({
    {"--deployment", "", "of the deployment file", Takes::nothing},
    {"--test", "", "of test files", Takes::nothing},
});

int run(const Arguments& arguments) {
  const bool deployment = arguments.has("--deployment");
  if (deployment && arguments.has("--test")) {
    return complain({Fault::usage, "`--deployment` and `--test` are two schemas: name one", {}});
  }
  out(arguments.has("--test") ? trial_schema() : keys_schema(deployment));
  return exit_good;
}

}  // namespace

const CommandRow schema_command{
    .name = "schema",
    .group = "write",
    .says = "prints the JSON Schema of a policy file, for editors",
    .options = options,
    .words = {},
    .run = run,
    .more =
        "JSON Schema 2020-12, made from the program's own table of keys. Editors that speak the "
        "YAML language server find it by a comment in the first line of a file:\n\n"
        "    # yaml-language-server: $schema=./pawl.schema.json\n\n"
        "`pawl check` finds more than a schema can say."};

}  // namespace pawl::app
