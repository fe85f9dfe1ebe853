#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "kernel/classify/classify.h"
#include "kernel/policy/commands.h"
#include "kernel/policy/fit.h"

namespace pawl {
namespace {

std::string tool_name(const ToolDefinition& tool) {
  return tool.server.empty() ? tool.name : tool.server + "/" + tool.name;
}

}  // namespace

Reached reach(const Shape& arguments, const ArgumentPath& path) {
  const Shape* at = &arguments;
  for (const Step& step : path) {
    if (step.each) {
      at = at->type == ValueType::array ? at->element.get() : nullptr;
      if (at == nullptr) return {};
      continue;
    }
    at = into_elements(at);
    if (at == nullptr || at->type == ValueType::any) return {};
    const Shape::Property* property = at->find(step.name);
    if (property == nullptr) {
      if (at->unlisted) return {};
      Reached lost;
      lost.missing = step.name;
      for (const Shape::Property& one : at->properties) lost.candidates.push_back(one.name);
      return lost;
    }
    at = &property->shape;
  }
  Reached found;
  found.shape = at;
  return found;
}

namespace {

// The least that a stated class may claim. A name without a known verb says nothing, yet the
// description, the arguments and the annotations still do: they are read under the name of the most
// harmless tool there is.
Placement floor_of(const ToolDefinition& tool, const Packs& packs) {
  Placement placed = classify(tool, packs);
  if (placed.placed) return placed;
  ToolDefinition harmless = tool;
  harmless.name = "read";
  const Placement unnamed = classify_name(harmless.name);
  Placement rest = classify(harmless);
  if (rest.action_class == unnamed.action_class) return placed;
  if (rest.why.starts_with(unnamed.why + "; ")) rest.why.erase(0, unnamed.why.size() + 2);
  return rest;
}

// The tables of the packs that tell the calls of this tool apart, and the worst that they say. A
// tool that none of them knows is not placed: every call is irreversible and large.
void place_by_call(BoundTool& bound, const Packs& packs, std::string_view tool) {
  bound.action_class = kMostDangerous;
  bound.class_source = "by_call, and no pack knows the tool";
  for (const PackTool* known : described(packs, tool)) {
    if (known->by.empty()) continue;
    bound.action_class =
        bound.by_call.empty() ? known->worst() : more_dangerous(bound.action_class, known->worst());
    bound.by_call.push_back(known);
    bound.class_source = fmt::format("by_call: pack, by `{}`", escape_untrusted(known->by));
  }
}

// Of each case; nothing where none has any.
std::vector<std::vector<ArgumentRule>> limits_of(const ToolRule& entry) {
  std::vector<std::vector<ArgumentRule>> out;
  const auto& cases = entry.cases.list;
  if (std::ranges::all_of(cases, [](const Case& one) { return one.limits.empty(); })) return out;
  for (const Case& one : cases) out.push_back(one.limits);
  return out;
}

class Fitting {
 public:
  Fitting(const Policy& policy, const ToolRule& entry, const ToolDefinition& tool, Instant now)
      : policy_(policy), entry_(entry), tool_(tool), now_(now) {}

  BoundTool bind() {
    bound_.entry = &entry_;
    bound_.named = entry_.named;
    for (const ArgumentRule& rule : entry_.arguments) {
      if (rule.plural.empty()) bound_.arguments.push_back(rule);
    }
    for (const ArgumentRule& rule : entry_.arguments) {
      if (!rule.plural.empty()) bind_plural_rule(rule);
    }
    bound_.case_limits = limits_of(entry_);
    for (auto& limits : bound_.case_limits) {
      for (ArgumentRule& limit : limits) bind_limit(limit);
    }
    type_conditions(entry_, tool_, bound_);
    if (tool_.has_schema) {
      for (const ArgumentRule& rule : bound_.arguments) check_argument(rule);
      for (const Case& one : entry_.cases.list) {
        for (const ArgumentRule& rule : one.arguments) check_argument(rule);
      }
      for (const auto& limits : bound_.case_limits) {
        for (const ArgumentRule& limit : limits) check_argument(limit);
      }
      fit_counters(entry_, tool_, bound_);
      fit_named(entry_, tool_, bound_);
      check_records();
    }
    if (!tool_.validator_fault.empty()) {
      misfit(entry_.rule.at,
             fmt::format("the schema of `{}` cannot be checked: {}",
                         escape_untrusted(tool_name(tool_)), tool_.validator_fault));
    }
    trust_limits();
    if (entry_.commands != nullptr) bind_commands(entry_, tool_, bound_);
    place();
    place_cases();
    return std::move(bound_);
  }

 private:
  void misfit(const Position& at, std::string message) {
    bound_.misfits.push_back({ErrorKind::invalid, std::move(message), at});
  }

  void trust_limits() {
    if (tool_.validator == nullptr || tool_.validator->findings().empty()) return;
    for (const ArgumentRule& rule : bound_.arguments) {
      if ((rule.checks.empty() && rule.from.empty()) || rule.path.empty()) continue;
      std::vector<std::string>& names = bound_.trusted.emplace_back();
      for (const Step& step : rule.path) {
        if (!step.each) names.push_back(step.name);
      }
    }
  }

  // The argument that a plural means; empty where only the call can tell; nothing, and a misfit,
  // where neither can.
  std::optional<std::string> meant(const ArgumentRule& rule) {
    const auto name = bind_plural(rule.plural, tool_.arguments);
    if (name) return *name;
    if (name.error().fault == ErrorKind::missing && tool_.arguments.unlisted) {
      return unlisted(rule.plural);
    }
    misfit(rule.rule.at, fmt::format("`{}` of `{}`: {}", key_of(rule),
                                     escape_untrusted(tool_name(tool_)), name.error().message));
    return std::nullopt;
  }

  // Of arguments that the schema permits and does not list: the one that the entry names, else
  // whichever the call has.
  std::string unlisted(std::string_view plural) {
    const std::vector<std::string> readings = singulars(plural);
    const auto among = [](const std::vector<std::string>& names, const std::string& name) {
      return std::ranges::find(names, name) != names.end();
    };
    for (const std::string& reading : readings) {
      if (among(entry_.named, reading)) return reading;
    }
    for (const std::string& reading : readings) {
      if (!among(bound_.named, reading)) bound_.named.push_back(reading);
    }
    return {};
  }

  // A limit of a case stays beside the other rules: it holds in one situation only.
  void bind_limit(ArgumentRule& limit) {
    if (!tool_.has_schema) return;
    const auto name = meant(limit);
    if (!name || name->empty()) return;
    limit.plural.clear();
    limit.path = {Step{.name = *name, .each = false}};
  }

  // Without a schema the plural stays, and the call's own keys decide.
  void bind_plural_rule(const ArgumentRule& rule) {
    if (!tool_.has_schema) {
      bound_.arguments.push_back(rule);
      return;
    }
    const auto name = meant(rule);
    if (!name) return;
    if (name->empty()) {
      bound_.arguments.push_back(rule);
      return;
    }
    if (std::ranges::find(bound_.named, *name) == bound_.named.end()) bound_.named.push_back(*name);
    // All checks of one argument belong into one rule: what one of them forwards, all compare.
    for (ArgumentRule& other : bound_.arguments) {
      if (other.path.size() != 1 || other.path.front().each || other.path.front().name != *name) {
        continue;
      }
      // What may soften the other rule must not soften this one.
      if (!other.or_from.empty() || other.otherwise == Effect::hold) {
        if (std::ranges::find(other.checks, CheckKind::path, &Check::kind) == other.checks.end()) {
          break;
        }
        misfit(rule.rule.at,
               fmt::format("`{}` of `{}` is about the argument of line {}, which is "
                           "a path with `else` or `or_from`: write it there",
                           key_of(rule), escape_untrusted(tool_name(tool_)), other.rule.at.line));
        return;
      }
      other.checks.insert(other.checks.end(), rule.checks.begin(), rule.checks.end());
      return;
    }
    ArgumentRule bound = rule;
    bound.plural.clear();
    bound.path = {Step{.name = *name, .each = false}};
    bound_.arguments.push_back(std::move(bound));
  }

  static std::string key_of(const ArgumentRule& rule) {
    return rule.rule.path.substr(rule.rule.path.rfind('/') + 1);
  }

  void check_argument(const ArgumentRule& rule) {
    if (rule.path.empty()) return;
    const Reached reached = reach(tool_.arguments, rule.path);
    if (!reached.missing.empty()) {
      const std::string near = closest_match(reached.missing, reached.candidates);
      misfit(rule.rule.at,
             fmt::format(
                 "`{}` has no argument `{}`{}", escape_untrusted(tool_name(tool_)),
                 escape_untrusted(to_string(rule.path)),
                 near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
      return;
    }
    if (reached.shape == nullptr) return;
    for (const Check& check : rule.checks) check_kind(rule, check, *reached.shape);
  }

  void check_kind(const ArgumentRule& rule, const Check& check, const Shape& shape) {
    if (!fits_kind(check.kind, shape)) {
      misfit(check.rule.at,
             fmt::format("`{}` cannot be checked on `{}` of `{}`, which is of type {}",
                         to_string(check.kind), escape_untrusted(to_string(rule.path)),
                         escape_untrusted(tool_name(tool_)), to_string(shape.type)));
      return;
    }
    if (check.kind != CheckKind::in) return;
    const Shape* element = into_elements(&shape);
    if (element == nullptr) return;
    if (std::ranges::none_of(check.values, [&](const Literal& v) { return can_be(v, *element); })) {
      misfit(
          check.rule.at,
          fmt::format("no value can match: `{}` of `{}` cannot have any of the values listed",
                      escape_untrusted(to_string(rule.path)), escape_untrusted(tool_name(tool_))));
    }
  }

  void check_records() {
    if (!entry_.counts_records() || entry_.records_stated || entry_.records_by) return;
    if (const Status counted = countable(tool_.arguments); !counted) {
      const Rule& limit = entry_.max_records_per_run ? entry_.max_records_rule : entry_.rule;
      misfit(limit.at, fmt::format("the records of `{}` cannot be counted: {}; state `records:`",
                                   escape_untrusted(tool_name(tool_)), counted.error().message));
    }
  }

  bool risk_accepted() const {
    if (policy_.risks.empty()) return false;
    if (policy_.accepted(entry_.class_rule.path, now_) != nullptr) return true;
    return std::ranges::any_of(entry_.names, [this](const std::string& name) {
      const auto pattern = parse_name(name);
      return pattern && pattern->grants(tool_.server, tool_.name) &&
             policy_.accepted("tools/" + name + "/class", now_) != nullptr;
    });
  }

  // A case may not claim less than the knowledge base knows either.
  void place_cases() {
    for (const Case& one : entry_.cases.list) {
      if (!one.action_class) continue;
      const Placement floor = floor_of(tool_, policy_.packs);
      if (!floor.placed || !less_dangerous(*one.action_class, floor.action_class) ||
          policy_.accepted(one.class_rule.path, now_) != nullptr) {
        continue;
      }
      misfit(one.class_rule.at,
             fmt::format("a case states `{}` for `{}`, which is `{}` ({}), and no risk is accepted",
                         to_string(*one.action_class), escape_untrusted(tool_name(tool_)),
                         to_string(floor.action_class), escape_untrusted(floor.why)));
    }
  }

  void place() {
    if (entry_.class_by_call) {
      place_by_call(bound_, policy_.packs, tool_.name);
      return;
    }
    const Placement placement =
        entry_.stated_class ? floor_of(tool_, policy_.packs) : classify(tool_, policy_.packs);
    if (!entry_.stated_class) {
      bound_.action_class = placement.action_class;
      bound_.class_source = placement.why;
      return;
    }
    bound_.action_class = *entry_.stated_class;
    bound_.action_class.external_sink |= placement.placed && placement.action_class.external_sink;
    bound_.class_source = "stated";
    if (!placement.placed || !less_dangerous(*entry_.stated_class, placement.action_class) ||
        risk_accepted()) {
      return;
    }
    bound_.action_class = more_dangerous(*entry_.stated_class, placement.action_class);
    bound_.class_source = placement.why;
    misfit(entry_.class_rule.at,
           fmt::format("`{}` is stated for `{}`, which is `{}` ({}), and no risk is accepted",
                       to_string(*entry_.stated_class), escape_untrusted(tool_name(tool_)),
                       to_string(placement.action_class), escape_untrusted(placement.why)));
  }

  const Policy& policy_;
  const ToolRule& entry_;
  const ToolDefinition& tool_;
  Instant now_;
  BoundTool bound_;
};

// The class of an entry of which no definition is known: the most dangerous of its names.
Placement place_names(const ToolRule& entry, const Packs& packs) {
  std::optional<Placement> worst;
  for (const std::string& name : entry.names) {
    const auto pattern = parse_name(name);
    if (!pattern) continue;
    Placement one = classify_name(pattern->tool.text(), packs);
    if (worst && !less_dangerous(worst->action_class, one.action_class)) continue;
    worst = std::move(one);
  }
  return worst.value_or(Placement{kMostDangerous, false, "no name"});
}

}  // namespace

Class BoundTool::by_packs(json::View call) const {
  Class out = by_call.front()->of_call(call);
  for (const PackTool* known : by_call) out = more_dangerous(out, known->of_call(call));
  return out;
}

std::vector<Error> fit(const Policy& policy, const ToolRule& entry, const ToolDefinition& tool,
                       Instant now) {
  return Fitting(policy, entry, tool, now).bind().misfits;
}

void BoundTool::make_plan() {
  const auto asks = [](const ArgumentRule& rule) {
    return !rule.from.empty() || !rule.or_from.empty();
  };
  asks_origin = std::ranges::any_of(arguments, asks) ||
                (entry != nullptr && std::ranges::any_of(entry->cases.list, [&](const Case& one) {
                   return std::ranges::any_of(one.arguments, asks);
                 }));
  may_hold = std::ranges::any_of(arguments, &ArgumentRule::may_hold);
  for (ArgumentRule& rule : arguments) know_purpose(rule, shape());
  plan = ArgumentPlan::make(arguments, named, shape());
}

BoundTool bind(const Policy& policy, const ToolRule& entry,
               std::shared_ptr<const ToolDefinition> tool, Instant now) {
  if (tool != nullptr) {
    BoundTool bound = Fitting(policy, entry, *tool, now).bind();
    bound.definition = std::move(tool);
    bound.make_plan();
    return bound;
  }
  BoundTool bound;
  bound.entry = &entry;
  bound.arguments = entry.arguments;
  bound.named = entry.named;
  bound.case_limits = limits_of(entry);
  bound.conditions = entry.conditions;
  if (entry.class_by_call) {
    const auto only = entry.names.size() == 1 ? parse_name(entry.names.front())
                                              : fail(ErrorKind::invalid, "several names");
    place_by_call(bound, policy.packs, only ? std::string_view(only->tool.text()) : "");
    bound.make_plan();
    return bound;
  }
  const Placement placement = place_names(entry, policy.packs);
  bound.action_class = entry.stated_class.value_or(placement.action_class);
  bound.class_source = entry.stated_class ? "stated" : placement.why;
  if (entry.stated_class && placement.placed) {
    bound.action_class.external_sink |= placement.action_class.external_sink;
  }
  if (entry.commands != nullptr) name_lines(*entry.commands, bound);
  bound.make_plan();
  return bound;
}

namespace {

using Found = std::vector<std::pair<std::string, std::string>>;

// What one pointer leads to is found out once; what is beyond `most` has no fact.
void add_new(Found& all, Found more, std::size_t most) {
  std::set<std::string, std::less<>> known;
  for (const auto& [pointer, text] : all) known.insert(pointer);
  for (auto& one : more) {
    if (all.size() >= most) return;
    if (known.insert(one.first).second) all.push_back(std::move(one));
  }
}

}  // namespace

void type_conditions(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  bound.conditions = entry.conditions;
  if (entry.conditions.empty() || !tool.has_schema) return;
  const auto document = json::parse(tool.text, {.duplicate_keys = json::DuplicateKeys::permit});
  if (!document) {
    bound.misfits.push_back({ErrorKind::invalid, "its definition cannot be read", entry.rule.at});
    return;
  }
  const cel::TypeRef types = cel::type_of_schema(document->root()["inputSchema"]);
  for (auto& condition : bound.conditions) {
    auto typed = condition->retyped(types);
    if (typed) {
      condition = std::move(*typed);
      continue;
    }
    for (const Error& error : typed.error()) {
      bound.misfits.push_back({error.fault,
                               fmt::format("an expression does not fit `{}`: {}",
                                           escape_untrusted(tool.name), error.message),
                               error.at});
    }
  }
}

Found paths_to_resolve(const BoundTool& tool, json::View arguments) {
  Found found = paths_to_resolve(tool.arguments, arguments, tool.shape());
  for (const Case& one : tool.entry->cases.list) {
    if (one.arguments.empty()) continue;
    add_new(found, paths_to_resolve(one.arguments, arguments, tool.shape()), paths_resolved_max);
  }
  if (tool.entry->commands != nullptr) {
    add_new(found, files_to_resolve(tool, arguments), paths_resolved_max);
  }
  return found;
}

Found sql_to_read(const BoundTool& tool, json::View arguments) {
  Found found = sql_to_read(tool.arguments, arguments);
  for (const Case& one : tool.entry->cases.list) {
    if (one.arguments.empty()) continue;
    add_new(found, sql_to_read(one.arguments, arguments), sql_texts_max);
  }
  return found;
}

std::vector<OriginFact> find_origins(const BoundTool& tool, json::View arguments,
                                     const RunOrigins& known) {
  std::vector<OriginFact> found = find_origins(tool.arguments, arguments, known);
  for (const Case& one : tool.entry->cases.list) {
    for (OriginFact& fact : find_origins(one.arguments, arguments, known)) {
      const bool there = std::ranges::any_of(found, [&](const OriginFact& other) {
        return other.pointer == fact.pointer && other.part == fact.part &&
               other.source == fact.source;
      });
      if (!there) found.push_back(std::move(fact));
    }
  }
  return found;
}

namespace {

bool can_count(const Shape& shape, bool adds) {
  switch (shape.type) {
    case ValueType::any:
    case ValueType::integer:
    case ValueType::number:
      return true;
    case ValueType::string:
    case ValueType::boolean:
      return !adds;
    case ValueType::null:
    case ValueType::array:
    case ValueType::object:
      return false;
  }
  return false;
}

// A list that the path enters without saying `[]`: no such call is ever counted.
bool enters_list(const Shape& arguments, const ArgumentPath& path) {
  const Shape* at = &arguments;
  for (const Step& step : path) {
    if (at == nullptr) return false;
    if (!step.each && at->type == ValueType::array) return true;
    if (step.each) {
      at = at->element.get();
      continue;
    }
    const Shape::Property* property = at->find(step.name);
    at = property == nullptr ? nullptr : &property->shape;
  }
  return false;
}

}  // namespace

void fit_counters(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  const std::string name =
      escape_untrusted(tool.server.empty() ? tool.name : tool.server + "/" + tool.name);
  for (const CounterRule& counter : entry.counters) {
    for (const ArgumentPath* path : {&counter.add, &counter.by}) {
      if (path->empty()) continue;
      const bool adds = path == &counter.add;
      const std::string argument = escape_untrusted(to_string(*path));
      const Reached reached = reach(tool.arguments, *path);
      std::string says;
      if (!reached.missing.empty()) {
        const std::string near = closest_match(reached.missing, reached.candidates);
        says = fmt::format(
            "`{}` has no argument `{}`, which a counter {}{}", name, argument,
            adds ? "adds up" : "tells its sums apart by",
            near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near)));
      } else if (enters_list(tool.arguments, *path)) {
        says = fmt::format(
            "`{}` of `{}` is in a list: a counter adds up all elements of it with "
            "`[]`, and cannot tell sums apart by one",
            argument, name);
      } else if (reached.shape != nullptr && !can_count(*reached.shape, adds)) {
        says = fmt::format("a counter cannot {} `{}` of `{}`, which is of type {}",
                           adds ? "add up" : "tell its sums apart by", argument, name,
                           to_string(reached.shape->type));
      }
      if (!says.empty())
        bound.misfits.push_back({ErrorKind::invalid, std::move(says), counter.rule.at});
    }
  }
}

const Shape* into_elements(const Shape* shape) {
  while (shape != nullptr && shape->type == ValueType::array) shape = shape->element.get();
  return shape;
}

namespace {

bool satisfied(CheckTraits::Of want, const Shape& shape) {
  const Shape* element = into_elements(&shape);
  const ValueType type = element == nullptr ? ValueType::any : element->type;
  switch (want) {
    case CheckTraits::Of::anything:
      return true;
    case CheckTraits::Of::text:
      return type == ValueType::string || type == ValueType::any;
    case CheckTraits::Of::number:
      return type == ValueType::integer || type == ValueType::number || type == ValueType::any;
    case CheckTraits::Of::list:
      return shape.type == ValueType::array || shape.type == ValueType::any;
    case CheckTraits::Of::words:
      return (shape.type == ValueType::array || shape.type == ValueType::any) &&
             (type == ValueType::string || type == ValueType::any);
  }
  return false;
}

}  // namespace

bool fits_kind(CheckKind kind, const Shape& shape) {
  return satisfied(traits(kind).of, shape);
}

bool can_be(const Literal& value, const Shape& shape) {
  if (shape.choices) return std::ranges::find(*shape.choices, value.json) != shape.choices->end();
  const bool truth = value.json == "true" || value.json == "false";
  switch (shape.type) {
    case ValueType::any:
      return true;
    case ValueType::boolean:
      return truth && !value.string;
    case ValueType::integer:
    case ValueType::number:
      return value.number.has_value() || value.integer.has_value();
    case ValueType::string:
      return value.string.has_value();
    case ValueType::null:
    case ValueType::array:
    case ValueType::object:
      return false;
  }
  return false;
}

namespace {

class Named {
 public:
  Named(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound)
      : entry_(entry), tool_(tool), bound_(bound) {}

  void fit() {
    if (entry_.environment_by != nullptr) {
      look(entry_.environment_by->argument, entry_.environment_by->rule, "environment");
    }
    if (entry_.credential_by != nullptr) {
      look(entry_.credential_by->argument, entry_.credential_by->rule, "credential");
    }
    type(entry_.approval.typed);
    type(entry_.cases);
    if (entry_.commands == nullptr) return;
    for (const CommandRow& row : entry_.commands->rows) {
      type(row.approval.typed);
      type(row.cases);
    }
  }

 private:
  void misfit(const Rule& rule, std::string message) {
    bound_.misfits.push_back({ErrorKind::invalid, std::move(message), rule.at});
  }

  std::string tool() const {
    return escape_untrusted(tool_.server.empty() ? tool_.name : tool_.server + "/" + tool_.name);
  }

  void look(const ArgumentPath& path, const Rule& rule, std::string_view what) {
    if (reach(tool_.arguments, path).missing.empty()) return;
    misfit(rule, fmt::format("`{}` has no argument `{}`, which would name the {} of a call", tool(),
                             escape_untrusted(to_string(path)), what));
  }

  void type(const Cases& cases) {
    for (const Case& one : cases.list) type(one.approval.typed);
  }

  void type(const std::optional<TypedText>& typed) {
    const auto path = typed ? parse_argument_path(typed->argument) : ArgumentPath();
    if (!path || path->empty()) return;
    const std::string argument = escape_untrusted(typed->argument);
    const Reached reached = reach(tool_.arguments, *path);
    if (!reached.missing.empty()) {
      misfit(typed->rule, fmt::format("`{}` has no argument `{}`, which a reviewer would type",
                                      tool(), argument));
      return;
    }
    const ValueType kind = reached.shape == nullptr ? ValueType::any : reached.shape->type;
    if (kind == ValueType::any || kind == ValueType::string || kind == ValueType::integer ||
        kind == ValueType::number) {
      return;
    }
    misfit(typed->rule, fmt::format("`{}` of `{}` cannot be typed by a reviewer: it is of type {}",
                                    argument, tool(), to_string(kind)));
  }

  const ToolRule& entry_;
  const ToolDefinition& tool_;
  BoundTool& bound_;
};

}  // namespace

void fit_named(const ToolRule& entry, const ToolDefinition& tool, BoundTool& bound) {
  Named(entry, tool, bound).fit();
}

}  // namespace pawl
