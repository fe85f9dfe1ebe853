// The command line, read by CLI11 after the rows of one command. No other file includes CLI11.
#include <CLI/CLI.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "app/common/command.h"
#include "base/text.h"
#include "node/common/audit_filter.h"
#include "node/files/config_files.h"

namespace pawl::app {
namespace {

constexpr std::string_view help_long = "--help";
constexpr std::string_view help_short = "-h";

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::usage, std::move(message));
}

std::string ticked(std::string_view text) {
  return fmt::format("`{}`", escape_untrusted(text));
}

}  // namespace

// Reads one command line. CLI11 finds options and their values; which words are missing or too
// many is said here, because only the rows know what the words mean.
class ArgumentReader {
 public:
  explicit ArgumentReader(const CommandRow& command) : command_(command) {}

  Result<Arguments> read(const std::vector<std::string>& given);

 private:
  void divide(const std::vector<std::string>& given);
  Status parse_options();
  Status look_for_mistakes() const;
  Status take_options();
  Status take_words();
  std::string not_understood(const std::string& what) const;
  const OptionRow* option(std::string_view name) const;
  std::string unknown(const std::string& given) const;

  const CommandRow& command_;
  bool help_ = false;
  bool dashes_ = false;
  std::vector<std::string> before_, after_;       // what stood before and after `--`
  std::vector<std::string> words_;                // what is no option
  std::vector<std::vector<std::string>> values_;  // by the rows of the options
  std::vector<std::size_t> times_;                // how often each was given
  Arguments out_;
};

const OptionRow* ArgumentReader::option(std::string_view name) const {
  const auto found = std::ranges::find(command_.options, name, &OptionRow::name);
  return found == command_.options.end() ? nullptr : &*found;
}

std::string ArgumentReader::unknown(const std::string& given) const {
  const std::string name = given.substr(0, given.find('='));
  std::vector<std::string> known{std::string(help_long)};
  for (const OptionRow& row : command_.options) known.emplace_back(row.name);
  const std::string near = closest_match(name, known);
  std::string says = fmt::format("{} is not an option of `pawl {}`", ticked(name), command_.name);
  if (!near.empty()) return says + fmt::format(": did you mean `{}`?", near);
  return says;
}

void ArgumentReader::divide(const std::vector<std::string>& given) {
  const auto dashes = std::ranges::find(given, "--");
  before_.assign(given.begin(), dashes);
  dashes_ = dashes != given.end();
  if (dashes_) after_.assign(dashes + 1, given.end());
}

// What CLI11 would take without a word, or describe in words of its own.
Status ArgumentReader::look_for_mistakes() const {
  for (std::size_t i = 0; i < before_.size(); ++i) {
    const std::string& token = before_[i];
    const auto equals = token.find('=');
    const OptionRow* row = option(token.substr(0, equals));
    if (row == nullptr) continue;
    const bool joined = equals != std::string::npos;
    if (row->takes == Takes::nothing) {
      if (joined) return wrong(fmt::format("`{}` takes no value", row->name));
      continue;
    }
    const bool missing = joined ? equals + 1 == token.size()
                                : i + 1 == before_.size() || option(before_[i + 1]) != nullptr;
    if (missing) {
      return wrong(fmt::format("`{}` needs a value: `{} {}`, {}", row->name, row->name,
                               row->metavar, row->says));
    }
    if (!joined) ++i;  // the value may look like anything
  }
  return {};
}

Status ArgumentReader::parse_options() {
  CLI::App parser;
  parser.set_help_flag();
  parser.allow_extras();
  const std::string help_names = fmt::format("{},{}", help_short, help_long);
  parser.add_flag(help_names, help_)->disable_flag_override();
  values_.resize(command_.options.size());
  times_.resize(command_.options.size());
  for (std::size_t i = 0; i < command_.options.size(); ++i) {
    const OptionRow& row = command_.options[i];
    const std::string name(row.name);
    if (row.takes == Takes::nothing) {
      parser.add_flag(name, times_[i])->disable_flag_override();
    } else {
      parser.add_option(name, values_[i])->expected(1)->allow_extra_args(false)->take_all();
    }
  }
  try {
    // CLI11 takes them from the back.
    std::vector<std::string> reversed(before_.rbegin(), before_.rend());
    parser.parse(reversed);
  } catch (const CLI::Error& error) {
    return wrong(escape_untrusted(error.what()));
  }
  for (const std::string& extra : parser.remaining()) {
    if (extra.starts_with('-') && extra != "-") return wrong(unknown(extra));
    words_.push_back(extra);
  }
  return {};
}

Status ArgumentReader::take_options() {
  for (std::size_t i = 0; i < command_.options.size(); ++i) {
    const OptionRow& row = command_.options[i];
    const bool given = row.takes == Takes::nothing ? times_[i] > 0 : !values_[i].empty();
    if (!given) continue;
    if (row.takes == Takes::one && values_[i].size() > 1) {
      return wrong(fmt::format("`{}` is given {} times, and one value is meant", row.name,
                               values_[i].size()));
    }
    out_.options_.push_back({std::string(row.name), std::move(values_[i])});
  }
  if (help_) out_.options_.push_back({std::string(help_long), {}});
  return {};
}

std::string ArgumentReader::not_understood(const std::string& what) const {
  const bool takes_command = std::ranges::any_of(command_.words, &WordRow::after_dashes);
  return fmt::format("{} is one word too many for `pawl {}`{}", ticked(what), command_.name,
                     takes_command && !dashes_ ? ": the command goes behind `--`" : "");
}

Status ArgumentReader::take_words() {
  const bool takes_command = std::ranges::any_of(command_.words, &WordRow::after_dashes);
  if (!takes_command) words_.insert(words_.end(), after_.begin(), after_.end());
  std::size_t next = 0;
  for (const WordRow& row : command_.words) {
    std::vector<std::string> taken;
    if (row.after_dashes) {
      taken = after_;
    } else if (row.many) {
      taken.assign(words_.begin() + static_cast<std::ptrdiff_t>(next), words_.end());
      next = words_.size();
    } else if (next < words_.size()) {
      taken.push_back(words_[next++]);
    }
    if (taken.empty() && row.required && !help_) {
      // A word where the command should be is the likelier mistake than a missing command.
      if (row.after_dashes && next < words_.size()) return wrong(not_understood(words_[next]));
      return wrong(fmt::format("`pawl {}` needs {}{}: {}", command_.name,
                               row.after_dashes ? "-- " : "", row.name, row.says));
    }
    if (!taken.empty()) out_.words_.push_back({std::string(row.name), std::move(taken)});
  }
  if (next < words_.size() && !help_) return wrong(not_understood(words_[next]));
  return {};
}

Result<Arguments> ArgumentReader::read(const std::vector<std::string>& given) {
  divide(given);
  Status done = look_for_mistakes();
  if (done) done = parse_options();
  if (done) done = take_options();
  if (done) done = take_words();
  PAWL_TRY(done);
  return std::move(out_);
}

Result<Arguments> parse_arguments(const CommandRow& command,
                                  const std::vector<std::string>& given) {
  return ArgumentReader(command).read(given);
}

namespace {

template <class Given>
const Given* find(const std::vector<Given>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Given::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

bool Arguments::has(std::string_view option) const {
  return find(options_, option) != nullptr;
}

std::optional<std::string> Arguments::one(std::string_view option) const {
  const Given* given = find(options_, option);
  if (given == nullptr || given->values.empty()) return std::nullopt;
  return given->values.front();
}

std::vector<std::string> Arguments::many(std::string_view option) const {
  const Given* given = find(options_, option);
  return given == nullptr ? std::vector<std::string>() : given->values;
}

std::string Arguments::word(std::string_view name) const {
  const Given* given = find(words_, name);
  return given == nullptr || given->values.empty() ? std::string() : given->values.front();
}

std::vector<std::string> Arguments::words(std::string_view name) const {
  const Given* given = find(words_, name);
  return given == nullptr ? std::vector<std::string>() : given->values;
}

Result<std::string> state_directory(const Arguments& arguments) {
  if (const auto stated = arguments.one("--state-dir")) {
    if (stated->empty())
      return fail(ErrorKind::usage, "`--state-dir` needs the name of a directory");
    return node::absolute(*stated);
  }
  const std::string base = node::below_home("XDG_STATE_HOME", ".local/state");
  if (base.empty()) {
    return fail(ErrorKind::environment,
                "no home directory is known: name a directory with `--state-dir`");
  }
  return base + "/pawl";
}

std::string config_path(const Arguments& arguments) {
  if (const auto stated = arguments.one("--config")) return node::absolute(*stated);
  const std::string base = node::below_home("XDG_CONFIG_HOME", ".config");
  // Without a home there is no default file, and a path that cannot exist says so.
  return base.empty() ? std::string("/nonexistent/pawl/pawl.yaml") : base + "/pawl/pawl.yaml";
}

Result<std::optional<Instant>> moment_of(const Arguments& arguments, std::string_view option) {
  const auto given = arguments.one(option);
  if (!given) return std::optional<Instant>{};
  if (const auto moment = node::moment_of(*given, node::wall_clock())) return moment;
  return fail(
      ErrorKind::usage,
      fmt::format("`{}` after `{}` is not a time: write `2026-11-21T08:00:00Z`, `2026-11-21` "
                  "or, for two hours ago, `2h`",
                  escape_untrusted(*given), option));
}

}  // namespace pawl::app
