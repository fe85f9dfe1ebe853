// `execution` and `escalation`.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

void read_action(Build& build, Ceilings& /*into*/, const yaml::Entry& key) {
  build.reading.word(key.value, key.key, {"halt_and_escalate"},
                     {"hold", "halt", "deny", "notify", "warn", "escalate"});
}

constexpr auto kBudgetKeys = section_keys<Build, Ceilings>(
    Section::budget,
    {
        {"action", "`halt_and_escalate`", "halt_and_escalate", 9, "The only action.", read_action},
        {"notify", "text", "no one", 9, "The channel that is told.", text<&Ceilings::notify>},
    });

void read_budget(Build& build, Ceilings& into, const yaml::Entry& key) {
  read_section(build, key.value, kBudgetKeys, into);
}

Rule rule_of(const yaml::Entry& key) {
  return {fmt::format("execution/{}", key.key), key.key_at};
}

template <std::uint64_t Most, auto Number, auto TheRule>
void ceiling(Build& build, Ceilings& into, const yaml::Entry& key) {
  count<Between{1, Most}, Number>(build, into, key);
  into.*TheRule = rule_of(key);
}

void read_wall_clock_seconds(Build& build, Ceilings& into, const yaml::Entry& key) {
  into.wall_clock = build.reading.seconds(key.value, key.key, limits::wall_clock_max);
  into.wall_clock_rule = rule_of(key);
}

void read_wall_clock(Build& build, Ceilings& into, const yaml::Entry& key) {
  into.wall_clock =
      build.reading.duration(key.value, key.key, {Duration::seconds(1), limits::wall_clock_max});
  into.wall_clock_rule = rule_of(key);
}

void read_cost(Build& build, Ceilings& into, const yaml::Entry& key) {
  into.cost_nano_usd = build.reading.money(key.value, key.key);
  into.cost_rule = rule_of(key);
}

constexpr std::string_view kWallClock = "max_wall_clock";
constexpr std::string_view kWallClockSeconds = "max_wall_clock_seconds";

constexpr auto kExecutionKeys = section_keys<Build, Ceilings>(
    Section::execution,
    {
        {"max_steps", "whole number", "no limit", 9, "Proposed calls, denied ones too.",
         ceiling<limits::steps_max, &Ceilings::steps, &Ceilings::steps_rule>},
        {"max_tokens_per_run", "whole number", "no limit", 9,
         "Tokens of models, in and out, of requests that go through pawl.",
         ceiling<limits::tokens_max, &Ceilings::tokens, &Ceilings::tokens_rule>},
        {"max_input_tokens", "whole number", "no limit", 9, "Those that go in, cached ones too.",
         ceiling<limits::tokens_max, &Ceilings::input_tokens, &Ceilings::input_rule>},
        {"max_output_tokens", "whole number", "no limit", 9,
         "Those that come out, with what a model thinks.",
         ceiling<limits::tokens_max, &Ceilings::output_tokens, &Ceilings::output_rule>},
        {"max_model_calls", "whole number", "no limit", 9, "Requests to models that were sent.",
         ceiling<limits::steps_max, &Ceilings::model_calls, &Ceilings::model_calls_rule>},
        {kWallClockSeconds, "whole number", "no limit", 9,
         "Seconds since the first call, without the time in which a call waits for a person. At "
         "the "
         "end the run halts, and what it has under way is cancelled.",
         read_wall_clock_seconds},
        {kWallClock, "duration", "no limit", 9, "The same as a duration.", read_wall_clock},
        {"max_cost_usd", "decimal number", "no limit", 9,
         "Money for models, in dollars, of requests that go through pawl.", read_cost},
        {"max_denials", "whole number", "no limit", 9,
         "Calls that the agent was denied for what it asked, until the run halts.",
         ceiling<limits::steps_max, &Ceilings::denials, &Ceilings::denials_rule>},
        {"max_repeats", "whole number", "no limit", 9,
         "How often a call, or a cycle of up to eight calls, may come again with the same results: "
         "from half of it on the answer warns, after so many the next one waits for a person, and "
         "after twice as many, or where a person said no, the run halts.",
         ceiling<limits::steps_max, &Ceilings::repeats, &Ceilings::repeats_rule>},
        {"on_budget_exceeded", mapping(Section::budget), "halt and escalate", 9,
         "What happens when a ceiling is reached.", read_budget},
        {"waiting_counts", "true or false", "", 9, "Waiting never counts."},
        {"max_open", "duration", "", 9, "How long a run may exist."},
    });

void read_via(Build& build, Contact& into, const yaml::Entry& key) {
  text<&Contact::via>(build, into, key);
  const std::size_t colon = into.via.find(':');
  const bool way = colon != std::string::npos && colon > 0 &&
                   !trim(std::string_view(into.via).substr(colon + 1)).empty();
  if (into.via.empty() || way) return;
  build.reading.mistake(key.value.at,
                        fmt::format("`via` is `{}`, expected a way and a goal such as "
                                    "`slack:@name` or `command: PROGRAM`",
                                    escape_untrusted(into.via)));
}

constexpr LengthBetween kContactAfter{Duration{}, limits::contact_after_max};

constexpr auto kContactKeys = section_keys<Build, Contact>(
    Section::contact,
    {
        {"name", "text", "required", 0, "The person.", text<&Contact::name>},
        {"via", "text", "required", 0,
         "How: `pagerduty:SERVICE`, `slack:@PERSON`, `slack:#CHANNEL`, `webhook:NAME`, "
         "`mail:ADDRESS` or `command: LINE`, by what `notify` of the deployment file has.",
         read_via},
        {"after", "duration", "0s", 0, "How long after the event.",
         duration<kContactAfter, &Contact::after>},
    });

void read_contact(Build& build, Policy& into, const yaml::Node& node) {
  Contact contact;
  contact.at = node.at;
  if (read_section(build, node, kContactKeys, contact)) into.contacts.push_back(std::move(contact));
}

constexpr auto kEscalationKeys = section_keys<Build, Policy>(
    Section::escalation, {
                             {"contacts", list_of(Section::contact), "required", 0,
                              "Who is told, one after another.", each_item<read_contact>},
                         });

}  // namespace

void list_run_keys(std::vector<Key>& into) {
  kExecutionKeys.list(into);
  kBudgetKeys.list(into);
  kEscalationKeys.list(into);
  kContactKeys.list(into);
}

void read_execution(Build& build, const yaml::Node& node) {
  if (!read_section(build, node, kExecutionKeys, build.policy.ceilings)) return;
  build.reading.both(node, kWallClock, kWallClockSeconds);
}

void read_escalation(Build& build, const yaml::Node& node) {
  read_section(build, node, kEscalationKeys, build.policy);
}

}  // namespace pawl
