// Every command of pawl, one row each. A new command is a file with a row, a line here and a line
// in commands.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/common/command.h"
#include "base/error.h"

namespace pawl::app {

extern const CommandRow accept_command;
extern const CommandRow approvals_approve_command;
extern const CommandRow approvals_ask_command;
extern const CommandRow approvals_change_command;
extern const CommandRow approvals_deny_command;
extern const CommandRow approvals_list_command;
extern const CommandRow approvals_pass_command;
extern const CommandRow approvals_show_command;
extern const CommandRow approvals_stats_command;
extern const CommandRow approvals_watch_command;
extern const CommandRow audit_query_command;
extern const CommandRow audit_show_command;
extern const CommandRow audit_tail_command;
extern const CommandRow audit_verify_command;
extern const CommandRow check_command;
extern const CommandRow classify_command;
extern const CommandRow console_command;
extern const CommandRow credentials_list_command;
extern const CommandRow credentials_remove_command;
extern const CommandRow credentials_rotate_command;
extern const CommandRow login_command;
extern const CommandRow credentials_set_command;
extern const CommandRow decide_command;
extern const CommandRow describe_command;
extern const CommandRow diff_command;
extern const CommandRow observe_report_command;
extern const CommandRow eval_command;
extern const CommandRow explain_command;
extern const CommandRow fmt_command;
extern const CommandRow help_command;
extern const CommandRow init_command;
extern const CommandRow keys_create_command;
extern const CommandRow keys_list_command;
extern const CommandRow keys_revoke_command;
extern const CommandRow keys_rotate_command;
extern const CommandRow ack_command;
extern const CommandRow grants_list_command;
extern const CommandRow grants_end_command;
extern const CommandRow grants_report_command;
extern const CommandRow drill_command;
extern const CommandRow kill_command;
extern const CommandRow mcp_command;
extern const CommandRow node_command;
extern const CommandRow sql_parser_command;
extern const CommandRow prices_check_command;
extern const CommandRow prices_import_command;
extern const CommandRow prices_show_command;
extern const CommandRow replay_command;
extern const CommandRow resume_command;
extern const CommandRow reviewers_add_command;
extern const CommandRow reviewers_list_command;
extern const CommandRow runs_close_command;
extern const CommandRow runs_create_command;
extern const CommandRow runs_list_command;
extern const CommandRow runs_show_command;
extern const CommandRow schema_command;
extern const CommandRow serve_command;
extern const CommandRow status_command;
extern const CommandRow stop_command;
extern const CommandRow test_command;
extern const CommandRow version_command;

// Every command. The one place where they are listed.
std::span<const CommandRow> commands();

// The groups of `pawl help`, in its order. A command of no group works and is not shown.
struct Group {
  std::string_view name;
  std::string_view says;
};
std::span<const Group> groups();

const CommandRow* find_command(std::string_view name);

// The commands that one begins with, in the order in which one needs them.
struct FirstCommand {
  std::string_view name;  // of a command, or the first word of a family
  std::string_view says;
};
std::span<const FirstCommand> first_commands();

// The commands that people see, in the order of `pawl help`.
std::vector<const CommandRow*> shown_commands();

// The rows whose names begin with this word and a blank: `approvals` has list, show and others.
std::vector<const CommandRow*> family(std::string_view word);

// From the words of the command line to the one command that they name.

// The words behind the program's own name. The exit status of the program.
int dispatch(const std::vector<std::string>& words);

// ErrorKind::usage, with the nearest right name where one is near.
Error unknown_command(std::string_view name);

}  // namespace pawl::app
