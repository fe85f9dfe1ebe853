// The rules about arguments of one entry against those of another.
#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "kernel/strictness/parts.h"
#include "lang/secret/secret.h"

namespace pawl {

namespace {

std::string name_of(const ArgumentRule& rule) {
  return "`" + escape_untrusted(rule.name()) + "`";
}

bool same_argument(const ArgumentRule& a, const ArgumentRule& b) {
  return a.plural == b.plural && to_string(a.path) == to_string(b.path);
}

const ArgumentRule* counterpart(const std::vector<ArgumentRule>& rules, const ArgumentRule& rule) {
  const auto found = std::ranges::find_if(
      rules, [&](const ArgumentRule& other) { return same_argument(rule, other); });
  return found == rules.end() ? nullptr : &*found;
}

// `max_items: 0` asks for nothing, also where the argument is missing.
bool wants_nothing(const ArgumentRule& rule) {
  return std::ranges::any_of(rule.checks, [](const Check& check) {
    return check.kind == CheckKind::max_items && check.count == 0;
  });
}

bool lifts(const ArgumentRule& rule) {
  return rule.lines_allowed || std::ranges::any_of(rule.checks, lifts_one_line);
}

// A rule of length takes an argument out of what is weighed for long encoded data. One that is
// shorter than what is found without it changes nothing.
bool unweighed(const ArgumentRule& rule) {
  return std::ranges::any_of(rule.checks, [](const Check& check) {
    return check.kind == CheckKind::max_length && check.count > encoded_chars_max;
  });
}

// A check that an object cannot pass: without one, naming an argument as a whole would take the
// default checks from the texts inside of it.
bool refuses_objects(const Check& check) {
  return check.kind != CheckKind::max_items && check.kind != CheckKind::min_items;
}

bool has_base(const ArgumentRule& rule) {
  return std::ranges::any_of(rule.checks, [](const Check& check) {
    return check.kind == CheckKind::path && (!check.path || !check.path->base.empty());
  });
}

// The top-level argument that a rule is about as a whole; empty: something inside of one.
std::string_view whole_name(const ArgumentRule& rule) {
  if (!rule.plural.empty()) return rule.plural;
  if (rule.path.size() == 1 && !rule.path.front().each) return rule.path.front().name;
  return {};
}

// Whether two rules may be bound to one argument and become one rule.
bool may_become_one(const ArgumentRule& a, const ArgumentRule& b) {
  if (a.plural.empty() && b.plural.empty()) return false;
  const auto names = [](const ArgumentRule& rule) {
    return rule.plural.empty() ? std::vector<std::string>{std::string(whole_name(rule))}
                               : singulars(rule.plural);
  };
  const std::vector<std::string> these = names(a);
  const std::vector<std::string> those = names(b);
  return std::ranges::any_of(these, [&](const std::string& name) {
    return !name.empty() && std::ranges::find(those, name) != those.end();
  });
}

bool each_source_in(const std::vector<OriginSource>& these,
                    const std::vector<OriginSource>& those) {
  return std::ranges::all_of(these, [&](const OriginSource& source) {
    return std::ranges::find(those, source) != those.end();
  });
}

void compare_origins(const ArgumentRule& before, const ArgumentRule& after, PolicyDiff& laxness) {
  const std::string name = name_of(after);
  if (!before.from.empty() && (after.from.empty() || !each_source_in(after.from, before.from))) {
    laxness.found(after.rule.at, name + " may come from elsewhere" + line_before(before.rule.at));
  }
  if (!each_source_in(after.or_from, before.or_from)) {
    laxness.found(after.rule.at, name + " may come from elsewhere instead");
  }
  if (before.otherwise == Effect::deny && after.otherwise == Effect::hold) {
    laxness.found(after.rule.at, "a person may let another " + name + " pass");
  }
}

void compare_rule(const ArgumentRule& before, const ArgumentRule& after, PolicyDiff& laxness) {
  const std::string name = name_of(after);
  for (const Check& check : before.checks) {
    const bool kept = std::ranges::any_of(after.checks, [&](const Check& other) {
      return other.kind == check.kind && as_strict(check, other);
    });
    if (kept) continue;
    const auto same = std::ranges::find(after.checks, check.kind, &Check::kind);
    const std::string kind(to_string(check.kind));
    if (same == after.checks.end()) {
      laxness.found(after.rule.at, name + " is not checked with `" + kind + "` any more" +
                                       line_before(check.rule.at));
    } else {
      laxness.found(same->rule.at,
                    "`" + kind + "` of " + name + " lets more pass" + line_before(check.rule.at));
    }
  }
  compare_origins(before, after, laxness);
  if (before.required && !after.required) laxness.found(after.rule.at, name + " may be missing");
  if (after.min_items < before.min_items) {
    laxness.found(after.rule.at, name + " may have fewer items");
  }
  if (wants_nothing(after) && !wants_nothing(before)) {
    laxness.found(after.rule.at, name + " may be missing, because it has to be empty");
  }
  if (lifts(after) && !lifts(before)) {
    laxness.found(after.rule.at, name + " may hold line breaks");
  }
  if (unweighed(after) && !unweighed(before)) {
    laxness.found(after.rule.at, name + " may hold long encoded data");
  }
  if (has_base(after) && !has_base(before)) {
    laxness.found(after.rule.at, name + " is forwarded in another spelling");
  }
}

// A rule that was not there before: stricter, unless it takes a default check away, or is put
// together with another rule and softens that.
void compare_added(const ArgumentRule& rule, const ToolRule& before, const ToolRule& after,
                   PolicyDiff& laxness) {
  const std::string name = name_of(rule);
  if (lifts(rule)) laxness.found(rule.rule.at, name + " may hold line breaks");
  if (unweighed(rule)) laxness.found(rule.rule.at, name + " may hold long encoded data");
  if (has_base(rule)) laxness.found(rule.rule.at, name + " is forwarded in another spelling");
  const std::string_view whole = whole_name(rule);
  const bool named = std::ranges::find(before.named, whole) != before.named.end();
  if (!whole.empty() && !named && std::ranges::none_of(rule.checks, refuses_objects)) {
    laxness.found(rule.rule.at, name +
                                    " is named, and no check says that it is not an object: texts "
                                    "inside of one are not judged any more");
  }
  const bool soft = !rule.required || rule.min_items == 0 || wants_nothing(rule);
  if (!soft || !rule.plural.empty()) return;
  for (const ArgumentRule& other : after.arguments) {
    if (&other == &rule || !may_become_one(rule, other)) continue;
    laxness.found(rule.rule.at,
                  name + " may be missing, and " + name_of(other) + " is about the same argument");
    return;
  }
}

}  // namespace

void compare_rules(const ToolRule& before, const ToolRule& after, PolicyDiff& laxness) {
  for (const ArgumentRule& rule : before.arguments) {
    const ArgumentRule* now = counterpart(after.arguments, rule);
    if (now != nullptr) {
      compare_rule(rule, *now, laxness);
    } else {
      laxness.found(after.rule.at,
                    "no rule is about " + name_of(rule) + " any more" + line_before(rule.rule.at));
    }
  }
  for (const ArgumentRule& rule : after.arguments) {
    if (counterpart(before.arguments, rule) == nullptr) {
      compare_added(rule, before, after, laxness);
    }
  }
}

}  // namespace pawl
