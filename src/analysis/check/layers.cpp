// What layers ask of the calls of an entry, and what is wrong with the layers themselves.
#include <fmt/format.h>

#include <algorithm>

#include "analysis/check/parts.h"
#include "base/text.h"

namespace pawl::checking {
namespace {

using enum Finding::Weight;

// A call of which only the tool is known: whatever depends on the rest fails. Counts are
// those of the first call, or of a late one.
class Unknown final : public Surroundings {
 public:
  struct Mark {
    std::string tool, agent, stage, environment;
    Class action_class;
  };
  Unknown(Mark mark, std::uint64_t counts) : mark_(std::move(mark)), counts_(counts) {}

 protected:
  cel::Value value(Known which) override {
    const auto text = [](std::string_view words) { return cel::Value::of(words); };
    switch (which) {
      case Known::tool:
        if (!mark_.tool.empty()) return text(mark_.tool);
        break;
      case Known::agent:
        return text(mark_.agent);
      case Known::run_stage:
        return text(mark_.stage);
      case Known::reversibility:
        return text(to_string(mark_.action_class.reversibility));
      case Known::blast_radius:
        return text(to_string(mark_.action_class.blast));
      case Known::external_sink:
        return cel::Value::of(mark_.action_class.external_sink);
      case Known::env:
        return text(mark_.environment);
      case Known::args:
      case Known::run_steps:
      case Known::run_tokens:
      case Known::run_cost_usd:
      case Known::run_elapsed_seconds:
      case Known::run_denials:
      case Known::run_records:
      case Known::run_seen:
      case Known::now:
        break;
    }
    return cel::Value::failed(cel::Failure::invalid, "it is not known before the call");
  }
  std::uint64_t count(const CountAsked&) override { return counts_; }

 private:
  Mark mark_;
  std::uint64_t counts_;
};

// The one name of an entry; empty where it has several, or a glob.
std::string only_name(const ToolRule& entry) {
  if (entry.names.size() != 1) return {};
  const auto pattern = parse_name(entry.names.front());
  return !pattern || pattern->glob() ? std::string() : entry.names.front();
}

bool excepts(const Subject& subject, const Exception& one, const std::string& name,
             Surroundings& values) {
  const auto pattern = parse_name(name);
  if (!pattern || one.role != subject.policy.agent || one.until <= subject.now) return false;
  return one.tool.contains(*pattern) && (one.condition == nullptr || one.condition->holds(values));
}

// What the exceptions of its layer leave of a row. Those with a condition that depends on the call
// leave all of it.
Effect left_of(const Subject& subject, const Layer& layer, const Requirement& row,
               const std::string& name, Surroundings& values) {
  Effect asked = row.then;
  for (const Exception& one : layer.exceptions) {
    if (one.then < asked && excepts(subject, one, name, values)) asked = one.then;
  }
  return asked;
}

void add_row(const Requirement& row, Effect asked, Question& question) {
  const bool held = question.effect == Effect::hold;
  question.effect = stricter(question.effect, asked);
  if (asked != Effect::hold || question.effect != Effect::hold) return;
  const ApprovalTerms& terms = row.approval;
  question.quorum = std::max(question.quorum, terms.quorum.value_or(1));
  question.typed = question.typed || terms.typed.has_value();
  if (!terms.reviewers.empty()) {
    question.reviewers =
        held ? reviewers_of_both(question.reviewers, terms.reviewers) : terms.reviewers;
  }
  if (terms.within) {
    question.within = held ? std::min(question.within, *terms.within) : *terms.within;
  }
}

}  // namespace

std::vector<LayerRow> rows_of_layers(const Subject& subject, const ToolRule& entry, Class c) {
  const Policy& policy = subject.policy;
  std::vector<LayerRow> out;
  if (!policy.has_requirements()) return out;
  const Environment place = subject.production ? Environment::production : policy.environment;
  const bool claimed = policy.default_stage.has_value();
  const std::string name = only_name(entry);
  const Unknown::Mark mark{
      .tool = name,
      .agent = policy.agent,
      .stage = std::string(to_string(claimed ? policy.stage_of(entry) : Stage::established)),
      .environment = std::string(to_string(place)),
      .action_class = c};
  Unknown first(mark, 0), late(mark, INT64_MAX);
  for (const Layer& layer : policy.layers) {
    for (const Requirement& row : layer.requirements) {
      const cel::Value now = row.condition->evaluate(first), later = row.condition->evaluate(late);
      if (now.is_false() && later.is_false()) continue;
      out.push_back(
          {&row, left_of(subject, layer, row, name, first), now.is_true() && later.is_true()});
    }
  }
  return out;
}

void add_layers(const Subject& subject, const ToolRule& entry, Class c, Question& question) {
  for (const LayerRow& one : rows_of_layers(subject, entry, c)) {
    if (one.certain) add_row(*one.row, one.asks, question);
  }
}

void check_rows_that_may_ask(const Subject& subject, const ToolRule& entry, Class c,
                             const Question& question) {
  if (subject.deployment == nullptr) return;
  for (const LayerRow& one : rows_of_layers(subject, entry, c)) {
    if (one.certain || one.asks != Effect::hold) continue;
    Question more = question;
    add_row(*one.row, one.asks, more);
    if (more.effect != Effect::hold) continue;
    if (more.reviewers.empty()) more.reviewers = subject.deployment->default_reviewers;
    const std::size_t persons = answerers(*subject.deployment, more.reviewers).size();
    if (persons >= more.quorum || subject.deployment->open_ended(more.reviewers)) continue;
    subject.finding(
        warning, one.row->rule.at,
        fmt::format("a call of `{}` that this row asks about needs {} persons, and {} "
                    "may answer (`{}`)",
                    escape_untrusted(entry.key), more.quorum, persons,
                    escape_untrusted(fmt::format("{}", fmt::join(more.reviewers, "`, `")))));
  }
}

namespace {

void check_exceptions(const Subject& subject, const Layer& layer) {
  for (const Exception& one : layer.exceptions) {
    if (one.until <= subject.now) {
      subject.finding(warning, one.rule.at,
                      fmt::format("the exception for `{}` of `{}` ended {} and counts no more",
                                  escape_untrusted(one.tool.text()), escape_untrusted(one.role),
                                  to_string(one.until)));
    } else if (one.role == subject.policy.agent) {
      subject.finding(
          note, one.rule.at,
          fmt::format("until {} the layer `{}` asks at most `{}` of `{}`: {}", to_string(one.until),
                      escape_untrusted(layer.name), to_string(one.then),
                      escape_untrusted(one.tool.text()), escape_untrusted(one.reason)));
    }
  }
}

// What a role leaves out is not what a layer means by it.
void check_marks(const Subject& subject, const Layer& layer) {
  const Policy& policy = subject.policy;
  if (policy.agent.empty()) return;
  for (const Requirement& row : layer.requirements) {
    if (row.condition->reads(Known::env) && policy.environment == Environment::none) {
      subject.finding(error_in_production, row.rule.at,
                      fmt::format("the layer `{}` looks at `env`, and the file says no "
                                  "`environment`: it counts as `none`",
                                  escape_untrusted(layer.name)));
    }
    if (row.condition->reads(Known::run_stage) && !policy.default_stage) {
      subject.finding(warning, row.rule.at,
                      fmt::format("the layer `{}` looks at `run.stage`, and the file claims no "
                                  "stages (`autonomy`): every tool counts as `established`",
                                  escape_untrusted(layer.name)));
    }
  }
}

}  // namespace

void check_layers(const Subject& subject) {
  for (const Layer& layer : subject.policy.layers) {
    check_exceptions(subject, layer);
    check_marks(subject, layer);
  }
}

std::string place_of(const Policy& policy, const Rule& rule) {
  if (rule.at.file == policy.file || rule.at.file.empty()) {
    return fmt::format("line {}", rule.at.line);
  }
  return fmt::format("{}:{}", escape_untrusted(rule.at.file), rule.at.line);
}

void summarise_layers(const Policy& policy, std::vector<std::string>& lines) {
  for (const Layer& layer : policy.layers) {
    lines.push_back(fmt::format("a call has to pass the layer `{}` of {} too ({})",
                                escape_untrusted(layer.name), escape_untrusted(layer.owner),
                                escape_untrusted(layer.file)));
    for (const Requirement& row : layer.requirements) {
      std::string line = fmt::format("layer `{}`: {} where `{}`", escape_untrusted(layer.name),
                                     to_string(row.then), escape_untrusted(row.condition->text()));
      if (row.approval.quorum) line += fmt::format(", {} persons", *row.approval.quorum);
      if (!row.approval.reviewers.empty()) {
        line += fmt::format(
            " of {}", escape_untrusted(fmt::format("{}", fmt::join(row.approval.reviewers, ", "))));
      }
      if (!row.words.say.empty())
        line += fmt::format("; it says: {}", escape_untrusted(row.words.say));
      lines.push_back(std::move(line));
    }
  }
}

}  // namespace pawl::checking

namespace pawl {

CheckReport check_layer(const Loaded& loaded, Instant now) {
  CheckReport report;
  report.errors = loaded.errors;
  if (loaded.policy == nullptr) return report;
  const Policy& policy = *loaded.policy;
  report.findings = policy.findings;
  const checking::Subject subject{policy, nullptr, {}, now, false, report};
  checking::check_times(subject);
  checking::check_layers(subject);
  checking::summarise_layers(policy, report.summary);
  report.summary.push_back(fmt::format("{} blocked, {} freezes, digest {}", policy.blocked.size(),
                                       policy.freezes.size(), to_string(policy.digest)));
  return report;
}

}  // namespace pawl
