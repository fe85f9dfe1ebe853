#include "kernel/strictness/strictness.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "kernel/policy/models.h"
#include "kernel/strictness/parts.h"

namespace pawl {

namespace {

// A name of an entry, as a pattern.
struct Granted {
  NamePattern pattern;
  const ToolRule* entry;
  const std::string* written;
};

std::vector<Granted> granted(const Policy& policy) {
  std::vector<Granted> out;
  for (const std::vector<ToolRule>* entries : {&policy.tools, &policy.models}) {
    for (const ToolRule& entry : *entries) {
      for (const std::string& name : entry.names) {
        if (auto pattern = parse_name(name)) out.push_back({std::move(*pattern), &entry, &name});
      }
    }
  }
  return out;
}

// No name of a tool reaches a model, whatever it matches.
bool of_model(const Granted& name) {
  return is_model_server(*name.written);
}

bool contains(const Granted& wide, const Granted& narrow) {
  return of_model(wide) == of_model(narrow) &&
         wide.pattern.reserved() == narrow.pattern.reserved() &&
         wide.pattern.contains(narrow.pattern);
}

bool overlaps(const Granted& a, const Granted& b) {
  return of_model(a) == of_model(b) && a.pattern.reserved() == b.pattern.reserved() &&
         a.pattern.overlaps(b.pattern);
}

// The names of a policy, for the question which of them meet a name of the other one. Globs are
// few; exact names are looked up by their tool.
class Names {
 public:
  explicit Names(std::vector<Granted> all) : all_(std::move(all)) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const NamePart& tool = all_[i].pattern.tool;
      if (tool.glob()) {
        globs_.push_back(i);
      } else {
        exact_[tool.text()].push_back(i);
      }
    }
  }

  const std::vector<Granted>& all() const { return all_; }

  std::vector<const Granted*> meeting(const Granted& name) const {
    std::vector<const Granted*> out;
    const auto add = [&](std::size_t i) {
      if (overlaps(all_[i], name)) out.push_back(&all_[i]);
    };
    for (std::size_t i : globs_) add(i);
    if (!name.pattern.tool.glob()) {
      const auto found = exact_.find(name.pattern.tool.text());
      if (found != exact_.end()) std::ranges::for_each(found->second, add);
      return out;
    }
    for (const auto& [text, places] : exact_) std::ranges::for_each(places, add);
    return out;
  }

  // Some name between the two takes every call of `narrow` away from `wide`.
  bool hidden(const Granted& wide, const Granted& narrow) const {
    return std::ranges::any_of(meeting(narrow), [&](const Granted* between) {
      return contains(wide, *between) && !contains(*between, wide) && contains(*between, narrow);
    });
  }

 private:
  std::vector<Granted> all_;
  std::vector<std::size_t> globs_;
  std::unordered_map<std::string, std::vector<std::size_t>> exact_;
};

// Every call that the new policy grants was granted, by an entry that was no stricter.
void compare_tools(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  const Names old_names(granted(before));
  const Names new_names(granted(after));
  std::set<std::pair<const ToolRule*, const ToolRule*>> done;
  for (const Granted& name : new_names.all()) {
    const std::vector<const Granted*> meeting = old_names.meeting(name);
    const bool known =
        std::ranges::any_of(meeting, [&](const Granted* other) { return contains(*other, name); });
    if (!known) {
      laxness.found(name.entry->rule.at, "`" + escape_untrusted(*name.written) + "` is granted");
      continue;
    }
    for (const Granted* other : meeting) {
      if (contains(*other, name) && old_names.hidden(*other, name)) continue;
      if (contains(name, *other) && new_names.hidden(name, *other)) continue;
      if (!done.emplace(other->entry, name.entry).second) continue;
      compare_entries({before, after, *other->entry, *name.entry}, laxness);
    }
  }
}

void compare_blocked(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  std::vector<NamePattern> now;
  std::set<std::string_view> texts;
  for (const BlockedName& name : after.blocked) {
    texts.insert(name.folded);
    auto pattern = parse_name(name.folded);
    if (pattern && pattern->glob()) now.push_back(std::move(*pattern));
  }
  for (const BlockedName& name : before.blocked) {
    if (texts.contains(name.folded)) continue;
    const auto pattern = parse_name(name.folded);
    const bool covered = pattern && std::ranges::any_of(now, [&](const NamePattern& wider) {
                           return wider.any_server && wider.contains(*pattern);
                         });
    if (covered) continue;
    laxness.found(after.default_rule.at, "`" + escape_untrusted(name.folded) +
                                             "` is not blocked any more" +
                                             line_before(name.rule.at));
  }
}

template <class T, class Shown>
void compare_ceiling(std::string_view key, const std::optional<T>& before,
                     const std::optional<T>& after, const Rule& rule, const Policy& policy,
                     Shown shown, PolicyDiff& laxness) {
  if (not_above(after, before)) return;
  laxness.found(after ? rule.at : policy.agent_rule.at,
                fmt::format("`{}` was {} and is {}", key, shown(*before),
                            after ? shown(*after) : std::string("gone")));
}

void compare_ceilings(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  const Ceilings& was = before.ceilings;
  const Ceilings& is = after.ceilings;
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  const auto nanos = [](std::uint64_t n) { return fmt::format("{} nano-dollars", n); };
  const auto time = [](Duration d) { return to_string(d); };
  compare_ceiling("max_steps", was.steps, is.steps, is.steps_rule, after, number, laxness);
  compare_ceiling("max_denials", was.denials, is.denials, is.denials_rule, after, number, laxness);
  compare_ceiling("max_repeats", was.repeats, is.repeats, is.repeats_rule, after, number, laxness);
  compare_ceiling("max_tokens_per_run", was.tokens, is.tokens, is.tokens_rule, after, number,
                  laxness);
  compare_ceiling("max_input_tokens", was.input_tokens, is.input_tokens, is.input_rule, after,
                  number, laxness);
  compare_ceiling("max_output_tokens", was.output_tokens, is.output_tokens, is.output_rule, after,
                  number, laxness);
  compare_ceiling("max_model_calls", was.model_calls, is.model_calls, is.model_calls_rule, after,
                  number, laxness);
  compare_ceiling("max_cost_usd", was.cost_nano_usd, is.cost_nano_usd, is.cost_rule, after, nanos,
                  laxness);
  compare_ceiling("max_wall_clock", was.wall_clock, is.wall_clock, is.wall_clock_rule, after, time,
                  laxness);
  if (was.notify != is.notify) {
    laxness.found(is.steps_rule.at, "`on_budget_exceeded` tells another person");
  }
}

bool same_weeks(const Freeze& a, const Freeze& b) {
  if (!a.weekly || !b.weekly) return !a.weekly && !b.weekly;
  return a.weekly->from <= b.weekly->from && a.weekly->until >= b.weekly->until &&
         a.weekly->zone->name() == b.weekly->zone->name() &&
         a.weekly->zone->bytes() == b.weekly->zone->bytes();
}

bool everywhere(const Freeze& wide, const Freeze& narrow) {
  return wide.env.empty() ||
         (!narrow.env.empty() && std::ranges::all_of(narrow.env, [&](Environment one) {
           return std::ranges::find(wide.env, one) != wide.env.end();
         }));
}

bool covers(const Freeze& wide, const Freeze& narrow) {
  return same_weeks(wide, narrow) && everywhere(wide, narrow) && wide.from <= narrow.from &&
         wide.until >= narrow.until && wide.then >= narrow.then &&
         std::ranges::all_of(narrow.stop, [&](Reversibility mark) {
           return std::ranges::find(wide.stop, mark) != wide.stop.end();
         });
}

void compare_freezes(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  for (const Freeze& freeze : before.freezes) {
    const bool kept = std::ranges::any_of(
        after.freezes, [&](const Freeze& other) { return covers(other, freeze); });
    if (kept) continue;
    laxness.found(after.agent_rule.at, "the freeze `" + escape_untrusted(freeze.name) +
                                           "` is gone or stops less" + line_before(freeze.rule.at));
  }
}

void compare_risks(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  for (const AcceptedRisk& risk : after.risks) {
    const bool known = std::ranges::any_of(before.risks, [&](const AcceptedRisk& other) {
      return other.path == risk.path && other.until >= risk.until;
    });
    if (!known)
      laxness.found(risk.rule.at, "the risk `" + escape_untrusted(risk.path) + "` is accepted");
  }
}

// More to ask for is more that people may be talked into; a line that stays may only be tighter.
void compare_askable(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  for (const Askable& now : after.askable) {
    const bool known = std::ranges::any_of(before.askable, [&](const Askable& was) {
      PolicyDiff rules;
      compare_rules(was.what, now.what, rules);
      return std::ranges::all_of(now.what.names,
                                 [&](const std::string& name) {
                                   return std::ranges::find(was.what.names, name) !=
                                          was.what.names.end();
                                 }) &&
             rules.take().empty() && now.lasts <= was.lasts &&
             not_above(now.what.max_calls_per_run, was.what.max_calls_per_run) &&
             now.what.approval.reviewers == was.what.approval.reviewers;
    });
    if (known) continue;
    laxness.found(now.what.rule.at, "`" + escape_untrusted(now.what.key) + "` may be asked for");
  }
}

// The words of the entries are compared with them.
void compare_secrets(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  if (std::ranges::includes(after.secrets.texts, before.secrets.texts)) return;
  laxness.found(after.secrets.rule.at.line > 0 ? after.secrets.rule.at : after.agent_rule.at,
                "`secrets` lists fewer texts" + line_before(before.secrets.rule.at));
}

bool same_contacts(const Policy& before, const Policy& after) {
  return std::ranges::equal(before.contacts, after.contacts,
                            [](const Contact& a, const Contact& b) {
                              return a.name == b.name && a.via == b.via && a.after == b.after;
                            });
}

// A pack may place a tool that nothing else places, so another set of them may be laxer.
void compare_packs(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  const auto digests = [](const Policy& policy) {
    std::set<Digest> out;
    for (const auto& pack : policy.packs) out.insert(pack->digest);
    return out;
  };
  if (digests(before) == digests(after)) return;
  laxness.found(after.agent_rule.at, "`use` names other packs than before");
}

void compare_agent(const Policy& before, const Policy& after, PolicyDiff& laxness) {
  const Position& at = after.agent_rule.at;
  if (before.version != after.version) laxness.found(at, "`version` is another one");
  if (before.agent != after.agent) laxness.found(at, "it governs another agent");
  if (before.identity != after.identity) laxness.found(at, "`identity` is another one");
  if (!before.owner.empty() && before.owner != after.owner) {
    laxness.found(at, "`owner` is another person");
  }
  if (before.environment != after.environment && after.environment != Environment::production) {
    laxness.found(at, fmt::format("`environment` was {} and is {}", to_string(before.environment),
                                  to_string(after.environment)));
  }
  if (!same_contacts(before, after)) {
    laxness.found(after.contacts.empty() ? at : after.contacts.front().at,
                  "`escalation` tells or runs something else");
  }
}

}  // namespace

std::vector<Laxer> laxer_parts(const Policy& before, const Policy& after) {
  PolicyDiff laxness;
  compare_agent(before, after, laxness);
  compare_tools(before, after, laxness);
  compare_blocked(before, after, laxness);
  compare_ceilings(before, after, laxness);
  compare_freezes(before, after, laxness);
  compare_layers(before, after, laxness);
  compare_packs(before, after, laxness);
  compare_risks(before, after, laxness);
  compare_secrets(before, after, laxness);
  compare_askable(before, after, laxness);
  std::vector<Laxer> parts = laxness.take();
  std::ranges::sort(parts, [](const Laxer& a, const Laxer& b) {
    return std::tie(a.at.line, a.at.column, a.says) < std::tie(b.at.line, b.at.column, b.says);
  });
  return parts;
}

std::string laxer_text(const std::vector<Laxer>& parts, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(parts.size(), most); ++i) {
    if (i > 0) text += "; ";
    const Position& at = parts[i].at;
    if (at.line > 0) text += fmt::format("{}:{}: ", escape_untrusted(at.file), at.line);
    text += parts[i].says;
  }
  if (parts.size() > most) text += fmt::format("; and {} more", parts.size() - most);
  return text;
}

}  // namespace pawl
