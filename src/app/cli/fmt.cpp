// `pawl fmt`: the canonical layout of policy, layer, deployment and test files.
#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analysis/trial/trial_file.h"
#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml_format.h"
#include "io/pins/replace_file.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/deployment.h"
#include "kernel/policy/policy.h"
#include "kernel/policy/policy_keys.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr mode_t file_mode = 0644;

constexpr auto fmt_options = std::to_array<OptionRow>({
    {"--check", "", "change nothing, and name the files that would change", Takes::nothing},
    json_option,
});
constexpr std::array<WordRow, 1> fmt_words = {
    WordRow{.name = "F",
            .says = "a policy file, a layer file, a deployment file or a test file",
            .required = true,
            .many = true}};

enum class FileKind : std::uint8_t { policy, layer, deployment, trial };

FileKind kind_of(const yaml::Node& root) {
  if (root.entry("tests") != nullptr) return FileKind::trial;
  if (root.entry("layer") != nullptr) return FileKind::layer;
  for (const std::string_view key : {"agent", "tools", "execution"}) {
    if (root.entry(key) != nullptr) return FileKind::policy;
  }
  return FileKind::deployment;
}

// The names that a policy writes behind `credential`: whether the deployment file has them is not
// a matter of layout.
void credentials_of(const yaml::Node& node,
                    std::vector<std::string>& into) {  // NOLINT(misc-no-recursion)
  for (const yaml::Node& item : node.items) credentials_of(item, into);
  for (const yaml::Entry& entry : node.entries) {
    if (entry.key == credential_key && entry.value.is_scalar()) into.push_back(entry.value.text);
    if (entry.key == credential_key && entry.value.is_map()) {  // by an argument
      for (const yaml::Entry& one : entry.value.entries) {
        if (one.key != credential_of_key && one.value.is_scalar()) into.push_back(one.value.text);
      }
    }
    credentials_of(entry.value, into);
  }
}

std::vector<Error> mistakes(const std::string& path, const std::string& text) {
  const yaml::Read read = yaml::read(text, path, limits::file_bytes_max);
  if (!read.errors.empty()) return read.errors;
  switch (kind_of(read.root)) {
    case FileKind::trial:
      return read_trials(text, path).errors;
    case FileKind::deployment:
      return load_deployment(text, path).errors;
    case FileKind::layer:
      return node::read_layer(path).errors;
    case FileKind::policy:
      break;
  }
  std::vector<std::string> named;
  credentials_of(read.root, named);
  Deployment lent;
  for (std::string& name : named) lent.credentials.try_emplace(std::move(name));
  return node::read_policy(path, &lent).errors;
}

struct Formatted {
  std::string path;
  bool changed = false;
  std::vector<Error> errors;
};

// A link stays a link: what it leads to is replaced.
std::string real_file(const std::string& path) {
  std::error_code failed;
  const auto found = std::filesystem::canonical(path, failed);
  return failed ? path : found.string();
}

Formatted format_file(const std::string& path, bool only_check) {
  Formatted out{.path = path, .changed = false, .errors = {}};
  const auto text = node::read_file(path, limits::file_bytes_max);
  if (!text) {
    out.errors.push_back(text.error());
    return out;
  }
  out.errors = mistakes(path, *text);
  if (!out.errors.empty()) return out;
  const auto laid_out = yaml::formatted(*text, path);
  if (!laid_out) {
    out.errors.push_back(laid_out.error());
    return out;
  }
  out.changed = *laid_out != *text;
  if (!out.changed || only_check) return out;
  if (const Status done = replace_file(real_file(path), *laid_out, file_mode); !done) {
    out.errors.push_back(done.error());
  }
  return out;
}

int status_of(const Formatted& file, bool only_check) {
  if (file.errors.empty()) return file.changed && only_check ? exit_no : exit_good;
  const bool machine = std::ranges::any_of(file.errors, [](const Error& error) {
    return error.fault != ErrorKind::invalid && error.fault != ErrorKind::internal;
  });
  return machine ? exit_usage : exit_no;
}

void print(const Formatted& file, bool only_check) {
  for (const Error& error : file.errors) err(escape_untrusted(to_string(error)));
  if (!file.errors.empty()) {
    err(fmt::format("{} is left as it is", escape_untrusted(file.path)));
  } else if (file.changed) {
    out(only_check ? fmt::format("{} is not in the canonical layout", escape_untrusted(file.path))
                   : fmt::format("{}: formatted; it says the same", escape_untrusted(file.path)));
  }
}

void put(const Formatted& file, json::Writer& into) {
  into.object().key("file").string(file.path).key("changed").boolean(file.changed);
  into.key("errors").array();
  for (const Error& error : file.errors) {
    into.object().key("file").string(error.at.file).key("line").natural(error.at.line);
    into.key("column").natural(error.at.column).key("message").string(error.message).end();
  }
  into.end().end();
}

int run_fmt(const Arguments& arguments) {
  const bool only_check = arguments.has("--check");
  const bool as_json = arguments.has("--json");
  json::Writer all;
  all.array();
  int status = exit_good;
  for (const std::string& path : arguments.words("F")) {
    const Formatted file = format_file(path, only_check);
    status = std::max(status, status_of(file, only_check));
    if (as_json) {
      put(file, all);
    } else {
      print(file, only_check);
    }
  }
  if (as_json) out(all.end().text());
  return status;
}

}  // namespace

const CommandRow fmt_command{
    .name = "fmt",
    .group = "write",
    .says = "lays files out in the canonical way, and changes nothing that they say",
    .options = fmt_options,
    .words = fmt_words,
    .run = run_fmt,
    .more =
        "Comments, the order of keys, quotes and single empty lines stay; indentation, blanks and "
        "line ends become the same everywhere. What is written is read again first: the same "
        "keys, values and comments, or the file is left alone. A file with mistakes is left alone "
        "too, and they are printed. The bytes of a file are what `pawl accept` and the records "
        "name, so a formatted policy has a new digest.\n\n"
        "Exit status: 0 done, or nothing to do; 1 a file has mistakes, or with --check is not in "
        "this layout; 2 a file cannot be read or written."};

}  // namespace pawl::app
