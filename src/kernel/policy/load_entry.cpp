// `tools`: the granted entries with their limits and credentials, and the blocked names.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/policy_keys.h"

namespace pawl {
namespace {

struct Reserved {
  std::string_view key;
  std::optional<std::uint64_t> ToolRule::* limit;
  Rule ToolRule::* rule;
  std::uint64_t most;
};
constexpr std::array<Reserved, 3> kReserved = {{
    {kMaxRecords, &ToolRule::max_records_per_run, &ToolRule::max_records_rule, limits::records_max},
    {kMaxCalls, &ToolRule::max_calls_per_run, &ToolRule::max_calls_rule, limits::calls_max},
    {kMaxRate, &ToolRule::max_calls_per_minute, &ToolRule::max_rate_rule,
     limits::calls_per_minute_max},
}};

struct Prefix {
  std::string_view text;
  CheckKind kind;
};
constexpr std::array<Prefix, 4> kPrefixes = {{
    {"allowed_", CheckKind::in},
    {"denied_", CheckKind::not_in},
    {"max_", CheckKind::max},
    {"min_", CheckKind::min},
}};

// Limits per anything are counted by the node, and it counts three things only.
bool counts_something(std::string_view key) {
  return key.find("_per_") != std::string_view::npos;
}

void refuse_count(Build& build, const yaml::Entry& key) {
  build.reading.mistake(key.key_at, fmt::format("unknown limit `{}`: this version counts "
                                                "`max_records_per_run`, `max_calls_per_run` and "
                                                "`max_calls_per_minute`",
                                                escape_untrusted(key.key)));
}

bool read_reserved(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  for (const Reserved& row : kReserved) {
    if (row.key != key.key) continue;
    if (!(rule.*row.rule).path.empty()) {
      build.reading.mistake(key.key_at, fmt::format("`{}` is there twice; the first is in line {}",
                                                    key.key, (rule.*row.rule).at.line));
      return true;
    }
    rule.*row.rule = {path + "/" + key.key, key.key_at};
    rule.*row.limit = build.reading.count(key.value, key.key, {1, row.most});
    return true;
  }
  return false;
}

}  // namespace

void read_limit(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  if (read_reserved(build, key, path, rule)) return;
  if (counts_something(key.key)) {
    return refuse_count(build, key);
  }
  // A ceiling of the run, or a check of one argument, in the wrong place would bind to an argument
  // that no tool has.
  for (const Section section : {Section::execution, Section::argument}) {
    if (const Key* meant = policy_keys().find(section, key.key);
        meant != nullptr && !meant->later) {
      build.reading.mistake(key.key_at, fmt::format("`{}` cannot stand here: it belongs to {}",
                                                    key.key, spoken(section)));
      return;
    }
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!key.key.starts_with(prefix.text)) continue;
    ArgumentRule argument;
    argument.plural = key.key.substr(prefix.text.size());
    argument.rule = {path + "/" + key.key, key.key_at};
    if (prefix.kind == CheckKind::in || prefix.kind == CheckKind::not_in) {
      Check check = check_of(prefix.kind, argument.rule.path, key.key_at);
      check.values = build.lists.literals(build.reading, key.value, key.key);
      if (!check.values.empty()) add_check(build, argument, std::move(check), key.value.at);
    } else if (auto check = bound_check(build, prefix.kind, key.value, argument.rule)) {
      add_check(build, argument, std::move(*check), key.value.at);
    }
    if (!argument.checks.empty()) rule.arguments.push_back(std::move(argument));
    return;
  }
  build.reading.mistake(key.key_at, fmt::format("`{}` has no reader", escape_untrusted(key.key)),
                        ErrorKind::internal);
}

namespace {

std::string path_of(const ToolRule& rule) {
  return rule.rule.path + "/constraints";
}

void read_args_of_constraints(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_arguments(build, key, path_of(rule) + "/" + key.key, rule);
}

void read_counters_of_constraints(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_counters(build, key, path_of(rule), rule);
}

void read_limit_of_constraints(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_limit(build, key, path_of(rule), rule);
}

constexpr auto kConstraintsKeys = section_keys<Build, ToolRule>(
    Section::constraints,
    {
        {"allowed_X", "list of values", "every value", 5,
         "The values that the argument `X` or its singular may have.", read_limit_of_constraints},
        {"denied_X", "list of values", "no value", 5,
         "The values that the argument `X` or its singular must not have.",
         read_limit_of_constraints},
        {"max_X", "number", "no limit", 5, "Upper bound of the argument `X` or its singular.",
         read_limit_of_constraints},
        {"min_X", "number", "no limit", 5, "Lower bound of the argument `X` or its singular.",
         read_limit_of_constraints},
        {kMaxRecords, "whole number", "no limit", 9, "Records that the calls of one run may touch.",
         read_limit_of_constraints},
        {kMaxCalls, "whole number", "no limit", 9, "Executed calls of one run.",
         read_limit_of_constraints},
        {kMaxRate, "whole number", "no limit", 9, "Executed calls within any minute of one run.",
         read_limit_of_constraints},
        {"args", "mapping of arguments", "none", 6, "As `args` of the entry.",
         read_args_of_constraints},
        {"counters", "counters", "none", 5, "As `counters` of the entry.",
         read_counters_of_constraints},
        {"if", "expression", "", 7, "A condition."},
        {"when", "expression", "", 7, "A condition."},
    });

}  // namespace

void list_constraints_keys(std::vector<Key>& into) {
  kConstraintsKeys.list(into);
}

void read_constraints(Build& build, ToolRule& rule, const yaml::Entry& key) {
  if (read_section(build, key.value, kConstraintsKeys, rule) && key.value.entries.empty()) {
    build.reading.mistake(key.value.at, "`constraints` is empty");
  }
}

namespace {

// A bundle was checked against the deployment file when it was made.
void check_defined(Build& build, const std::string& name, const Position& at) {
  const std::vector<std::string>& known = build.sources.credentials;
  if (build.any_credential || std::ranges::find(known, name) != known.end()) return;
  const std::string near = closest_match(name, known);
  build.reading.mistake(
      at, fmt::format("no credential `{}` of this role in the deployment file{}",
                      escape_untrusted(name),
                      near.empty() ? ": expected `credentials: {NAME: {env: VARIABLE}}` there"
                                   : fmt::format(": did you mean `{}`?", near)));
}

std::optional<std::string> read_name(Build& build, const yaml::Node& node) {
  auto name = build.reading.text(node, credential_key);
  if (name) check_defined(build, *name, node.at);
  return name;
}

void read_by_argument(Build& build, const yaml::Node& node, const std::string& path,
                      ToolRule& rule) {
  CredentialBy by;
  by.rule = {path + "/" + std::string(credential_key), node.at};
  build.reading.names(node, credential_key, [&](const yaml::Entry& key) {
    if (key.key == credential_of_key) {
      if (auto argument = read_single_argument(build, key)) by.argument = std::move(*argument);
    } else if (auto name = read_name(build, key.value)) {
      by.values.emplace_back(key.key, std::move(*name));
    }
  });
  if (node.entry(credential_of_key) == nullptr) {
    build.reading.mistake(node.at,
                          "`credential` by an argument has no `of`: expected "
                          "`{of: args.NAME, VALUE: CREDENTIAL}`");
  } else if (node.entries.size() == 1) {
    build.reading.mistake(node.at,
                          "`credential` by an argument names no value of it: expected "
                          "`VALUE: CREDENTIAL` beside `of`");
  }
  if (by.argument.empty() || by.values.empty()) return;
  std::ranges::sort(by.values);
  rule.credential_by = std::make_shared<const CredentialBy>(std::move(by));
}

}  // namespace

std::optional<ArgumentPath> read_single_argument(Build& build, const yaml::Entry& key) {
  const auto text = build.reading.text(key.value, key.key);
  if (!text) return std::nullopt;
  const auto path = text->starts_with("args.") ? parse_argument_path(text->substr(5))
                                               : fail(ErrorKind::invalid, "no argument");
  if (path && std::ranges::none_of(*path, [](const Step& s) { return s.each; })) return *path;
  build.reading.mistake(key.value.at, fmt::format("`{}` must be one argument, such as "
                                                  "`args.context`, found `{}`",
                                                  key.key, escape_untrusted(*text)));
  return std::nullopt;
}

void read_credential(Build& build, const yaml::Node& node, const std::string& path,
                     ToolRule& rule) {
  if (node.is_map()) {
    read_by_argument(build, node, path, rule);
  } else if (auto name = read_name(build, node)) {
    rule.credential = std::move(*name);
  }
}

namespace {

void read_names(Build& build, ToolRule& rule, const yaml::Entry& key) {
  for (const Placed& name : build.reading.texts(key.value, key.key)) {
    if (const auto pattern = parse_name(name.text); !pattern) {
      build.reading.mistake(name.at, pattern.error().message);
      continue;
    }
    const auto [first, fresh] = build.written_names.try_emplace(name.text, name.at);
    if (!fresh) {
      build.reading.mistake(name.at, fmt::format("`{}` is allowed twice; the first is in line {}",
                                                 escape_untrusted(name.text), first->second.line));
      continue;
    }
    rule.names.push_back(name.text);
    rule.key += (rule.key.empty() ? "" : "|") + name.text;
  }
  if (!rule.key.empty()) rule.rule.path = "tools/" + rule.key;
}

}  // namespace

void read_stated_class(Build& build, const yaml::Entry& key, const std::string& path,
                       std::optional<Class>& into, Rule& rule) {
  const auto text = build.reading.text(key.value, key.key);
  if (!text) return;
  if (*text == "by_call") {
    build.reading.mistake(key.value.at,
                          "`class: by_call` stands at an entry: a case states a class of its own");
    return;
  }
  into = parse_class(*text);
  rule = {path + "/class", key.key_at};
  if (!into) {
    build.reading.mistake(key.value.at,
                          fmt::format("`class` is `{}`, expected `read_only`, `reversible small`, "
                                      "`reversible large`, `irreversible small` or `irreversible "
                                      "large`",
                                      escape_untrusted(*text)));
  }
}

namespace {

void read_scope(Build& build, ToolRule& rule, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  if (!node.is_sequence()) {
    build.reading.mistake(node.at,
                          fmt::format("`scope` must be a list, found {}", node.described()));
    return;
  }
  std::vector<std::string> fields;
  for (Placed& field : build.reading.texts(node, key.key)) {
    const auto parts = split(field.text, '.');
    if (std::ranges::any_of(parts, [](std::string_view part) { return trim(part).empty(); })) {
      build.reading.mistake(
          field.at, fmt::format("the field `{}` has an empty part", escape_untrusted(field.text)));
      continue;
    }
    fields.push_back(std::move(field.text));
    rule.scope_at.push_back(field.at);
  }
  if (!fields.empty()) rule.scope = std::make_shared<const Scope>(std::move(fields));
}

// Every name of the entry needs a table of some pack, or a call would be told apart by nothing.
void read_by_call(Build& build, const yaml::Entry& key, ToolRule& rule) {
  rule.class_by_call = true;
  rule.class_rule = {rule.rule.path + "/class", key.key_at};
  for (const std::string& name : rule.names) {
    const auto pattern = parse_name(name);
    if (!pattern) continue;
    const auto known = described(build.policy.packs, pattern->tool.text());
    const bool told = !pattern->tool.glob() && std::ranges::any_of(known, [](const PackTool* tool) {
      return !tool->by.empty();
    });
    if (told) continue;
    build.reading.mistake(
        key.value.at,
        fmt::format("no pack of `use` tells the calls of `{}` apart: `class: by_call` "
                    "is for tools that one of them knows by an argument",
                    escape_untrusted(name)));
  }
}

// A number, or an expression that gives one.
void read_records(Build& build, ToolRule& rule, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  if (!node.is_scalar() || node.as_number()) {
    rule.records_stated = build.reading.count(node, key.key, {1, limits::records_max});
    return;
  }
  const std::string path = rule.rule.path + "/records";
  rule.records_by = add_condition(
      rule.conditions, read_expression(build, key, path, Polarity::stops, cel::TypeKind::integer));
}

void read_class(Build& build, ToolRule& rule, const yaml::Entry& key) {
  if (key.value.is_scalar() && key.value.text == "by_call") {
    read_by_call(build, key, rule);
  } else {
    read_stated_class(build, key, rule.rule.path, rule.stated_class, rule.class_rule);
  }
}

void read_args(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_arguments(build, key, rule.rule.path + "/" + key.key, rule);
}

void read_counters_of_entry(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_counters(build, key, rule.rule.path, rule);
}

void read_only_if(Build& build, ToolRule& rule, const yaml::Entry& key) {
  rule.only_if = add_condition(
      rule.conditions, read_expression(build, key, rule.rule.path + "/if", Polarity::grants));
}

void read_credential_of_entry(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_credential(build, key.value, rule.rule.path, rule);
}

void read_limit_of_entry(Build& build, ToolRule& rule, const yaml::Entry& key) {
  read_limit(build, key, rule.rule.path, rule);
}

// The name comes first, because paths have it.
constexpr auto kEntryKeys = section_keys<Build, ToolRule>(
    Section::entry,
    {
        {"name", "text or list of texts", "required", 2,
         "`tool` (on every server), `server/tool`, or a glob; the most specific name wins.",
         read_names},
        {"class", "words", "by the knowledge base", 11,
         "`read_only`, or `reversible` or `irreversible` with `small` or `large`; `external_sink`. "
         "`by_call`: as a pack of `use` says of each call.",
         read_class, 1},
        {"scope", "list of fields", "everything comes back", 8,
         "The only fields of a result that come back; dotted names narrow.", read_scope, 1},
        {"constraints", mapping(Section::constraints), "none", 5,
         "Limits, in words that bind to arguments.", read_constraints, 1},
        {"args", "mapping of arguments", "none", 6, "What each argument must be.", read_args, 1},
        {kMaxRecords, "whole number", "no limit", 9, "Records that the calls of one run may touch.",
         read_limit_of_entry, 1},
        {kMaxCalls, "whole number", "no limit", 9, "Executed calls of one run.",
         read_limit_of_entry, 1},
        {kMaxRate, "whole number", "no limit", 9, "Executed calls within any minute of one run.",
         read_limit_of_entry, 1},
        {"max_X", "number", "no limit", 5, "Upper bound of the argument `X` or its singular.",
         read_limit_of_entry, 1},
        {"records", "whole number or expression", "counted from the arguments", 9,
         "Records that one call touches. An expression that fails or is negative denies the call.",
         read_records, 1},
        {"if", "expression", "every call", 7,
         "What has to hold for a call to be granted at all; else it is denied.", read_only_if, 1},
        {kCases, list_of(Section::situation), "one situation", 2,
         "Several situations of one tool: all that match apply, the strictest wins.", read_later},
        {kElse, "`allow`, `notify`, `hold` or `deny`", "deny", 2,
         "What happens to a call that no case matches; beside `commands`, `deny` or `hold` for a "
         "line "
         "that no row covers or that cannot be fully analysed.",
         read_later},
        {kRequiresApproval, "true, false or expression", "false, or true beside `approval`", 10,
         "Holds calls until a person has answered: every one, or where the expression holds.",
         read_later},
        {kApproval, mapping(Section::approval), "the file's `approval`", 10,
         "Asks for approval, and says how for this entry.", read_later},
        {kApprovalTimeout, "whole number", "`approval.within`", 10,
         "How long the approval request stays open, in seconds.", read_later},
        {kAutoDeny, "true or false", "true", 10,
         "`false` keeps the approval request open; it never allows.", read_later},
        {"say", "text", "none", 0, "Words for the agent and the reviewer.", lines<&ToolRule::say>,
         1},
        {"instead", "text", "none", 0, "What the agent may do instead of a refused call.",
         lines<&ToolRule::instead>, 1},
        {credential_key, "text or credentials by argument", "none", 0,
         "A credential of the deployment file that the server of this tool needs; by an argument: "
         "`{of: args.context, prod-eu1: k8s-prod-eu}`, where a call that names none of the values "
         "is "
         "denied.",
         read_credential_of_entry, 1},
        {kCommands, "list of rows, or a mapping", "none", 6,
         "Command lines by rows: every simple command of a line has to be covered by a row, and "
         "the "
         "strictest of them holds.",
         read_later},
        {kShell, "`sh`, `bash` or `none`", "sh", 6,
         "Who reads the line of `commands`: `sh` is every POSIX shell, the strictest; `none` is a "
         "list "
         "of words without a shell.",
         read_later},
        {kPrograms, "text or list of texts", "programs are judged by their names", 6,
         "Directories, in the order of the server's PATH, in which the programs of a line have to "
         "be.",
         read_later},
        {kReads, mapping(Section::row_writes), "anywhere", 6,
         "Where the files lie that the commands of a line evidently read; a row may say it more "
         "narrowly.",
         read_later},
        {kWritesOf, mapping(Section::row_writes), "anywhere", 6,
         "Where the files lie that the commands of a line evidently write, whatever their row "
         "accepts.",
         read_later},
        {kExamples, mapping(Section::examples), "none", 3,
         "Command lines, or arguments of calls, with what comes of them; checked at every load.",
         read_later},
        {"secrets", "`hold`, `deny` or `allow`", "`secrets.then` of the file", 11,
         "What happens when its arguments hold a credential, a listed text, or more than 512 "
         "encoded "
         "characters where no greater `max_length` stands; `allow` does not look. For tools with "
         "the "
         "mark `external_sink`.",
         read_entry_secrets, 1},
        {"when", "expression", "", 7, "A condition."},
        {"then", "word", "", 2, "The effect of a case."},
        {"contain", "mapping", "", 0, "Runs the call in a sandbox."},
        {"rehearse", "text", "", 0, "Tries the call first and binds the approval to it."},
        {"counters", "counters", "none", 5,
         "Sums over arguments of its calls, with a ceiling: a list, or a mapping that names them. "
         "A "
         "name "
         "in the list is a counter of the file.",
         read_counters_of_entry, 1},
        {"from", "list", "", 0, "Where values must come from."},
        {"source", "`untrusted`", "an origin where a rule names it", 6,
         "Results of this tool hold what strangers write: no value comes from there.", read_source,
         1},
        {"environment", "mapping", "", 0, "The environment of one call."},
        {"accept_risk", "text", "", 11, "Accepts a risk in place; use the file's key."},
        {"needs", "text", "", 0, "What must exist before the call."},
    });

}  // namespace

void list_entry_keys(std::vector<Key>& into) {
  kEntryKeys.list(into);
}

void read_entry(Build& build, const yaml::Node& node) {
  ToolRule rule;
  rule.index = static_cast<std::uint32_t>(build.policy.tools.size());
  rule.rule = {"tools/?", node.at};
  if (!read_section(build, node, kEntryKeys, rule)) return;
  read_entry_approval(build, node, rule);
  const bool commands = node.entry(kCommands) != nullptr;
  if (!commands) read_cases(build, node, rule);
  read_commands(build, node, rule);
  const yaml::Entry* examples = node.entry(kExamples);
  if (examples != nullptr && !commands) read_call_examples(build, *examples, rule);
  std::set<std::string> named(rule.named.begin(), rule.named.end());
  rule.named.assign(named.begin(), named.end());
  build.policy.tools.push_back(std::move(rule));
}

void read_blocked(Build& build, const yaml::Entry& key, std::string_view path) {
  std::unordered_map<std::string, std::uint32_t> seen;
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    const auto name = build.reading.text(item, key.key);
    if (!name) return;
    std::string folded = fold(*name);
    const auto pattern = parse_name(folded);
    if (!pattern) {
      build.reading.mistake(item.at, pattern.error().message);
      return;
    }
    const auto [first, fresh] = seen.try_emplace(pattern->text(), item.at.line);
    if (!fresh) {
      build.reading.mistake(item.at, fmt::format("`{}` is blocked twice; the first is in line {}",
                                                 escape_untrusted(*name), first->second));
      return;
    }
    build.policy.blocked.push_back(
        {std::move(folded), {fmt::format("{}/{}", path, escape_untrusted(*name)), item.at}});
  });
}

namespace {

void read_allowed_entry(Build& build, Policy& into, const yaml::Node& item) {
  if (into.tools.size() < limits::entries_max) {
    read_entry(build, item);
  } else if (into.tools.size() == limits::entries_max) {
    build.reading.mistake(item.at, fmt::format("more than {} entries", limits::entries_max));
  }
}

void read_allowed(Build& build, Policy& into, const yaml::Entry& key) {
  // As `pawl init` leaves it where nothing says what the only tools do.
  if (key.value.kind == yaml::Kind::null) {
    build.note(
        Finding::Weight::warning, key.value.at,
        "`allowed` grants nothing yet: take the `#` off the entry of a tool that the agent "
        "may use, or write one (`- name: TOOL`); `pawl classify -- SERVER` says what is known "
        "of each");
    return;
  }
  each_item<read_allowed_entry>(build, into, key);
}

void read_blocked_of_role(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  read_blocked(build, key, "tools/blocked");
}

constexpr auto kToolsKeys = section_keys<Build, Policy>(
    Section::tools,
    {
        {"allowed", list_of(Section::entry), "required", 1, "What is granted, one entry per tool.",
         read_allowed},
        {"blocked", "list of names", "none", 2,
         "Names that are never called, on every server, in every spelling; a glob is permitted.",
         read_blocked_of_role},
    });

}  // namespace

void list_tools_keys(std::vector<Key>& into) {
  kToolsKeys.list(into);
}

void read_tools(Build& build, Policy& into, const yaml::Entry& key) {
  into.default_rule = {key.key, key.key_at};
  read_section(build, key.value, kToolsKeys, into);
  check_names(build);
  if (!build.servers.empty() || build.environment_by != nullptr) apply_servers(build);
}

}  // namespace pawl
