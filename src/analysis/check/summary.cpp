// Sentences about the whole file.
#include <fmt/format.h>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

std::string name_or_no_one(const std::string& name) {
  return name.empty() ? std::string("no one") : fmt::format("`{}`", escape_untrusted(name));
}

std::string limits_of(const Subject& subject) {
  const Ceilings& ceilings = subject.policy.ceilings;
  const std::string_view how = meters_models(subject) ? "" : " (unmetered)";
  std::vector<std::string> parts;
  if (ceilings.steps) parts.push_back(fmt::format("{} steps", *ceilings.steps));
  if (ceilings.denials) parts.push_back(fmt::format("{} denials", *ceilings.denials));
  if (ceilings.repeats)
    parts.push_back(fmt::format("{} repetitions without a new result", *ceilings.repeats));
  if (ceilings.wall_clock) {
    parts.push_back(fmt::format("{} without the time spent waiting for people",
                                to_string(*ceilings.wall_clock)));
  }
  const auto of_models = [&](const std::optional<std::uint64_t>& most, std::string_view what) {
    if (most) parts.push_back(fmt::format("{} {}{}", *most, what, how));
  };
  of_models(ceilings.model_calls, "requests to models");
  of_models(ceilings.tokens, "tokens");
  of_models(ceilings.input_tokens, "input tokens");
  of_models(ceilings.output_tokens, "output tokens");
  if (ceilings.cost_nano_usd) {
    parts.push_back(fmt::format("{}{}", money(*ceilings.cost_nano_usd), how));
  }
  return parts.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(parts, ", "));
}

std::string approval_of(const Subject& subject) {
  const ApprovalTerms& terms = subject.policy.approval;
  if (!terms.reviewers.empty()) {
    return escape_untrusted(fmt::format("{}", fmt::join(terms.reviewers, ", ")));
  }
  const bool stated =
      subject.deployment != nullptr && !subject.deployment->default_reviewers.empty();
  if (!stated) return {};
  return escape_untrusted(fmt::format("{} (default_reviewers)",
                                      fmt::join(subject.deployment->default_reviewers, ", ")));
}

}  // namespace

void summarise(const Subject& subject) {
  const Policy& policy = subject.policy;
  std::vector<std::string>& lines = subject.report.summary;
  lines.push_back(fmt::format("role `{}`, identity {}, owner {}", escape_untrusted(policy.agent),
                              name_or_no_one(policy.identity), name_or_no_one(policy.owner)));
  lines.push_back(fmt::format("environment {}, digest {}", to_string(policy.environment),
                              to_string(policy.digest)));
  std::size_t names = 0;
  for (const ToolRule& entry : policy.tools) names += entry.names.size();
  lines.push_back(fmt::format("{} granted, {} blocked, everything else is denied",
                              names == 1 ? "1 name" : fmt::format("{} names", names),
                              policy.blocked.size()));
  lines.push_back(fmt::format("a run is limited by {}", limits_of(subject)));
  lines.push_back(fmt::format("at a ceiling the run halts and escalates; told: {}",
                              name_or_no_one(policy.ceilings.notify)));
  const std::string reviewers = approval_of(subject);
  lines.push_back(reviewers.empty()
                      ? std::string("held calls have no reviewer yet: `pawl reviewers add NAME`")
                      : "held calls are answered by " + reviewers);
  say_askable(subject, lines);
  for (const Contact& contact : policy.contacts) {
    lines.push_back(fmt::format("escalation after {}: {} by `{}`", to_string(contact.after),
                                escape_untrusted(contact.name), escape_untrusted(contact.via)));
  }
  for (const Freeze& freeze : policy.freezes) {
    const std::string when = freeze.weekly ? std::string("in a window of every week")
                                           : fmt::format("from {} until {}", to_string(freeze.from),
                                                         to_string(freeze.until));
    lines.push_back(fmt::format("freeze `{}` {}: {}", escape_untrusted(freeze.name), when,
                                to_string(freeze.then)));
  }
  summarise_layers(policy, lines);
}

}  // namespace pawl::checking
