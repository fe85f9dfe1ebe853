// Counters that say something else than they seem to.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// What the entry's own rules say of one argument.
std::vector<const Check*> checks_of(const ToolRule& entry, const ArgumentPath& path) {
  std::vector<const Check*> out;
  const std::string name = to_string(path);
  for (const ArgumentRule& rule : entry.arguments) {
    const bool same = rule.name() == name;
    const auto readings = rule.plural.empty() ? std::vector<std::string>() : singulars(rule.plural);
    if (!same && std::ranges::find(readings, name) == readings.end()) continue;
    for (const Check& check : rule.checks) out.push_back(&check);
  }
  return out;
}

// The tightest bound of this kind on what one call adds, as far as the file says.
std::optional<double> bound_of(const ToolRule& entry, const CounterRule& counter, CheckKind kind) {
  if (counter.whole) return static_cast<double>(counter.whole->nano) / 1e9;
  std::optional<double> found;
  if (counter.add.empty()) return found;
  for (const Check* check : checks_of(entry, counter.add)) {
    if (check->kind != kind) continue;
    const double bound =
        check->exact_bound ? static_cast<double>(*check->exact_bound) : check->bound.value_or(NAN);
    if (std::isnan(bound)) continue;
    const bool tighter = !found || (kind == CheckKind::max ? bound < *found : bound > *found);
    if (tighter) found = bound;
  }
  return found;
}

bool spelling_is_fixed(const ToolRule& entry, const ArgumentPath& by) {
  for (const ArgumentRule& rule : entry.arguments) {
    if (rule.name() == to_string(by) && !rule.from.empty()) return true;
  }
  return std::ranges::any_of(checks_of(entry, by), [](const Check* check) {
    return check->kind == CheckKind::in || check->kind == CheckKind::matches ||
           check->kind == CheckKind::email_domain || check->kind == CheckKind::path ||
           check->kind == CheckKind::cidr || check->kind == CheckKind::url;
  });
}

void check_reached(const Subject& subject, const ToolRule& entry, const CounterRule& counter) {
  const double most = static_cast<double>(counter.max.nano) / 1e9;
  const std::string name = escape_untrusted(added_by(counter, entry));
  if (const auto least = bound_of(entry, counter, CheckKind::min); least && *least > most) {
    subject.finding(warning, counter.rule.at,
                    fmt::format("one call adds more to the counter of `{}` than it may come to: "
                                "every call of `{}` is denied",
                                name, escape_untrusted(entry.key)));
  }
  const bool alone = !counter.rule.path.starts_with("counters/");
  const auto greatest = bound_of(entry, counter, CheckKind::max);
  const bool elements =
      std::ranges::any_of(counter.add, [](const Step& step) { return step.each; });
  if (!alone || elements || counter.window.ns != 0 || !greatest || !entry.max_calls_per_run) {
    return;
  }
  if (*greatest * static_cast<double>(*entry.max_calls_per_run) > most) return;
  subject.finding(warning, counter.rule.at,
                  fmt::format("the counter of `{}` is never reached: {} calls of a run add up to "
                              "at most {}",
                              name, *entry.max_calls_per_run,
                              *greatest * static_cast<double>(*entry.max_calls_per_run)));
}

// What the schema says of the argument; nothing where it lacks it, which is a mistake elsewhere.
const Shape* shape_of(const ToolDefinition& tool, const ArgumentPath& path) {
  const Shape* at = &tool.arguments;
  for (const Step& step : path) {
    if (step.each) {
      if (at->element == nullptr) return at;
      at = at->element.get();
      continue;
    }
    const Shape::Property* property = at->find(step.name);
    if (property == nullptr) return nullptr;
    at = &property->shape;
  }
  return at;
}

// Whether a server that is looked at says that the argument is a number.
void check_numeric(const Subject& subject, const ToolRule& entry, const CounterRule& counter) {
  if (counter.add.empty()) return;
  for (const ToolDefinition* offered : subject.tools_of(entry)) {
    const ToolDefinition& tool = *offered;
    const Shape* at = tool.has_schema ? shape_of(tool, counter.add) : nullptr;
    const bool numeric =
        at != nullptr && (at->type == ValueType::number || at->type == ValueType::integer);
    if (numeric || (tool.has_schema && at == nullptr)) continue;
    subject.finding(
        warning, counter.rule.at,
        fmt::format("no schema says that `{}` of `{}` is a number: a call with "
                    "anything else is denied",
                    escape_untrusted(to_string(counter.add)), escape_untrusted(tool.name)));
  }
}

}  // namespace

void check_counters(const Subject& subject) {
  for (const ToolRule& entry : subject.policy.tools) {
    for (const CounterRule& counter : entry.counters) {
      check_reached(subject, entry, counter);
      check_numeric(subject, entry, counter);
      if (counter.by.empty() || spelling_is_fixed(entry, counter.by)) continue;
      subject.finding(
          note, counter.rule.at,
          fmt::format("nothing says how `{}` of `{}` is spelled: a second spelling that the server "
                      "takes for the same gets a second sum; "
                      "bind it with `in`, `matches` or `from`",
                      escape_untrusted(to_string(counter.by)), escape_untrusted(entry.key)));
    }
  }
}

}  // namespace pawl::checking
