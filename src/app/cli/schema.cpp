// `pawl schema`: the files of pawl as JSON Schema, for editors.
#include <array>

#include "analysis/trial/trial_schema.h"
#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "kernel/config/keys_schema.h"
#include "kernel/deployment/deployment_keys.h"
#include "kernel/policy/policy_keys.h"

namespace pawl::app {
namespace {

constexpr auto schema_options = std::to_array<OptionRow>({
    {"--deployment", "", "of the deployment file", Takes::nothing},
    {"--layer", "", "of layer files", Takes::nothing},
    {"--test", "", "of test files", Takes::nothing},
});

int run_schema(const Arguments& arguments) {
  std::size_t named = 0;
  for (const OptionRow& option : schema_options) named += arguments.has(option.name) ? 1U : 0U;
  if (named > 1) {
    return complain({ErrorKind::usage,
                     "`--deployment`, `--layer` and `--test` are different schemas: name one",
                     {}});
  }
  if (arguments.has("--test")) {
    out(trial_schema());
  } else if (arguments.has("--deployment")) {
    out(keys_schema(deployment_keys(), Section::deployment));
  } else {
    out(keys_schema(policy_keys(), arguments.has("--layer") ? Section::layer : Section::file));
  }
  return exit_good;
}

}  // namespace

const CommandRow schema_command{
    .name = "schema",
    .group = "write",
    .says = "prints the JSON Schema of a policy file, for editors",
    .options = schema_options,
    .words = {},
    .run = run_schema,
    .more =
        "JSON Schema 2020-12, made from the program's own table of keys. Editors that speak the "
        "YAML language server find it by a comment in the first line of a file:\n\n"
        "    # yaml-language-server: $schema=./pawl.schema.json\n\n"
        "`pawl check` finds more than a schema can say."};

}  // namespace pawl::app
