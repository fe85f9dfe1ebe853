// `counters` of an entry: sums over arguments with a ceiling (rule 5).
//
// One counter has one sum, or one for each value of an argument (`by`); a sum belongs to the run,
// or to the agent over all of its runs within a window that slides (`per`). What a call adds is a
// whole number, an argument, or an expression that counts. A counter of the file is one sum for all
// tools that add to it, under its name; one of an entry belongs to that entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "kernel/constraint/constraint.h"
#include "kernel/policy/cases.h"
#include "model/sum.h"

namespace pawl {

struct CounterRule {
  // What its sum is called in records: `refunds` of the file, `issue_refund/refunds` of an entry,
  // or `issue_refund: args.amount_usd per 1d by args.customer_id` where it has no name.
  std::string id;
  Rule rule;                    // `counters/refunds`, or `tools/issue_refund/counters/1`
  std::optional<Amount> whole;  // one of three: a number,
  ArgumentPath add;             // an argument, all of its elements added up,
  ConditionPlace add_by;        // or an expression of the entry
  Duration window{};            // zero: the run
  ArgumentPath by;              // empty: one sum
  Amount max;
};

inline constexpr std::size_t counters_max = 16;       // of one entry
inline constexpr std::size_t file_counters_max = 64;  // of the file
inline constexpr Duration counter_window_max = Duration::seconds(366LL * 86'400);

struct ToolRule;
// What it adds, as the policy says it: `args.amount_usd`, `1`, `size(args.ids)`.
std::string added_by(const CounterRule& counter, const ToolRule& entry);
// `in 1d for each args.customer_id`, `in one run`.
std::string extent_of(const CounterRule& counter);

}  // namespace pawl
