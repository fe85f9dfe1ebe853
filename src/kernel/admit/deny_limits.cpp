// The limits of one entry: records and calls of a run, calls of a minute. They deny and never halt.
#include <optional>
#include <string>

#include "kernel/admit/call_values.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

// More is a mistake of the expression, and the sums have to stay sums.
constexpr std::uint64_t records_of_a_call_max = 1'000'000'000'000;

bool over(const Count& count, std::uint64_t more, std::uint64_t most, const Rule& rule,
          std::string_view what, Verdict& v) {
  const std::uint64_t left = most - std::min(most, count.total());
  if (more <= left) return false;
  // Only reservations stand in the way: they may come back.
  const std::uint64_t left_later = most - std::min(most, count.settled);
  v.retry = more <= left_later;
  return object(v, Code::ceiling, &rule,
                "it may touch at most " + std::to_string(most) + " " + std::string(what) +
                    " in one run, and " + std::to_string(left) + " are left");
}

}  // namespace

std::optional<std::uint64_t> records_of(const Situation& s) {
  const ToolRule& entry = *s.tool->entry;
  if (entry.records_stated) return entry.records_stated;
  if (!entry.records_by) return count_records(s.call.arguments);
  const cel::Value value = condition_of(s, *entry.records_by).evaluate(*s.values);
  if (!value.is(cel::ValueKind::integer) || value.as.integer < 0) return std::nullopt;
  const auto records = static_cast<std::uint64_t>(value.as.integer);
  return records > records_of_a_call_max ? std::nullopt : std::optional(records);
}

namespace {

[[gnu::noinline]] bool over_a_limit(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  const auto found = s.run.entries.find(entry.key);
  static constexpr Count nothing{};
  const EntryCounts* counts = found == s.run.entries.end() ? nullptr : &found->second;
  if (entry.max_calls_per_run) {
    const Count& calls = counts == nullptr ? nothing : counts->calls;
    if (over(calls, 1, *entry.max_calls_per_run, entry.max_calls_rule, "calls", v)) return true;
  }
  if (entry.counts_records()) {
    const std::optional<std::uint64_t> records = records_of(s);
    if (!records) {
      const Rule& limit = entry.max_records_per_run ? entry.max_records_rule : entry.rule;
      return object(v, Code::ceiling, &limit,
                    "the records it touches cannot be counted from its arguments");
    }
    const Count& touched = counts == nullptr ? nothing : counts->records;
    if (entry.max_records_per_run &&
        over(touched, *records, *entry.max_records_per_run, entry.max_records_rule, "records", v)) {
      return true;
    }
    v.reservation.records = *records;
  }
  if (entry.max_calls_per_minute && counts != nullptr &&
      counts->last_minute(s.now) >= *entry.max_calls_per_minute) {
    v.retry = true;
    return object(
        v, Code::rate, &entry.max_rate_rule,
        "it may be called " + std::to_string(*entry.max_calls_per_minute) + " times a minute");
  }
  return false;
}

}  // namespace

bool deny_limits(const Situation& s, Verdict& v) {
  const ToolRule& entry = *s.tool->entry;
  v.reservation.calls = 1;
  const bool limited =
      entry.counts_records() || entry.max_calls_per_run || entry.max_calls_per_minute;
  return limited && over_a_limit(s, v);
}

std::optional<std::uint64_t> records_touched(const Situation& s, const Verdict& verdict) {
  if (s.tool == nullptr) return std::nullopt;
  if (!s.tool->entry->records_by) return records_of(s);
  CallValues values(s);
  values.in_force(verdict.environment);
  values.in_force(verdict.action_class);
  Situation with = s;
  with.values = &values;
  return records_of(with);
}

std::uint64_t settled_records(const ToolRule& entry, std::uint64_t reserved,
                              std::uint64_t reported) {
  return entry.counts_records() ? std::max(reserved, reported) : reserved;
}

}  // namespace pawl
