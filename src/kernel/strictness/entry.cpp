// One entry against the one that decided the same calls before.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/table.h"
#include "kernel/strictness/parts.h"

namespace pawl {

namespace {

constexpr Duration default_within = Duration::seconds(300);

std::string name_of(const ToolRule& entry) {
  return "`" + escape_untrusted(entry.key) + "`";
}

// What the table asks of a call of this class.
Default asked(const Policy& policy, const ToolRule& entry, Class c) {
  const bool claimed = policy.default_stage.has_value();
  const bool staged = claimed && (c.has_effect() || policy.gate_reads);
  const Stage stage = staged ? policy.stage_of(entry) : Stage::established;
  return default_for(c, stage, claimed, policy.gate_reads, policy.environment);
}

bool softer(const Default& before, const Default& after) {
  if (after.effect < before.effect) return true;
  return before.effect == Effect::hold &&
         ((before.typed && !after.typed) || after.quorum < before.quorum);
}

bool frozen(const Policy& policy, Reversibility mark) {
  return std::ranges::any_of(policy.freezes, [&](const Freeze& freeze) {
    return std::ranges::find(freeze.stop, mark) != freeze.stop.end();
  });
}

// Every freeze that stops `a` stops `b` too.
bool frozen_alike(const Policy& policy, Reversibility a, Reversibility b) {
  return std::ranges::all_of(policy.freezes, [&](const Freeze& freeze) {
    return std::ranges::find(freeze.stop, a) == freeze.stop.end() ||
           std::ranges::find(freeze.stop, b) != freeze.stop.end();
  });
}

bool asks_always(const ToolRule& entry, Class c) {
  return entry.requires_approval || c.reversibility == Reversibility::irreversible;
}

void compare_class(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  const Position& at = after.class_rule.at.line > 0 ? after.class_rule.at : after.rule.at;
  if (before.class_by_call != after.class_by_call) {
    laxness.found(at, "the class of " + name_of(after) + " comes from somewhere else: `by_call`");
    return;
  }
  if (before.stated_class != after.stated_class) {
    const bool both = before.stated_class && after.stated_class;
    const bool raised = both && !less_dangerous(*after.stated_class, *before.stated_class) &&
                        (after.stated_class->external_sink || !before.stated_class->external_sink);
    // The knowledge base may have known better than a stated class, and refused every call for it.
    if (!raised || !asks_always(after, *after.stated_class) || !pair.after.risks.empty()) {
      laxness.found(at, "the class of " + name_of(after) +
                            " is another one, and a reviewer is not certain to be asked for it" +
                            line_before(before.class_rule.at));
      return;
    }
    const Reversibility was = before.stated_class->reversibility;
    const Reversibility is = after.stated_class->reversibility;
    if (frozen(pair.before, was) && !frozen_alike(pair.before, was, is)) {
      laxness.found(at, "a freeze does not stop the new class of " + name_of(after));
    }
    if (softer(asked(pair.before, before, *before.stated_class),
               asked(pair.after, after, *after.stated_class))) {
      laxness.found(at, "fewer people are asked for the new class of " + name_of(after));
    }
    return;
  }
  if (!before.stated_class && before.names != after.names) {
    laxness.found(after.rule.at,
                  "without `class:`, other names may mean another class of " + name_of(after));
  }
  for (const Reversibility mark :
       {Reversibility::read_only, Reversibility::reversible, Reversibility::irreversible}) {
    for (const Blast blast : {Blast::small, Blast::large}) {
      const Class c{mark, blast};
      if (before.stated_class &&
          (before.stated_class->reversibility != mark || before.stated_class->blast != blast)) {
        continue;
      }
      if (!softer(asked(pair.before, before, c), asked(pair.after, after, c))) continue;
      laxness.found(after.rule.at, "fewer people are asked for " + name_of(after) +
                                       ": `autonomy` or `environment` says so");
      return;
    }
  }
}

// Rows decide together, so only these differences are understood: a row that denies was added, and
// `else` denies now.
void compare_commands(const Pair& pair, PolicyDiff& laxness) {
  const CommandRule* before = pair.old_entry.commands.get();
  const CommandRule* after = pair.new_entry.commands.get();
  if (before == nullptr && after == nullptr) return;
  const std::string name = name_of(pair.new_entry);
  if (before == nullptr || after == nullptr) {
    laxness.found(after == nullptr ? pair.new_entry.rule.at : after->rule.at,
                  after == nullptr ? name + " has no `commands` any more"
                                   : "rows may say another class than " + name + " had before");
    return;
  }
  const Position& at = after->rule.at;
  if (before->argument != after->argument || before->line.words != after->line.words ||
      before->line.dialect != after->line.dialect) {
    laxness.found(at, "another text is read as the line of " + name);
  }
  if (before->otherwise == Effect::deny && after->otherwise != Effect::deny) {
    laxness.found(after->else_rule.at, "`else` of " + name + " denied and does not any more");
  }
  if (before->directories != after->directories) {
    laxness.found(at, "the programs of " + name + " are looked for in other directories");
  }
  const auto wider = [](const FilePlaces& then, const FilePlaces& now) {
    return then.under != now.under || !std::ranges::all_of(then.not_in, [&](const auto& glob) {
             return std::ranges::find(now.not_in, glob) != now.not_in.end();
           });
  };
  if (wider(before->reads, after->reads) || wider(before->writes, after->writes)) {
    laxness.found(at, "the files of " + name + " lie in other places");
  }
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < after->rows.size(); ++i) {
    if (after->rows[i].then != Effect::deny) rows.push_back(after->line.spelled[i]);
  }
  std::vector<std::string> denying, kept;
  for (std::size_t i = 0; i < before->rows.size(); ++i) {
    const bool denies = before->rows[i].then == Effect::deny;
    (denies ? denying : kept).push_back(before->line.spelled[i]);
  }
  const auto& now = after->line.spelled;
  const bool all_denied = std::ranges::all_of(
      denying, [&](const std::string& row) { return std::ranges::find(now, row) != now.end(); });
  std::ranges::sort(rows);
  std::ranges::sort(kept);
  if (rows != kept || !all_denied) laxness.found(at, "the rows of " + name + " are others");
}

void compare_scope(const Pair& pair, PolicyDiff& laxness) {
  const Scope* before = pair.old_entry.scope.get();
  const Scope* after = pair.new_entry.scope.get();
  const Position& at = pair.new_entry.rule.at;
  const std::string name = name_of(pair.new_entry);
  if (before == nullptr) return;
  if (after == nullptr) {
    laxness.found(at, "the result of " + name + " has no `scope` any more");
    return;
  }
  const auto has = [](const Scope& scope, const std::string& field) {
    return std::ranges::find(scope.fields(), field) != scope.fields().end();
  };
  for (const std::string& field : after->fields()) {
    // `a.b` is a part of what `a` kept whole.
    if (!has(*before, field) && !has(*before, field.substr(0, field.find('.')))) {
      laxness.found(at, "the `scope` of " + name + " has `" + escape_untrusted(field) + "` now");
    }
  }
  for (const std::string& field : before->fields()) {
    // A dotted name also keeps other fields of its container out.
    if (!has(*after, field) && field.find('.') != std::string::npos) {
      laxness.found(at, "the `scope` of " + name + " lost `" + escape_untrusted(field) +
                            "`, which kept its neighbours out");
    }
  }
}

template <class T>
void compare_limit(std::string_view key, const T& before, const T& after, const Rule& rule,
                   const ToolRule& entry, PolicyDiff& laxness) {
  if (not_above(after, before)) return;
  laxness.found(after ? rule.at : entry.rule.at,
                fmt::format("`{}` of {} was {} and is {}", key, name_of(entry), *before,
                            after ? std::to_string(*after) : "gone"));
}

void compare_limits(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  compare_limit("max_records_per_run", before.max_records_per_run, after.max_records_per_run,
                after.max_records_rule, after, laxness);
  compare_limit("max_calls_per_run", before.max_calls_per_run, after.max_calls_per_run,
                after.max_calls_rule, after, laxness);
  compare_limit("max_calls_per_minute", before.max_calls_per_minute, after.max_calls_per_minute,
                after.max_rate_rule, after, laxness);
  compare_limit("max_output_tokens", before.max_output_tokens, after.max_output_tokens,
                after.max_output_rule, after, laxness);
  for (const std::string& use : after.provider_uses) {
    if (std::ranges::find(before.provider_uses, use) != before.provider_uses.end()) continue;
    laxness.found(after.rule.at, fmt::format("the provider of {} may use `{}`", name_of(after),
                                             escape_untrusted(use)));
  }
  const bool counted =
      before.max_records_per_run || before.max_calls_per_run || before.max_calls_per_minute;
  if (counted && before.key != after.key) {
    laxness.found(after.rule.at, "the counts of `" + escape_untrusted(before.key) +
                                     "` would begin at zero under the names " + name_of(after));
  }
  const bool same = before.records_stated == after.records_stated;
  const bool more = before.records_stated && after.records_stated &&
                    *after.records_stated >= *before.records_stated;
  if (before.max_records_per_run && !same && !more) {
    laxness.found(after.rule.at, "a call of " + name_of(after) + " may count fewer records");
  }
}

struct Terms {
  unsigned quorum;
  Duration within;
  bool deny_on_timeout;
  std::vector<std::string> reviewers;
  std::optional<TypedText> typed;
  Wider wider;
};

Terms terms_of(const Policy& policy, const ToolRule& entry) {
  const ApprovalTerms& own = entry.approval;
  const ApprovalTerms& file = policy.approval;
  return {own.quorum.value_or(file.quorum.value_or(1)),
          own.within.value_or(file.within.value_or(default_within)),
          own.deny_on_timeout.value_or(file.deny_on_timeout.value_or(true)),
          own.reviewers.empty() ? file.reviewers : own.reviewers,
          own.typed ? own.typed : file.typed,
          own.wider ? *own.wider : file.wider.value_or(Wider{})};
}

void compare_approval(const Pair& pair, PolicyDiff& laxness) {
  const Terms before = terms_of(pair.before, pair.old_entry);
  const Terms after = terms_of(pair.after, pair.new_entry);
  const ToolRule& entry = pair.new_entry;
  const Position& at = entry.approval_rule.at.line > 0 ? entry.approval_rule.at : entry.rule.at;
  if (pair.old_entry.requires_approval && !entry.requires_approval) {
    laxness.found(at, name_of(entry) + " does not ask for approval any more");
  }
  if (after.quorum < before.quorum) {
    laxness.found(at, "fewer persons have to approve " + name_of(entry));
  }
  if (after.within > before.within) {
    laxness.found(at, "people have longer to approve " + name_of(entry));
  }
  if (before.deny_on_timeout && !after.deny_on_timeout) {
    laxness.found(at, "an approval request about " + name_of(entry) + " stays open after its time");
  }
  if (before.typed && (!after.typed || after.typed->argument != before.typed->argument)) {
    laxness.found(at, "who approves " + name_of(entry) + " types something else, or nothing");
  }
  if (after.wider.identical > before.wider.identical || after.wider.run > before.wider.run) {
    laxness.found(at, "one approval may be good for more calls of " + name_of(entry));
  }
  if (!same_routes(pair.old_entry.approval, pair.old_entry.conditions, entry.approval,
                   entry.conditions) ||
      !same_routes(pair.before.approval, pair.before.conditions, pair.after.approval,
                   pair.after.conditions)) {
    laxness.found(at, "others may approve " + name_of(entry) + ": a `route` is another one");
  }
  const bool fewer =
      !after.reviewers.empty() &&
      std::ranges::all_of(after.reviewers, [&](const std::string& reviewer) {
        return std::ranges::find(before.reviewers, reviewer) != before.reviewers.end();
      });
  if (before.reviewers != after.reviewers && !fewer) {
    laxness.found(at, "others may approve " + name_of(entry));
  }
}

}  // namespace

std::string line_before(const Position& at) {
  return at.line == 0 ? std::string() : fmt::format(" (line {} before)", at.line);
}

void compare_entries(const Pair& pair, PolicyDiff& laxness) {
  const ToolRule& before = pair.old_entry;
  const ToolRule& after = pair.new_entry;
  compare_class(pair, laxness);
  compare_marks(pair, laxness);
  compare_commands(pair, laxness);
  compare_scope(pair, laxness);
  compare_rules(before, after, laxness);
  compare_limits(pair, laxness);
  compare_counters(pair, laxness);
  compare_conditions(pair, laxness);
  compare_approval(pair, laxness);
  if (pair.after.secrets_of(after) < pair.before.secrets_of(before)) {
    const Position& at = after.secrets ? after.secrets_rule.at : after.rule.at;
    laxness.found(at, fmt::format("`secrets` of {} was `{}` and is `{}`", name_of(after),
                                  to_string(pair.before.secrets_of(before)),
                                  to_string(pair.after.secrets_of(after))));
  }
  if (before.untrusted && !after.untrusted) {
    laxness.found(after.rule.at, "the results of " + name_of(after) + " may be an origin now");
  }
  if (before.credential != after.credential) {
    laxness.found(after.rule.at, name_of(after) + " runs with another credential");
  }
  if (before.say != after.say) {
    laxness.found(after.rule.at, "the words of " + name_of(after) + " for reviewers are others");
  }
  if (before.key != after.key && !pair.after.risks.empty()) {
    laxness.found(after.rule.at, "an accepted risk may cover " + name_of(after) + " now");
  }
}

}  // namespace pawl
