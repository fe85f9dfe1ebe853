// Ceilings, contacts, stages and times.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

void check_unmetered(const Subject& subject, const Rule& rule, std::string limit) {
  if (rule.path.empty()) return;
  if (const AcceptedRisk* risk = subject.policy.accepted(rule.path, subject.now)) {
    subject.finding(note, rule.at,
                    fmt::format("`{}` is unmetered; accepted by {} until {}", limit,
                                escape_untrusted(risk->owner), to_string(risk->until)));
    return;
  }
  subject.finding(
      error_in_production, rule.at,
      fmt::format("`{}` is unmetered: the deployment file has no `models`, so requests to "
                  "models go past pawl",
                  limit));
}

std::string_view way(const Contact& contact) {
  return trim(std::string_view(contact.via).substr(0, contact.via.find(':')));
}

// `slack:#oncall`, `mail:team@…` is a person or not is not known; a channel does not count as a
// person for certain.
bool is_channel(const Contact& contact) {
  const std::string_view via = contact.via;
  const std::size_t colon = via.find(':');
  const std::string_view address = trim(via.substr(colon == via.npos ? 0 : colon + 1));
  return way(contact) != "command" && address.starts_with('#');
}

}  // namespace

std::string money(std::uint64_t nano_usd) {
  constexpr std::uint64_t nano_per_usd = 1'000'000'000;
  std::string decimals = fmt::format("{:09}", nano_usd % nano_per_usd);
  while (decimals.size() > 2 && decimals.ends_with('0')) decimals.pop_back();
  return fmt::format("{}.{} USD", nano_usd / nano_per_usd, decimals);
}

bool meters_models(const Subject& subject) {
  return subject.deployment != nullptr && !subject.deployment->providers.empty();
}

namespace {

// Where requests to models go through pawl: what nothing limits, and what pawl cannot be sure of.
void check_models(const Subject& subject) {
  const Ceilings& ceilings = subject.policy.ceilings;
  if (!subject.policy.models_listed) {
    subject.finding(note, subject.file(),
                    "the policy has no `models`: every model of the deployment's providers may be "
                    "asked");
  }
  if (!ceilings.tokens && !ceilings.cost_nano_usd) {
    subject.finding(warning, subject.file(),
                    "`execution` has neither `max_tokens_per_run` nor `max_cost_usd`, and requests "
                    "to models go through pawl");
  }
  for (const auto& [name, provider] : subject.deployment->providers) {
    if (!provider.passes_client()) continue;
    subject.finding(warning, subject.file(),
                    fmt::format("`{}` is asked with the caller's own key: what it is asked past "
                                "pawl is not counted",
                                escape_untrusted(name)));
  }
}

}  // namespace

void check_metering(const Subject& subject) {
  if (meters_models(subject)) return check_models(subject);
  const Ceilings& ceilings = subject.policy.ceilings;
  const auto unmetered = [&](const std::optional<std::uint64_t>& most, const Rule& rule,
                             std::string_view key) {
    if (most) check_unmetered(subject, rule, fmt::format("{}: {}", key, *most));
  };
  unmetered(ceilings.tokens, ceilings.tokens_rule, "max_tokens_per_run");
  unmetered(ceilings.input_tokens, ceilings.input_rule, "max_input_tokens");
  unmetered(ceilings.output_tokens, ceilings.output_rule, "max_output_tokens");
  unmetered(ceilings.model_calls, ceilings.model_calls_rule, "max_model_calls");
  if (ceilings.cost_nano_usd) {
    check_unmetered(subject, ceilings.cost_rule,
                    fmt::format("max_cost_usd: {}", money(*ceilings.cost_nano_usd)));
  }
}

void check_ceilings(const Subject& subject) {
  check_metering(subject);
  const Ceilings& ceilings = subject.policy.ceilings;
  const bool any = ceilings.steps || ceilings.wall_clock || ceilings.denials || ceilings.repeats ||
                   ceilings.tokens || ceilings.cost_nano_usd;
  if (any && !ceilings.steps) {
    subject.finding(warning, subject.file(),
                    "`execution` has no `max_steps`: a run may propose calls without end");
  }
}

void check_contacts(const Subject& subject) {
  const Policy& policy = subject.policy;
  if (policy.contacts.empty()) {
    subject.finding(error_in_production, subject.file(),
                    policy.ceilings.notify.empty()
                        ? std::string("a halted run notifies no one: there is no `escalation`; "
                                      "`escalation: {contacts: [{name: PERSON, via: "
                                      "\"command: LINE\"}]}` names one")
                        : fmt::format("escalation reaches only the channel `{}`: no person is "
                                      "named under `escalation`",
                                      escape_untrusted(policy.ceilings.notify)));
  }
  if (!policy.contacts.empty() && std::ranges::all_of(policy.contacts, is_channel)) {
    subject.finding(error_in_production, policy.contacts.front().at,
                    "escalation reaches only channels: no named person is called, so no one is "
                    "responsible for an answer");
  }
  // With a deployment file its own ways are compared, by the command that has read it.
  if (subject.deployment != nullptr) return;
  for (const Contact& contact : policy.contacts) {
    if (way(contact) == "command") continue;
    subject.finding(note, contact.at,
                    fmt::format("`{}` reaches a person only where the deployment file's `notify` "
                                "has that way; without it the sentence is only recorded",
                                escape_untrusted(contact.via)));
  }
}

void check_stages(const Subject& subject) {
  const Policy& policy = subject.policy;
  if (policy.default_stage) return;
  subject.finding(error_in_production, subject.file(),
                  "the file claims no stages (`autonomy`): every tool is judged as `established`; "
                  "`autonomy: {default: new}` asks about each change until a tool has proved "
                  "itself");
}

void check_times(const Subject& subject) {
  const Policy& policy = subject.policy;
  for (const Freeze& freeze : policy.freezes) {
    if (!freeze.is_over(subject.now)) continue;
    subject.finding(warning, freeze.rule.at,
                    fmt::format("the freeze `{}` is over since {}", escape_untrusted(freeze.name),
                                to_string(freeze.until)));
  }
  for (const AcceptedRisk& risk : policy.risks) {
    if (risk.until > subject.now) continue;
    subject.finding(error_in_production, risk.rule.at,
                    fmt::format("the risk `{}` is accepted no more since {}",
                                escape_untrusted(risk.path), to_string(risk.until)));
  }
  if (!policy.ceilings.wall_clock) return;
  for (const ToolRule& tool : policy.tools) {
    const auto within = tool.approval.within ? tool.approval.within : policy.approval.within;
    if (!tool.requires_approval || !within || *within <= *policy.ceilings.wall_clock) continue;
    const std::string longer = fmt::format(
        "may take {}, longer than the run's wall clock of {}: time in which a call "
        "waits for a person does not count",
        to_string(*within), to_string(*policy.ceilings.wall_clock));
    const std::string name = fmt::format("`{}`", escape_untrusted(tool.key));
    subject.finding(note, tool.approval_rule.at, "an approval of " + name + " " + longer, name,
                    "an approval " + longer);
  }
}

}  // namespace pawl::checking
