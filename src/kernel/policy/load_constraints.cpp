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
    {"max_records_per_run", &ToolRule::max_records_per_run, &ToolRule::max_records_rule,
     limits::records_max},
    {"max_calls_per_run", &ToolRule::max_calls_per_run, &ToolRule::max_calls_rule,
     limits::calls_max},
    {"max_calls_per_minute", &ToolRule::max_calls_per_minute, &ToolRule::max_rate_rule,
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

bool read_limit(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  if (read_reserved(build, key, path, rule)) return true;
  if (counts_something(key.key)) {
    refuse_count(build, key);
    return true;
  }
  // A ceiling of the run, or a check of one argument, in the wrong place would bind to an argument
  // that nobody has.
  for (const Section section : {Section::execution, Section::argument}) {
    if (const Key* meant = policy_keys().find(section, key.key);
        meant != nullptr && !meant->later) {
      build.reading.mistake(key.key_at, fmt::format("`{}` cannot stand here: it belongs to {}",
                                                    key.key, spoken(section)));
      return true;
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
    return true;
  }
  return false;
}

void read_constraints(Build& build, const yaml::Entry& key, ToolRule& rule) {
  const std::string path = rule.rule.path + "/constraints";
  const bool read =
      build.reading.keys(key.value, Section::constraints, [&](const yaml::Entry& one) {
        if (one.key == "args") {
          read_arguments(build, one, path + "/args", rule);
          return true;
        }
        if (one.key == "counters") {
          read_counters(build, one, path, rule);
          return true;
        }
        return read_limit(build, one, path, rule);
      });
  if (read && key.value.entries.empty())
    build.reading.mistake(key.value.at, "`constraints` is empty");
}

}  // namespace pawl
