#include "kernel/admit/call_values.h"

#include <algorithm>
#include <utility>

#include "kernel/admit/stages.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

Instant whole_microsecond(Instant at) {
  const std::int64_t rest = at.ns % 1000;
  return {at.ns - (rest < 0 ? rest + 1000 : rest)};
}

cel::Value text(std::string_view words) {
  return cel::Value::of(words);
}

cel::Value whole(std::uint64_t number) {
  return cel::Value::of(static_cast<std::int64_t>(std::min(number, std::uint64_t{INT64_MAX})));
}

cel::Value point(Instant at) {
  const std::int64_t rest = at.ns % second_ns;
  const std::int64_t nanoseconds = rest < 0 ? rest + second_ns : rest;
  return cel::Value::point((at.ns - nanoseconds) / second_ns,
                           static_cast<std::int32_t>(nanoseconds));
}

}  // namespace

CallValues::CallValues(const Situation& situation)
    : situation_(situation),
      class_(class_of(situation)),
      environment_(situation.policy.environment),
      now_(whole_microsecond(situation.now)) {}

bool CallValues::forward(std::span<const Rewrite> rewrites) {
  if (rewrites.empty()) return true;
  const auto changed = forwarded_arguments(situation_.call.arguments, rewrites);
  if (!changed) return false;
  auto document = json::parse(*changed);
  if (!document) return false;
  forwarded_ = std::move(*document);
  renew(Known::args);
  return true;
}

json::View CallValues::arguments() const {
  return forwarded_ ? forwarded_->root() : situation_.call.arguments;
}

void CallValues::in_force(Class c) {
  class_ = c;
  for (const Known which : {Known::reversibility, Known::blast_radius, Known::external_sink}) {
    renew(which);
  }
}

void CallValues::in_force(Environment environment) {
  environment_ = environment;
  renew(Known::env);
}

cel::Value CallValues::value(Known which) {
  const Situation& s = situation_;
  switch (which) {
    case Known::args:
      return cel::Value::of(arguments());
    case Known::tool:
      if (s.call.server.empty()) return text(s.call.tool);
      name_ = s.call.name();
      return text(name_);
    case Known::agent:
      return text(s.run.agent);
    case Known::run_steps:
      return whole(s.run.steps.total());
    case Known::run_tokens:
      return whole(s.run.spending.tokens());
    case Known::run_cost_usd:
      return cel::Value::of(static_cast<double>(s.run.spending.money.total()) /
                            static_cast<double>(nano_usd_per_usd));
    case Known::run_elapsed_seconds:
      return cel::Value::of(s.run.clock(now_).ns / second_ns);
    case Known::run_denials:
      return whole(s.run.denials.total());
    case Known::run_stage:
      if (s.tool == nullptr || !s.policy.default_stage) return text("established");
      return text(to_string(s.policy.stage_of(*s.tool->entry)));
    case Known::reversibility:
      return text(to_string(class_.reversibility));
    case Known::blast_radius:
      return text(to_string(class_.blast));
    case Known::external_sink:
      return cel::Value::of(class_.external_sink);
    case Known::env:
      return text(to_string(environment_));
    case Known::now:
      return point(now_);
    case Known::run_records:
    case Known::run_seen:
      break;
  }
  return cel::Value::failed(cel::Failure::invalid, "it is asked for by name");
}

std::uint64_t CallValues::count(const CountAsked& asked) {
  return asked.records ? records(asked) : seen(asked);
}

// Of the entry with this name, which its other names share.
std::uint64_t CallValues::records(const CountAsked& asked) const {
  const Situation& s = situation_;
  const ToolRule* entry = s.tool == nullptr ? nullptr : s.tool->entry;
  if (!asked.name.empty()) {
    const auto named = std::ranges::find_if(s.policy.tools, [&](const ToolRule& tool) {
      return std::ranges::find(tool.names, asked.name) != tool.names.end();
    });
    entry = named == s.policy.tools.end() ? nullptr : &*named;
  }
  if (entry == nullptr) return 0;
  const auto found = s.run.entries.find(entry->key);
  return found == s.run.entries.end() ? 0 : found->second.records.total();
}

// A name without a server stands for that tool on every server.
std::uint64_t CallValues::seen(const CountAsked& asked) const {
  const auto& counts = situation_.run.seen;
  const std::string own = asked.name.empty() ? situation_.call.name() : std::string();
  const std::string_view name = asked.name.empty() ? own : asked.name;
  if (asked.name.empty() || name.find('/') != name.npos) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }
  std::uint64_t sum = 0;
  for (const auto& [tool, calls] : counts) {
    const std::size_t slash = tool.find('/');
    const bool same =
        slash != std::string::npos && std::string_view(tool).substr(slash + 1) == name;
    if (same || tool == name) sum += std::min(calls, std::uint64_t{INT64_MAX});
  }
  return sum;
}

bool has_expressions(const Situation& s) {
  return !s.policy.conditions.empty() || s.policy.has_requirements() ||
         (s.tool != nullptr && s.tool->entry != nullptr &&
          (!s.tool->conditions.empty() || !s.tool->entry->cases.empty() ||
           !s.tool->entry->counters.empty()));
}

const Condition& condition_of(const Situation& situation, std::uint16_t place) {
  return *situation.tool->conditions[place];
}

bool holds(const Situation& situation, std::uint16_t place) {
  return condition_of(situation, place).holds(*situation.values);
}

}  // namespace pawl
