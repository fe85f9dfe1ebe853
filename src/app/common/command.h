// The pawl command: one file per subcommand, one table of all of them (commands.cpp).
//
// A command is a row: its name, its group in `pawl help`, one sentence, its options, and what it
// does. Help, completions, man pages and the reference are made from the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pawl::app {

enum class Takes : std::uint8_t { nothing, one, many };

// `--policy F`, `--json`, `-h`. `metavar` is empty for options that take nothing.
struct OptionRow {
  std::string_view name;     // `--policy`
  std::string_view metavar;  // `F`
  std::string_view says;     // one sentence, lowercase, no full stop
  Takes takes = Takes::one;
};

// Words that stand without a dash, in order; `many` only as the last of them. `after_dashes` takes
// all that follows `--`.
struct WordRow {
  std::string_view name;
  std::string_view says;
  bool required = true;
  bool many = false;
  bool after_dashes = false;
};

class Arguments;

struct CommandRow {
  std::string_view name;   // `approvals show`: subcommands are rows of their own
  std::string_view group;  // use, write, run, prove
  std::string_view says;
  std::span<const OptionRow> options;
  std::span<const WordRow> words;
  int (*run)(const Arguments&);
  std::string_view more = {};  // paragraphs for `pawl help NAME` and the man page
};

// What was given on the command line, by the names of the rows.
class Arguments {
 public:
  bool has(std::string_view option) const;
  std::optional<std::string> one(std::string_view option) const;
  std::vector<std::string> many(std::string_view option) const;
  // A word by its name; empty where it was not given.
  std::string word(std::string_view name) const;
  std::vector<std::string> words(std::string_view name) const;

 private:
  friend class ArgumentReader;
  struct Given {
    std::string name;
    std::vector<std::string> values;
  };
  std::vector<Given> options_, words_;
};

// Parses by the rows of one command (CLI11 inside). ErrorKind::usage with a sentence that names the
// nearest right option.
Result<Arguments> parse_arguments(const CommandRow& command, const std::vector<std::string>& given);

// Options that every command that prints, or talks to a node, has in common.
inline constexpr OptionRow json_option{"--json", "", "print JSON instead of text", Takes::nothing};
inline constexpr OptionRow state_option{"--state-dir", "D",
                                        "the node's directory (default $XDG_STATE_HOME/pawl)"};
inline constexpr OptionRow config_option{
    "--config", "F", "the deployment file (default $XDG_CONFIG_HOME/pawl/pawl.yaml)"};
inline constexpr OptionRow policy_option{"--policy", "F", "the policy file of the role"};

// `--state-dir`, else $XDG_STATE_HOME/pawl, else ~/.local/state/pawl. Absolute.
Result<std::string> state_directory(const Arguments& arguments);
// `--config`, else $XDG_CONFIG_HOME/pawl/pawl.yaml, else ~/.config/pawl/pawl.yaml. Absolute.
std::string config_path(const Arguments& arguments);
// A moment behind an option (node/common/audit_filter.h); nothing where the option was not given.
Result<std::optional<Instant>> moment_of(const Arguments& arguments, std::string_view option);

}  // namespace pawl::app
