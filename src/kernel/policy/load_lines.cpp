// `shell` and `argv` of an argument.
#include <fmt/format.h>

#include "kernel/policy/load_rows.h"

namespace pawl {

namespace {

struct LineDraft {
  RowReader& rows;
  shell::Dialect dialect = shell::Dialect::posix;
};

void read_allowed_rows(Build& build, LineDraft& into, const yaml::Entry& key) {
  build.reading.items(key.value, key.key, [&](const yaml::Node& node) { into.rows.read(node); });
}

void read_dialect_of(Build& build, LineDraft& into, const yaml::Entry& key) {
  if (const auto found = read_dialect(build, key.value)) into.dialect = *found;
}

constexpr auto kShellKeys = section_keys<Build, LineDraft>(
    Section::shell,
    {
        {"allow", "list of texts or rows", "required", 6, "Commands that may stand in the line.",
         read_allowed_rows},
        {"shell", "`sh` or `bash`", "sh", 6, "The shell that reads it.", read_dialect_of},
    });

constexpr auto kArgvKeys = section_keys<Build, LineDraft>(
    Section::argv, {
                       {"allow", "list of texts or rows", "required", 6,
                        "Commands that the words may be.", read_allowed_rows},
                   });

void read_line(Build& build, ArgumentRule& argument, const yaml::Entry& key, CheckKind kind,
               const auto& keys) {
  const std::string path = argument.rule.path + "/" + key.key;
  ToolRule nothing;
  RowReader rows(build, Section::line_row, path, nothing);
  LineDraft draft{.rows = rows};
  if (!read_section(build, key.value, keys, draft)) return;
  auto line = rows.compile(kind == CheckKind::argv, draft.dialect, {});
  if (!line) return;
  Check check = check_of(kind, path, key.key_at);
  check.line = std::make_shared<const LineRule>(std::move(*line));
  add_check(build, argument, std::move(check), key.value.at);
}

}  // namespace

void list_line_keys(std::vector<Key>& into) {
  kShellKeys.list(into);
  kArgvKeys.list(into);
}

void read_shell(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  read_line(build, argument, key, CheckKind::shell, kShellKeys);
}

void read_argv(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  read_line(build, argument, key, CheckKind::argv, kArgvKeys);
}

}  // namespace pawl
