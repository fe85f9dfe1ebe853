// The rows of the table about arguments that hold paths, addresses and texts in a language.
#include "kernel/policy/build.h"

namespace pawl {
namespace {

using enum Section;

constexpr Key kLanguageKeys[] = {
    {path, "under", "text or list of texts", "required", 6, "Absolute directories."},
    {path, "not_in", "text or list of texts", "none", 6, "Globs that the path must not match."},
    {path, "base", "text", "none", 6, "The absolute directory that relative paths start from."},
    {url, "host", "text or list of texts", "required", 6, "Exact names, or `*.example.org`."},
    {url, "scheme", "text or list of texts", "https", 6, "Permitted schemes."},
    {url, "query_max", "whole number", "none", 6, "Most bytes of the query."},
    {sql, "dialect", "`postgresql`", "required", 6,
     "Which database reads the text. No other is understood yet."},
    {sql, "statements", "text or list of texts", "required", 6,
     "Kinds of statements, also those inside of others: `select`, `update` and so on."},
    {sql, "tables", "text or list of texts", "required", 6,
     "Relations as the text must write them: `orders` and `public.orders` are two names; "
     "`public.*` is all of a schema, `*` all but the system's own."},
    {sql, "columns", "text or list of texts", "any", 6,
     "Columns that may be named; `*` in the text is then refused."},
    {sql, "functions", "text or list of texts", "none", 6,
     "Functions besides the built-in ones that only compute."},
    {sql, "types", "text or list of texts", "none", 6, "Types besides the built-in ones."},
    {sql, "where", "`required` or `optional`", "required", 6,
     "Whether UPDATE, DELETE and MERGE need a condition that narrows."},
    {sql, "max_statements", "whole number", "1", 6, "Most statements in one text."},
    {commands, "of", "text", "the argument named `command`, `cmd`, `script` and the like", 6,
     "The argument that holds the line, as `args.NAME`."},
    {commands, "rows", list_of(row, "list of rows"), "required", 6, "The rows."},
    {row, "run", "text or list of texts", "required", 6,
     "Programs, or programs and the words behind them: `ls`, `git status`. The longest match "
     "wins."},
    {row, "class", "words", "the entry's", 11, "The class of a call that this row covers."},
    {row, "then", "`allow`, `notify`, `hold` or `deny`", "allow, or hold beside `approval`", 2,
     "What happens to a line with such a command."},
    {row, "approval", mapping(approval), "the entry's", 10,
     "Holds such a line, and says how people are asked."},
    {row, "say", "text", "the entry's", 0, "Words for the agent and the reviewer."},
    {row, "instead", "text", "the entry's", 0, "What the agent may do instead."},
    {row, "writes", "true, or a mapping", "false", 6,
     "Accepts that the command writes files: redirections, `sort -o`, programs such as `cp`."},
    {row, "runs", "true or false", "false", 6,
     "Accepts arguments that choose what the program runs: `git -c`, `find -exec` of anything."},
    {row, "unknown", "`none`, `operands` or `any`", "operands", 6,
     "Which words may be unknown before the line runs: none, those that cannot be options, any."},
    {row, "env", "text or list of texts", "none", 6, "Variables that may be set for it."},
    {row, "cases", list_of(situation), "one situation", 2,
     "Several situations of one command; their expressions may use `cmd`, the parsed command."},
    {row, "else", "`allow`, `notify`, `hold` or `deny`", "deny", 2,
     "What happens to a command that no case matches."},
    {row, "contain", "mapping", "", 0, "Runs the command in a sandbox.", true},
    {row, "needs", "text", "", 0, "What must exist before the call.", true},
    {row, "rehearse", "text", "", 0, "Tries the call first and binds the approval to it.", true},
    {row_writes, "under", "text or list of texts", "required", 6,
     "Directories in which the files lie that it evidently writes."},
    {examples, "allow", "list of lines or mappings", "none", 3,
     "Lines of `commands`, else arguments of calls, that run as the first of a run."},
    {examples, "hold", "list of lines or mappings", "none", 3, "The same that wait for a person."},
    {examples, "deny", "list of lines or mappings", "none", 3, "The same that are refused."},
    {shell, "allow", "list of texts or rows", "required", 6,
     "Commands that may stand in the line."},
    {shell, "shell", "`sh` or `bash`", "sh", 6, "The shell that reads it."},
    {argv, "allow", "list of texts or rows", "required", 6, "Commands that the words may be."},
    {line_row, "run", "text or list of texts", "required", 6, "As `run` of a row of `commands`."},
    {line_row, "writes", "true or false", "false", 6, "Accepts that the command writes files."},
    {line_row, "runs", "true or false", "false", 6,
     "Accepts arguments that choose what the program runs."},
    {line_row, "unknown", "`none`, `operands` or `any`", "operands", 6,
     "Which words may be unknown before the line runs."},
    {line_row, "env", "text or list of texts", "none", 6, "Variables that may be set for it."},
    {manifest, "kinds", "text or list of texts", "required", 6,
     "Kinds that may be created or changed; `group/Kind` for those that not every cluster has."},
    {manifest, "namespaces", "text or list of texts", "any, and none", 6,
     "Namespaces that a document has to name."},
    {manifest, "deny", "text or list of texts", "nothing", 6,
     "What must not stand anywhere in a document: `privileged`, `privilege_escalation`, "
     "`host_path`, `host_network`, `host_pid`, `host_ipc`, `host_port`, `capabilities`, "
     "`image_without_digest`, `service_account`, `secrets`."},
    {k8s_kind, "in", "text or list of texts", "any", 6, "The kinds that it may be."},
    {k8s_kind, "not_in", "text or list of texts", "none", 6, "The kinds that it must not be."},
};

}  // namespace

std::span<const Key> keys_of_languages() {
  return kLanguageKeys;
}

}  // namespace pawl
