#include "app/dispatch.h"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands.h"
#include "app/terminal.h"
#include "app/usage.h"
#include "base/text.h"

namespace pawl::app {
namespace {

int usage_error(const CommandRow& command, const Error& error) {
  const int status = complain(error);
  err(fmt::format("usage: {}", usage_line(command)));
  err(fmt::format("`pawl help {}` says more", command.name));
  return status;
}

int run_command(const CommandRow& command, const std::vector<std::string>& given) {
  const auto arguments = parse_arguments(command, given);
  if (!arguments) return usage_error(command, arguments.error());
  if (arguments->has(help_option.name)) {
    out(help_page(command, prose_columns()));
    return exit_good;
  }
  return command.run(*arguments);
}

// `approvals` alone, or with a word that is none of its commands.
int run_family(const std::vector<std::string>& words) {
  const auto members = family(words[0]);
  std::vector<std::string> names;
  for (const CommandRow* row : members) {
    names.emplace_back(row->name.substr(words[0].size() + 1));
  }
  const bool asks = words.size() > 1 && (words[1] == "--help" || words[1] == "-h");
  if (asks) {
    out(help_family(words[0], prose_columns()));
    return exit_good;
  }
  const std::string choice = fmt::format("{}", fmt::join(names, ", "));
  if (words.size() < 2 || words[1].starts_with('-')) {
    return complain({ErrorKind::usage,
                     fmt::format("`pawl {}` needs one of these words next: {}", words[0], choice),
                     {}});
  }
  const std::string near = closest_match(words[1], names);
  return complain({ErrorKind::usage,
                   near.empty() ? fmt::format("`pawl {}` knows no `{}`: it has {}", words[0],
                                              escape_untrusted(words[1]), choice)
                                : fmt::format("`pawl {}` knows no `{}`: did you mean `{}`?",
                                              words[0], escape_untrusted(words[1]), near),
                   {}});
}

}  // namespace

Error unknown_command(std::string_view name) {
  std::set<std::string> names;
  for (const CommandRow* row : shown_commands()) {
    names.emplace(row->name);
    names.emplace(row->name.substr(0, row->name.find(' ')));
  }
  const std::string near = closest_match(name, {names.begin(), names.end()});
  return {ErrorKind::usage,
          near.empty() ? fmt::format("there is no command `{}`; `pawl help` lists them",
                                     escape_untrusted(name))
                       : fmt::format("there is no command `{}`: did you mean `{}`?",
                                     escape_untrusted(name), near),
          {}};
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    out(help_overview(prose_columns()));
    return exit_good;
  }
  const std::string& first = words[0];
  if (first == "--help" || first == "-h") return dispatch({"help"});
  if (first == "--version" || first == "-V") return dispatch({"version"});
  if (words.size() > 1) {
    if (const CommandRow* row = find_command(first + " " + words[1])) {
      return run_command(*row, {words.begin() + 2, words.end()});
    }
  }
  if (const CommandRow* row = find_command(first)) {
    return run_command(*row, {words.begin() + 1, words.end()});
  }
  if (!family(first).empty()) return run_family(words);
  return complain(unknown_command(first));
}

}  // namespace pawl::app
