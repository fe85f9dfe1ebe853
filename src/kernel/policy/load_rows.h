// The rows of command lines while a file is read: `commands` of an entry, and `shell` and `argv` of
// an argument. Private to this room.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernel/policy/build.h"
#include "kernel/policy/commands.h"

namespace pawl {

// `reads` and `writes` as mappings, of an entry and of its rows.
void read_places(Build& build, const yaml::Entry& key, std::string_view path, FilePlaces& into);

class RowReader {
 public:
  // `section` is the kind of mapping that a row is; `path` the rule path of the list.
  // `entry` keeps the expressions of the rows.
  RowReader(Build& build, Section section, std::string path, ToolRule& entry)
      : build_(build), section_(section), path_(std::move(path)), entry_(entry) {}

  // Reads one row; what is wrong with it is reported.
  void read(const yaml::Node& node);

  // The commands of a row.
  void read_run(const yaml::Node& node, shell::Row& row);

  bool any() const { return !rows_.empty(); }
  const std::vector<CommandRow>& rows() const { return described_; }
  // Everything together; reports rows that no line can reach. Nothing where something was wrong.
  std::optional<LineRule> compile(bool words, shell::Dialect dialect,
                                  const std::vector<std::string>& directories);

 private:
  void read_cases(const yaml::Node& node, CommandRow& described);
  void check_row(const yaml::Node& node, const shell::Row& row, const CommandRow& described);

  Build& build_;
  Section section_;
  std::string path_;
  ToolRule& entry_;
  std::vector<shell::Row> rows_;
  std::vector<CommandRow> described_;
  struct Written {
    std::string words;  // one blank between two
    Position at;
  };
  std::vector<Written> written_;
  bool sound_ = true;
};

}  // namespace pawl
