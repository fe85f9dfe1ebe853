// Limits in words: `allowed_X`, `denied_X`, `max_X`, `min_X` and the three reserved ones (rule 5).
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

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
  // that nobody has.
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

}  // namespace pawl
