#include "app/cli/commands.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/cli/help.h"
#include "app/terminal/terminal.h"
#include "base/text.h"

namespace pawl::app {

namespace {

// Up to the questions, and behind them: the table has one row for each command.
std::vector<CommandRow> rows_to_the_questions() {
  return {
      mcp_command,
      serve_command,
      node_command,
      sql_parser_command,
      init_command,
      check_command,
      test_command,
      decide_command,
      explain_command,
      classify_command,
      describe_command,
      fmt_command,
      eval_command,
      schema_command,
      prices_show_command,
      prices_check_command,
      prices_import_command,
      accept_command,
      approvals_list_command,
      approvals_show_command,
      approvals_watch_command,
      approvals_approve_command,
      approvals_change_command,
      approvals_deny_command,
      approvals_ask_command,
      approvals_pass_command,
      approvals_stats_command,
  };
}

std::vector<CommandRow> rows_behind_the_questions() {
  return {
      reviewers_add_command,
      reviewers_list_command,
      login_command,
      credentials_set_command,
      credentials_list_command,
      credentials_rotate_command,
      credentials_remove_command,
      keys_create_command,
      keys_list_command,
      keys_revoke_command,
      keys_rotate_command,
      runs_create_command,
      runs_list_command,
      runs_show_command,
      runs_close_command,
      grants_list_command,
      grants_end_command,
      grants_report_command,
      ack_command,
      kill_command,
      resume_command,
      drill_command,
      status_command,
      stop_command,
      console_command,
      replay_command,
      diff_command,
      observe_report_command,
      audit_tail_command,
      audit_query_command,
      audit_show_command,
      audit_verify_command,
      help_command,
      version_command,
  };
}

}  // namespace

std::span<const CommandRow> commands() {
  static const std::vector<CommandRow> rows = [] {
    std::vector<CommandRow> all = rows_to_the_questions();
    for (const CommandRow& row : rows_behind_the_questions()) all.push_back(row);
    return all;
  }();
  return rows;
}

std::span<const Group> groups() {
  static constexpr std::array<Group, 4> all = {{
      {"use", "put pawl between an agent and its tools"},
      {"write", "write policies and see what they mean"},
      {"run", "answer approval requests, kill and resume"},
      {"prove", "what happened, and a proof that it was not edited"},
  }};
  return all;
}

std::span<const FirstCommand> first_commands() {
  static constexpr std::array<FirstCommand, 8> all = {{
      {"init", "writes a first policy from the tools that a server offers"},
      {"mcp", "puts the gate in front of the servers of one client"},
      {"serve", "serves MCP over HTTP to many agents, one address for each role"},
      {"approvals", "lists the calls that wait for a person, and answers them"},
      {"status", "shows the node, its runs and the kill switch"},
      {"kill", "sets the kill switch for everything, a role, an agent, a run, a tool or a server"},
      {"check", "says what a policy file means, what is wrong with it, and what it leaves open"},
      {"replay", "tells what a run did, and decides every call of it once more"},
  }};
  return all;
}

const CommandRow* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &CommandRow::name);
  return found == commands().end() ? nullptr : &*found;
}

std::vector<const CommandRow*> shown_commands() {
  std::vector<const CommandRow*> shown;
  for (const Group& group : groups()) {
    for (const CommandRow& row : commands()) {
      if (row.group == group.name) shown.push_back(&row);
    }
  }
  return shown;
}

std::vector<const CommandRow*> family(std::string_view word) {
  std::vector<const CommandRow*> members;
  for (const CommandRow& row : commands()) {
    const bool member =
        row.name.size() > word.size() && row.name.starts_with(word) && row.name[word.size()] == ' ';
    if (member && !row.group.empty()) members.push_back(&row);
  }
  return members;
}

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

// `approvals` alone, or with a word that is not one of its commands.
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
          near.empty() ? fmt::format("there is no command `{}`; `pawl help --all` lists them",
                                     escape_untrusted(name))
                       : fmt::format("there is no command `{}`: did you mean `{}`?",
                                     escape_untrusted(name), near),
          {}};
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    out(help_beginning(prose_columns()));
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
