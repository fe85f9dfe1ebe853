#include "app/commands.h"

#include <algorithm>
#include <array>
#include <vector>

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
      {"run", "answer questions, stop and resume"},
      {"prove", "what happened, and that nobody edited it"},
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

}  // namespace pawl::app
