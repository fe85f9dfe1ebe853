#include "analysis/check/check.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/format.h>

#include "analysis/check/parts.h"

namespace pawl {
namespace checking {

void Subject::error(const Position& at, std::string message) const {
  report.errors.push_back({ErrorKind::invalid, std::move(message), at});
}

void Subject::finding(Finding::Weight weight, const Position& at, std::string message) const {
  report.findings.push_back({weight, std::move(message), at});
}

std::vector<const ToolDefinition*> Subject::tools_of(const ToolRule& entry) const {
  std::vector<const ToolDefinition*> out;
  for (const ToolDefinition& tool : live) {
    if (policy.find(tool.server, tool.name) == &entry) out.push_back(&tool);
  }
  return out;
}

std::vector<BoundTool> bound_tools(const Subject& subject, const Policy& policy,
                                   const ToolRule& entry) {
  std::vector<BoundTool> out;
  for (const ToolDefinition* tool : subject.tools_of(entry)) {
    out.push_back(bind(policy, entry, std::make_shared<const ToolDefinition>(*tool), subject.now));
  }
  if (out.empty()) out.push_back(bind(policy, entry, nullptr, subject.now));
  return out;
}

void Subject::finding(Finding::Weight weight, const Position& at, std::string message,
                      std::string name, std::string of_several) const {
  report.findings.push_back(
      {weight, std::move(message), at, {std::move(name)}, std::move(of_several)});
}

namespace {

// Those that say the same of several are one, at the place of the first.
void fold(std::vector<Finding>& findings) {
  std::vector<Finding> kept;
  for (Finding& finding : findings) {
    const auto alike = std::ranges::find_if(kept, [&finding](const Finding& other) {
      return !finding.of_several.empty() && other.weight == finding.weight &&
             other.of_several == finding.of_several;
    });
    if (alike == kept.end()) {
      kept.push_back(std::move(finding));
      continue;
    }
    for (std::string& name : finding.about) {
      if (std::ranges::find(alike->about, name) == alike->about.end()) {
        alike->about.push_back(std::move(name));
      }
    }
  }
  for (Finding& finding : kept) {
    if (finding.about.size() < 2) continue;
    std::string names;
    for (std::size_t i = 0; i < finding.about.size() && i < names_said_max; ++i) {
      names += (i == 0 ? "" : ", ") + finding.about[i];
    }
    if (finding.about.size() > names_said_max) {
      names += fmt::format(" and {} more", finding.about.size() - names_said_max);
    }
    finding.message = names + ": " + finding.of_several;
  }
  findings = std::move(kept);
}

// What is only a gap elsewhere is an error where real things happen.
void raise(CheckReport& report) {
  std::vector<Finding> kept;
  for (Finding& finding : report.findings) {
    if (finding.weight == Finding::Weight::error_in_production) {
      report.errors.push_back({ErrorKind::invalid, std::move(finding.message), finding.at});
    } else {
      kept.push_back(std::move(finding));
    }
  }
  report.findings = std::move(kept);
}

// Each once, in the order of the file: two looks may find the same.
template <class T>
void in_order_of_file(std::vector<T>& found) {
  const auto place = [](const T& one) {
    return std::tie(one.at.file, one.at.line, one.at.column, one.message);
  };
  std::ranges::sort(found, [place](const T& a, const T& b) { return place(a) < place(b); });
  const auto twice =
      std::ranges::unique(found, [place](const T& a, const T& b) { return place(a) == place(b); });
  found.erase(twice.begin(), twice.end());
}

}  // namespace
}  // namespace checking

CheckReport check(const Loaded& loaded, const Deployment* deployment,
                  std::span<const ToolDefinition> live, Instant now, bool production, KnownBy by) {
  CheckReport report;
  report.errors = loaded.errors;
  if (loaded.policy == nullptr) return report;
  const Policy& policy = *loaded.policy;
  report.findings = policy.findings;
  const bool strict = production || policy.environment == Environment::production;
  const checking::Subject subject{
      policy, deployment, live, now, strict, report, by == KnownBy::accepted};
  checking::check_ceilings(subject);
  checking::check_tools(subject);
  checking::check_people(subject);
  checking::check_persons(subject);
  checking::check_seeds(subject);
  checking::check_contacts(subject);
  checking::check_stages(subject);
  checking::check_times(subject);
  checking::check_layers(subject);
  checking::check_reach(subject);
  checking::check_conditions(subject);
  checking::check_always(subject);
  checking::check_call_examples(subject);
  checking::check_contradictions(subject);
  checking::check_counters(subject);
  checking::check_packs(subject);
  checking::check_scopes(subject);
  checking::check_risks(subject);
  checking::check_askable(subject);
  checking::summarise(subject);
  checking::in_order_of_file(report.findings);
  checking::fold(report.findings);
  if (strict) checking::raise(report);
  checking::in_order_of_file(report.errors);
  return report;
}

CheckReport check_before_use(const Policy& policy, const Deployment& deployment, Instant now) {
  CheckReport report;
  const bool strict = policy.environment == Environment::production;
  const checking::Subject subject{policy, &deployment, {}, now, strict, report};
  checking::check_answerers(subject);
  checking::check_metering(subject);
  // What a reviewer accepted, and what is only worth knowing, is for users of `pawl check`.
  std::erase_if(report.findings,
                [](const Finding& one) { return one.weight == Finding::Weight::note; });
  checking::in_order_of_file(report.findings);
  checking::fold(report.findings);
  if (strict) {
    checking::raise(report);
  } else {
    for (Error& error : report.errors) {
      report.findings.push_back({Finding::Weight::warning, std::move(error.message), error.at});
    }
    report.errors.clear();
  }
  checking::in_order_of_file(report.errors);
  checking::in_order_of_file(report.findings);
  return report;
}

Instant same_before_use_until(const Policy& policy, Instant now) {
  Instant next{std::numeric_limits<std::int64_t>::max()};
  const auto take = [&](Instant end) {
    if (end > now) next = std::min(next, end);
  };
  for (const AcceptedRisk& risk : policy.risks) take(risk.until);
  for (const Freeze& freeze : policy.freezes) {
    if (!freeze.weekly) take(freeze.until);
  }
  for (const Layer& layer : policy.layers) {
    for (const Exception& one : layer.exceptions) take(one.until);
  }
  return next;
}

}  // namespace pawl
