// `pawl test`: runs the tests beside policies.
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/test_report.h"
#include "app/terminal/terminal.h"
#include "base/text.h"
#include "doors/decide/stream.h"
#include "io/pins/replace_file.h"
#include "node/common/isolated_sql.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view test_suffix = ".test.yaml";
constexpr std::size_t test_files_max = 10'000;

constexpr auto test_options = std::to_array<OptionRow>({
    config_option,
    {"--coverage", "", "name the rules that no test reached", Takes::nothing},
    {"--accept", "", "rewrite the expectations that differ, and print the difference",
     Takes::nothing},
    {"--junit", "F", "write the results to this file as the XML that CI servers read"},
    json_option,
});
constexpr std::array<WordRow, 1> test_words = {
    WordRow{.name = "PATH",
            .says = "a test file, or a directory with `*.test.yaml` (default: this one)",
            .required = false,
            .many = true}};

bool is_test(const fs::path& path) {
  return path.filename().string().ends_with(test_suffix);
}

// Test files of a directory and of those below it, in the order of their names. What begins with a
// dot and what npm installs is left out.
Status collect(const fs::path& directory, std::vector<std::string>& files) {
  std::error_code error;
  fs::recursive_directory_iterator walk(directory, error), end;
  for (; !error && walk != end; walk.increment(error)) {
    const std::string name = walk->path().filename().string();
    if (walk->is_directory() && (name.starts_with('.') || name == "node_modules")) {
      walk.disable_recursion_pending();
    } else if (walk->is_regular_file() && is_test(walk->path())) {
      files.push_back(walk->path().string());
      if (files.size() > test_files_max) {
        return fail(ErrorKind::usage, fmt::format("more than {} test files below `{}`",
                                                  test_files_max, directory.string()));
      }
    }
  }
  if (error) {
    return fail(ErrorKind::environment,
                fmt::format("`{}` cannot be read: {}", directory.string(), error.message()));
  }
  std::ranges::sort(files);
  return {};
}

Result<std::vector<std::string>> test_files(std::vector<std::string> given) {
  if (given.empty()) given.emplace_back(".");
  std::vector<std::string> files;
  for (const std::string& path : given) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    PAWL_TRY(collect(path, found));
    files.insert(files.end(), found.begin(), found.end());
  }
  if (files.empty()) {
    return fail(ErrorKind::missing,
                fmt::format("there is no `*{}` in `{}`", test_suffix, fmt::join(given, "`, `")));
  }
  return files;
}

// Policy and layers stand relative to the test file, wherever `pawl test` was called.
std::string policy_beside(const std::string& test, const std::string& policy) {
  const fs::path path(policy);
  if (path.is_absolute()) return policy;
  return (fs::path(test).parent_path() / path).lexically_normal().string();
}

void run_file(const std::string& text, const Deployment& deployment, TestedFile& file) {
  file.tests = read_trials(text, file.path);
  file.errors = file.tests.errors;
  if (!file.errors.empty()) return;
  file.policy = policy_beside(file.path, file.tests.policy);
  // A test says all that it depends on: the machine's own layers are not in force.
  node::MoreLayers layers{.files = {}, .of_deployment = false};
  for (const std::string& layer : file.tests.layers) {
    layers.files.push_back(policy_beside(file.path, layer));
  }
  const Loaded loaded = node::read_policy_with(layers, file.policy, &deployment);
  file.errors = loaded.errors;
  if (loaded.policy == nullptr) return;
  Reached reached;
  const sql::ReadSql read_sql = node::isolated_sql();
  for (const Trial& trial : file.tests.trials) {
    DecideStream stream(loaded.policy, read_sql);
    file.results.push_back(
        run_trial(trial, [&stream](std::string_view line) { return stream.line(line); }, reached));
  }
  file.coverage = coverage(*loaded.policy, reached);
  if (file.failed() > 0) file.accepted = accepted(text, file.results);
}

// What people wrote and read: as any new file of theirs.
constexpr mode_t expected_file_mode = 0644;

struct Wanted {
  bool coverage = false, accept = false, json = false;
};

Status accept(const TestedFile& file, const std::string& text, const Wanted& given) {
  if (file.accepted.empty() || file.accepted == text) return {};
  if (!given.json) out(accept_text(file, text));
  return replace_file(file.path, file.accepted, expected_file_mode);
}

void print(const TestedFile& file, const Wanted& given) {
  out(paint(Ink::strong, escape_untrusted(file.path)));
  for (const Error& error : file.errors) out(escape_untrusted(to_string(error)));
  if (!file.results.empty()) out(test_text(file));
  if (given.coverage && file.errors.empty()) out(coverage_text(file));
}

void print_sum(const std::vector<TestedFile>& files, bool accepted) {
  std::size_t passed = 0, failed = 0, broken = 0;
  for (const TestedFile& file : files) {
    failed += file.failed();
    passed += file.results.size() - file.failed();
    broken += file.errors.empty() ? 0 : 1;
  }
  out(fmt::format("{} passed, {} {}{}", passed, failed, accepted ? "rewritten" : "failed",
                  broken == 0 ? "" : fmt::format(", {} files do not load", broken)));
}

int run_test(const Arguments& arguments) {
  const node::DeploymentRead read =
      node::read_deployment(config_path(arguments), arguments.has("--config"));
  for (const Error& error : read.errors) err(escape_untrusted(to_string(error)));
  if (!read.deployment) return exit_usage;
  const auto paths = test_files(arguments.words("PATH"));
  if (!paths) return complain(paths.error());

  const Wanted given{.coverage = arguments.has("--coverage"),
                     .accept = arguments.has("--accept"),
                     .json = arguments.has("--json")};
  std::vector<TestedFile> files;
  bool good = true;
  for (const std::string& path : *paths) {
    const auto text = node::read_file(path);
    if (!text) return complain(text.error());
    TestedFile file;
    file.path = path;
    run_file(*text, *read.deployment, file);
    good = good && file.errors.empty() && (given.accept || file.failed() == 0);
    if (!given.json) print(file, given);
    if (given.accept) {
      if (const Status fine = accept(file, *text, given); !fine) return complain(fine.error());
    }
    files.push_back(std::move(file));
  }
  if (const auto junit = arguments.one("--junit")) {
    if (const Status fine = replace_file(*junit, test_junit(files), expected_file_mode); !fine) {
      return complain(fine.error());
    }
  }
  if (given.json) {
    out(test_json(files));
  } else {
    print_sum(files, given.accept);
  }
  return good ? exit_good : exit_no;
}

}  // namespace

const CommandRow test_command{
    .name = "test",
    .group = "write",
    .says = "runs the tests that stand beside policies",
    .options = test_options,
    .words = test_words,
    .run = run_test,
    .more =
        "A file `NAME.test.yaml` names a policy and has tests: a call, or `steps` of one run, and "
        "what each is expected to be answered. Nothing runs, nothing is stored, and time is what "
        "`at` says.\n\n"
        "    policy: support.yaml\n"
        "    tests:\n"
        "      - name: mail goes to no one else\n"
        "        call: [send_mail, {to: [x@evil.example]}]\n"
        "        expect: {effect: deny, code: constraint, at: args.to}\n\n"
        "`layers: [../org.yaml]` beside `policy` names the layers that a call has to pass too; "
        "those "
        "of a deployment file are not in force here. "
        "With a call stand `at` (the time), `given` (`schema`, `annotations`, `result`, `outcome`, "
        "`user_text`), and `times`. `expect` names what matters: `effect`, `code`, `rule`, `at` (a "
        "part of the rule), `reason` (words of it), `class`, `quorum`, `typed`, `reviewers`, "
        "`halts`, `withheld`.\n\n"
        "Exit status: 0 all passed, 1 a test failed or a file does not load, 2 nothing to test."};

}  // namespace pawl::app
