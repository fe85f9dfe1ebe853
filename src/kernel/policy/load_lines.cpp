// `shell` and `argv` of an argument.
#include <fmt/format.h>

#include "kernel/policy/load_rows.h"

namespace pawl {

void read_line_check(Build& build, const yaml::Entry& key, ArgumentRule& argument) {
  const bool words = key.key == "argv";
  const Section section = words ? Section::argv : Section::shell;
  const std::string path = argument.rule.path + "/" + key.key;
  ToolRule nothing;
  RowReader rows(build, Section::line_row, path, nothing);
  shell::Dialect dialect = shell::Dialect::posix;
  const bool read = build.reading.keys(key.value, section, [&](const yaml::Entry& one) {
    if (one.key == "allow") {
      build.reading.items(one.value, "allow", [&](const yaml::Node& node) { rows.read(node); });
    } else if (one.key == "shell") {
      if (const auto found = read_dialect(build, one.value)) dialect = *found;
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(key.value, section, "allow");
  auto line = rows.compile(words, dialect, {});
  if (!line) return;
  Check check = check_of(words ? CheckKind::argv : CheckKind::shell, path, key.key_at);
  check.line = std::make_shared<const LineRule>(std::move(*line));
  add_check(build, argument, std::move(check), key.value.at);
}

}  // namespace pawl
