// Counters: sums over arguments with a ceiling. They deny and never halt.
#include <algorithm>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "kernel/admit/argument_at.h"
#include "kernel/admit/call_values.h"
#include "kernel/admit/counting.h"
#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::size_t key_bytes_max = 1024;

// All amounts below one value; nothing where one of them is none, or there is none at all.
std::optional<Amount> added_up(json::View at, std::span<const Step> path) {
  if (!path.empty() && path.front().each) {
    if (!at.is_array() || at.size() == 0) return std::nullopt;
    Amount sum;
    for (const json::View element : at.elements()) {
      const auto one = added_up(element, path.subspan(1));
      const auto both = one ? plus(sum, *one) : std::nullopt;
      if (!both) return std::nullopt;
      sum = *both;
    }
    return sum;
  }
  if (path.empty()) return amount_of(at);
  return at.is_object() ? added_up(at[path.front().name], path.subspan(1)) : std::nullopt;
}

std::optional<Amount> counted(const Situation& s, std::uint16_t place) {
  const cel::Value value = condition_of(s, place).evaluate(*s.values);
  if (!value.is(cel::ValueKind::integer) || value.as.integer < 0) return std::nullopt;
  const auto units = static_cast<std::uint64_t>(value.as.integer);
  if (units > amount_units_max) return std::nullopt;
  return Amount{units * nano_per_unit};
}

// One spelling for what most systems take for one value: letters of one case, no blanks around, and
// no difference between `5` and `"5"`. Where two values become one, they share a sum.
std::optional<std::string> key_text(json::View at) {
  switch (at.kind()) {
    case json::Kind::string: {
      if (!at.exists() || at.string().size() > key_bytes_max) return std::nullopt;
      const std::string folded = fold(at.string());
      const std::string_view text = trim(folded);
      if (text.empty()) return std::nullopt;
      // `1.0` and `01` stay what they are: texts are not read as numbers.
      return std::string(text);
    }
    case json::Kind::integer:
    case json::Kind::natural:
    case json::Kind::number:
    case json::Kind::boolean:
      return at.exists() ? std::optional(json::write(at)) : std::nullopt;
    case json::Kind::null:
    case json::Kind::array:
    case json::Kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

// Nothing of the argument is in a record: its digest tells sums apart as well.
std::optional<std::string> key_of(const CounterRule& counter, json::View arguments) {
  if (counter.by.empty()) return std::string();
  const auto text = key_text(argument_at(arguments, counter.by));
  if (!text) return std::nullopt;
  return to_string(sha256({"pawl counter key v1\n", counter.id, "\n", *text}));
}

Instant counted_microsecond(Instant at) {
  const std::int64_t rest = at.ns % 1000;
  return {at.ns - (rest < 0 ? rest + 1000 : rest)};
}

const Sums& sums_of(const Situation& s, const CounterRule& counter) {
  static const Sums nothing;
  if (counter.window.ns == 0) return s.run.sums;
  const Sums* found = s.state.sums(s.run.agent);
  return found == nullptr ? nothing : *found;
}

std::string words_of(const CounterRule& counter, const ToolRule& entry) {
  return "`" + escape_untrusted(added_by(counter, entry)) + "` may come to at most " +
         to_string(counter.max) + " " + extent_of(counter);
}

// Whether the sum has no room for it; then why, and whether time or an end may make room.
bool over(const Situation& s, const CounterRule& counter, const Counting& call, Verdict& v) {
  const std::uint64_t most = counter.max.nano;
  const std::uint64_t settled = std::min(most, call.settled.nano);
  const std::uint64_t taken = settled + std::min(most, call.reserved.nano);
  const std::uint64_t left = most - std::min(most, taken);
  if (call.add->nano <= left) return false;
  const bool slides = counter.window.ns != 0;
  v.retry = call.add->nano <= (slides ? most : most - settled);
  return object(
      v, Code::ceiling, &counter.rule,
      words_of(counter, *s.tool->entry) + ", and " + to_string(Amount{left}) + " are left");
}

}  // namespace

Counting counting_of(const Situation& s, const CounterRule& counter) {
  Counting out;
  const json::View arguments = s.values == nullptr ? s.call.arguments : s.values->arguments();
  if (counter.whole) {
    out.add = counter.whole;
  } else if (counter.add_by) {
    out.add = counted(s, *counter.add_by);
  } else {
    out.add = added_up(arguments, counter.add);
  }
  out.key = key_of(counter, arguments);
  if (!out.key) return out;
  const Sums& sums = sums_of(s, counter);
  out.room = sums.room(counter.id, counted_microsecond(s.now));
  const Sum* sum = sums.find(counter.id, *out.key);
  if (sum == nullptr) return out;
  out.reserved = sum->reserved;
  // Where the time is not known, nothing is forgotten.
  out.settled = s.facts.clock_suspect ? sum->settled
                                      : sum->within(counted_microsecond(s.now), counter.window);
  return out;
}

namespace {

[[gnu::noinline]] bool over_a_sum(const Situation& s, Verdict& v) {
  for (const CounterRule& counter : s.tool->entry->counters) {
    Counting call = counting_of(s, counter);
    if (!call.add) {
      return object(
          v, Code::ceiling, &counter.rule,
          "`" + escape_untrusted(added_by(counter, *s.tool->entry)) +
              "` is not an amount that can be counted: a number, not negative, with at most " +
              std::to_string(amount_decimals_max) + " decimals");
    }
    if (!call.key) {
      return object(v, Code::ceiling, &counter.rule,
                    "`args." + escape_untrusted(to_string(counter.by)) +
                        "`, which tells sums apart, is not a single value");
    }
    if (call.add->nano == 0) continue;
    if (over(s, counter, call, v)) return true;
    if (!call.room) {
      v.retry = counter.window.ns != 0;
      return object(v, Code::ceiling, &counter.rule,
                    "more sums and calls than can be remembered, " + extent_of(counter));
    }
    v.reservation.sums.push_back({counter.id, std::move(*call.key), *call.add, counter.window});
  }
  return false;
}

}  // namespace

bool deny_counters(const Situation& s, Verdict& v) {
  return !s.tool->entry->counters.empty() && over_a_sum(s, v);
}

}  // namespace pawl
