// `commands` of an entry, and the keys that belong to it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/constraint/path_text.h"
#include "kernel/policy/load_rows.h"

namespace pawl {
namespace {

constexpr std::size_t rows_max = 512;

// `shell: none` is an array of words for a program, without a shell.
struct Reader {
  bool words = false;
  shell::Dialect dialect = shell::Dialect::posix;
};

Reader read_reader(Build& build, const yaml::Entry* key) {
  Reader out;
  if (key == nullptr) return out;
  if (key->value.is_scalar() && key->value.text == "none") {
    out.words = true;
  } else if (const auto dialect = read_dialect(build, key->value)) {
    out.dialect = *dialect;
  }
  return out;
}

std::string read_of(Build& build, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  const auto text = build.reading.text(node, key.key);
  if (!text) return {};
  const std::string_view name =
      std::string_view(*text).substr(std::min<std::size_t>(5, text->size()));
  if (!text->starts_with("args.") || name.empty() || name.find_first_of(".[") != name.npos) {
    build.reading.mistake(node.at, fmt::format("`of` is `{}`, expected one argument, `args.NAME`",
                                               escape_untrusted(*text)));
    return {};
  }
  return std::string(name);
}

void read_directories(Build& build, const yaml::Entry* key, CommandRule& into) {
  if (key == nullptr) return;
  for (const Placed& place : build.lists.texts(build.reading, key->value, key->key)) {
    const auto checked = compile_path({.under = {place.text}, .not_in = {}, .base = {}});
    if (!checked) {
      build.reading.mistake(place.at, checked.error().message);
    } else {
      into.directories.push_back(checked->under.front());
    }
  }
}

void read_lines(Build& build, const yaml::Entry* key, CommandRule& into) {
  if (key == nullptr) return;
  read_examples(build, *key, [&](const yaml::Entry& list, Effect expected) {
    for (const Placed& line : build.reading.texts(list.value, list.key)) {
      into.examples.push_back({line.text, expected, line.at});
    }
  });
}

void read_otherwise(Build& build, const yaml::Entry* key, CommandRule& into) {
  if (key == nullptr) return;
  into.else_rule.at = key->key_at;
  into.else_rule.path = into.rule.path.substr(0, into.rule.path.rfind('/')) + "/else";
  const auto word = build.reading.word(key->value, key->key, {"deny", "hold"}, {"contain"});
  if (word && *word == 1) into.otherwise = Effect::hold;
}

// `commands` as a mapping.
struct CommandsDraft {
  std::string argument;
  const yaml::Node* rows = nullptr;
};

void read_argument_of_commands(Build& build, CommandsDraft& into, const yaml::Entry& key) {
  into.argument = read_of(build, key);
}

void read_rows(Build& /*build*/, CommandsDraft& into, const yaml::Entry& key) {
  into.rows = &key.value;
}

constexpr auto kCommandsKeys = section_keys<Build, CommandsDraft>(
    Section::commands,
    {
        {"of", "text", "the argument named `command`, `cmd`, `script` and the like", 6,
         "The argument that holds the line, as `args.NAME`.", read_argument_of_commands},
        {"rows", list_of(Section::row, "list of rows"), "required", 6, "The rows.", read_rows},
    });

// The keys that say nothing without `commands`.
void refuse_alone(Build& build, const yaml::Node& entry) {
  for (const std::string_view name : {kShell, kPrograms, kReads, kWritesOf}) {
    if (const yaml::Entry* key = entry.entry(name)) {
      build.reading.mistake(key->key_at, fmt::format("`{}` needs `commands` beside it", name));
    }
  }
}

}  // namespace

std::optional<shell::Dialect> read_dialect(Build& build, const yaml::Node& node) {
  const auto text = build.reading.text(node, kShell);
  if (!text) return std::nullopt;
  const auto dialect = shell::parse_dialect(*text);
  if (dialect) return *dialect;
  build.reading.mistake(node.at, fmt::format("`shell` is `{}`, expected `sh`, `bash` or `none`",
                                             escape_untrusted(*text)));
  return std::nullopt;
}

void list_commands_keys(std::vector<Key>& into) {
  kCommandsKeys.list(into);
}

void read_commands(Build& build, const yaml::Node& entry, ToolRule& rule) {
  const yaml::Entry* key = entry.entry(kCommands);
  if (key == nullptr) return refuse_alone(build, entry);
  if (const yaml::Entry* cases = entry.entry(kCases)) {
    build.reading.mistake(cases->key_at,
                          "`cases` cannot stand beside `commands`: give the rows "
                          "their own `cases`");
  }
  auto commands = std::make_shared<CommandRule>();
  commands->rule = {rule.rule.path + "/commands", key->key_at};
  commands->else_rule = commands->rule;
  const yaml::Node* list = &key->value;
  if (list->is_map()) {
    CommandsDraft written;
    read_section(build, *list, kCommandsKeys, written);
    if (written.rows == nullptr) return;
    commands->argument = written.argument;
    list = written.rows;
  }
  const Reader shell = read_reader(build, entry.entry(kShell));
  read_directories(build, entry.entry(kPrograms), *commands);
  read_otherwise(build, entry.entry(kElse), *commands);
  read_lines(build, entry.entry(kExamples), *commands);
  if (const yaml::Entry* reads = entry.entry(kReads)) {
    read_places(build, *reads, rule.rule.path, commands->reads);
  }
  if (const yaml::Entry* writes = entry.entry(kWritesOf)) {
    read_places(build, *writes, rule.rule.path, commands->writes);
  }
  RowReader rows(build, Section::row, commands->rule.path, rule);
  std::size_t number = 0;
  build.reading.items(*list, kCommands, [&](const yaml::Node& node) {
    if (number++ == rows_max) {
      build.reading.mistake(node.at, fmt::format("more than {} rows", rows_max));
    }
    if (number <= rows_max) rows.read(node);
  });
  auto line = rows.compile(shell.words, shell.dialect, commands->directories);
  if (!line) return;
  commands->line = std::move(*line);
  commands->rows = rows.rows();
  if (!commands->argument.empty()) rule.named.push_back(commands->argument);
  if (commands->directories.empty()) {
    build.note(Finding::Weight::note, key->key_at,
               "programs are judged by their names: `programs` names the directories in which "
               "they have to be");
  }
  rule.commands = std::move(commands);
}

}  // namespace pawl
