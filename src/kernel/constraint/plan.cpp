#include "kernel/constraint/plan.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "kernel/constraint/argument_path.h"
#include "kernel/constraint/check_value.h"
#include "kernel/constraint/compiled.h"

namespace pawl {
namespace {

constexpr std::size_t rules_max = 64;
constexpr std::size_t names_max = 512;
constexpr std::size_t slots_least = 8;
constexpr std::uint16_t free_slot = std::numeric_limits<std::uint16_t>::max();

// A rule about one plain argument at the top, whose checks judge one value alone.
bool judges_one_value(const ArgumentRule& rule) {
  if (rule.path.size() != 1 || rule.path[0].each || rule.min_items > 1) return false;
  if (!rule.from.empty()) return false;  // where a value came from is a fact
  return std::ranges::none_of(rule.checks, [](const Check& check) {
    return check.kind == CheckKind::path ||
           (check.kind == CheckKind::max_items && check.count < 1) ||
           (check.kind == CheckKind::min_items && check.count > 1);
  });
}

// An integer that a reader with doubles sees as the same one.
bool exact_integer(std::int64_t value) {
  return value <= exact_in_double_max && value >= -exact_in_double_max;
}

}  // namespace

std::unique_ptr<const ArgumentPlan> ArgumentPlan::make(std::span<const ArgumentRule> rules,
                                                       std::span<const std::string> named,
                                                       const Shape* shape) {
  if (rules.size() > rules_max) return nullptr;
  std::unique_ptr<ArgumentPlan> plan(new ArgumentPlan(rules, named, shape));
  if (!plan->learn_names()) return nullptr;
  plan->all_ = rules.empty() ? 0 : ~std::uint64_t{0} >> (64 - rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) plan->learn_rule(i);
  plan->fill_slots();
  return plan;
}

bool ArgumentPlan::learn_names() {
  if (named_.size() + (shape_ == nullptr ? 0 : shape_->properties.size()) > names_max) return false;
  for (const std::string& name : named_) learn(first_step(name).name);
  if (shape_ == nullptr) return true;
  for (const Shape::Property& property : shape_->properties) learn(property.name);
  return true;
}

ArgumentPlan::Known* ArgumentPlan::known(std::string_view name) {
  const auto found = std::ranges::find_if(known_, [&](const Known& k) { return k.name == name; });
  return found == known_.end() ? nullptr : &*found;
}

bool ArgumentPlan::near_a_named_one(std::string_view name) const {
  return std::ranges::any_of(
      named_, [&](const std::string& n) { return near_name(name, first_step(n).name); });
}

// Whatever the defaults could hold against a name itself keeps it out: it stays a stranger.
void ArgumentPlan::learn(std::string_view name) {
  if (known(name) != nullptr) return;
  const bool whole =
      std::ranges::any_of(named_, [&](const std::string& n) { return names_whole(n, name); });
  const bool inside =
      std::ranges::any_of(named_, [&](const std::string& n) { return names_inside(n, name); });
  if (!whole && !inside && near_a_named_one(name)) return;
  const Shape::Property* property = shape_ == nullptr ? nullptr : shape_->find(name);
  if (!whole && !inside && shape_ != nullptr && property == nullptr) return;
  Known one;
  one.key = TextKey::of(name);
  one.name = name;
  one.shape = property == nullptr ? nullptr : &property->shape;
  one.lines_settled =
      whole || (one.shape == nullptr ? names_long_text(name) : one.shape->long_text);
  known_.push_back(std::move(one));
}

void ArgumentPlan::learn_rule(std::size_t index) {
  const ArgumentRule& rule = rules_[index];
  if (!judges_one_value(rule)) return;
  const std::string& name = rule.path[0].name;
  const std::uint64_t bit = std::uint64_t{1} << index;
  const bool alone =
      std::ranges::none_of(known_, [&](const Known& k) { return near_name(k.name, name); });
  if (!rule.required && alone) may_be_absent_ |= bit;
  Known* one = known(name);
  if (one == nullptr || one->rule != 0) {
    // A member of that name would not be seen, so its absence cannot be seen either.
    may_be_absent_ &= ~bit;
    return;
  }
  one->rule = bit;
  for (const Check& check : rule.checks) {
    one->steps.push_back(step_of(check));
    one->compared_whole = one->compared_whole || traits(check.kind).compares_whole;
  }
}

void ArgumentPlan::fill_slots() {
  slots_.assign(std::bit_ceil(std::max(slots_least, 2 * known_.size())), free_slot);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    std::size_t at = known_[i].key.hash() & mask;
    while (slots_[at] != free_slot) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint16_t>(i);
  }
}

ArgumentPlan::Step ArgumentPlan::step_of(const Check& check) {
  Step step;
  step.check = &check;
  if (check.kind == CheckKind::in && check.index != nullptr) {
    step.way = Way::among_texts;
    step.set = &index_of<CheckKind::in>(check);
  } else if (check.kind == CheckKind::max && check.exact_bound) {
    step.way = Way::at_most;
    step.bound = *check.exact_bound;
  } else if (check.kind == CheckKind::min && check.exact_bound) {
    step.way = Way::at_least;
    step.bound = *check.exact_bound;
  } else if (check.kind == CheckKind::max_length) {
    step.way = Way::bytes_at_most;
    step.bytes = check.count;
  } else if (check.kind == CheckKind::prefix && check.texts.size() == 1 &&
             !check.texts.front().empty() && check.texts.front().size() <= 8) {
    step.way = Way::begins_short;
    step.bytes = check.texts.front().size();
    step.begin = TextKey::of(check.texts.front()).head;
  }
  return step;
}

bool ArgumentPlan::passes_in_general(const Step& step, const Known& known, json::View value) {
  const std::string_view text = value.is_string() ? value.string() : std::string_view{};
  return !object_to(*step.check, {value, text, known.shape});
}

// Inlined where it is used: every member of every call is looked up.
inline const ArgumentPlan::Known* ArgumentPlan::find(std::string_view name) const {
  const TextKey key = TextKey::of(name);
  const std::uint16_t* const slots = slots_.data();
  const Known* const known = known_.data();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = key.hash() & mask; slots[at] != free_slot; at = (at + 1) & mask) {
    const Known& one = known[slots[at]];
    if (one.key == key && (key.exact() || one.name == name)) return &one;
  }
  return nullptr;
}

ArgumentPlan::Passed ArgumentPlan::judge_text(const Known& known, json::View value) {
  const std::string_view text = value.string();
  const TextKey key = TextKey::of(text);
  bool passes = true;
  for (const Step& step : known.steps) {
    switch (step.way) {
      case Way::among_texts:
        passes = static_cast<const LiteralSet*>(step.set)->contains_text(text, key);
        break;
      case Way::begins_short:
        // All bytes but the first ones are shifted out. A shorter text has zeros behind its end,
        // which the policy may ask for: it does not begin with them.
        passes = text.size() >= step.bytes && (key.head ^ step.begin) << (64 - 8 * step.bytes) == 0;
        break;
      case Way::bytes_at_most:
        passes = text.size() <= step.bytes || passes_in_general(step, known, value);
        break;
      case Way::at_most:
      case Way::at_least:
        passes = false;  // only numbers do
        break;
      case Way::in_general:
        passes = passes_in_general(step, known, value);
        break;
    }
    if (!passes) return {false, known.lines_settled || !breaks_line(text)};
  }
  // Line breaks are looked for once, and only where they are needed.
  const bool rule_settled = known.rule == 0 || known.compared_whole;
  if (rule_settled && known.lines_settled) return {true, true};
  const bool plain = !breaks_line(text);
  return {rule_settled || plain, known.lines_settled || plain};
}

ArgumentPlan::Passed ArgumentPlan::judge_integer(const Known& known, json::View value) {
  const std::int64_t number = value.integer();
  const bool exact = exact_integer(number);
  bool passes = true;
  for (const Step& step : known.steps) {
    if (step.way == Way::at_most && exact) {
      passes = number <= step.bound;
    } else if (step.way == Way::at_least && exact) {
      passes = number >= step.bound;
    } else {
      passes = passes_in_general(step, known, value);
    }
    if (!passes) break;
  }
  return {passes, exact || !inexact(value, known.shape)};
}

inline ArgumentPlan::Passed ArgumentPlan::judge(const Known& known, json::View value) {
  bool defaults = true;
  switch (value.kind()) {
    case json::Kind::string:
      return judge_text(known, value);
    case json::Kind::integer:
      return judge_integer(known, value);
    case json::Kind::null:
    case json::Kind::boolean:
    case json::Kind::number:
      break;
    case json::Kind::natural:
      defaults = !inexact(value, known.shape);
      break;
    case json::Kind::array:
      return {false, false};
    case json::Kind::object:
      defaults = false;
      break;
  }
  for (const Step& step : known.steps) {
    if (!passes_in_general(step, known, value)) return {false, defaults};
  }
  return {true, defaults};
}

Unsettled ArgumentPlan::look(json::View arguments) const {
  std::uint64_t present = 0;
  std::uint64_t failed = 0;
  bool defaults_pass = true;
  bool strangers = false;
  for (auto [name, value] : arguments.members()) {
    const Known* one = find(name);
    if (one == nullptr) {
      strangers = true;
      continue;
    }
    const Passed passed = judge(*one, value);
    present |= one->rule;
    failed |= passed.rule ? 0 : one->rule;
    defaults_pass &= passed.defaults;
  }
  std::uint64_t settled = present & ~failed;
  // A stranger may have nearly the name of an argument that is absent.
  if (!strangers) settled |= may_be_absent_ & ~present;
  return {all_ & ~settled, strangers || !defaults_pass};
}

}  // namespace pawl
