#include "analysis/check/domain.h"

#include <algorithm>
#include <cmath>

#include "analysis/check/comparison.h"

namespace pawl::checking {
namespace {

using cel::Form;
using cel::Node;
using cel::NodeId;
using cel::Tree;

bool has(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::any_of(list, [&](const std::string& one) { return same_value(one, value); });
}

Answer every(bool some_true, bool some_false) {
  if (some_true == some_false) return Answer::open;
  return some_true ? Answer::always : Answer::never;
}

Answer judge_members(const Comparison& asked, const std::vector<std::string>& members) {
  bool some_true = false, some_false = false;
  for (const std::string& member : members) {
    bool is = false;
    if (asked.among) {
      is = has(asked.values, member);
    } else if (asked.how == Compares::equal || asked.how == Compares::unequal) {
      is = same_value(member, asked.values[0]) == (asked.how == Compares::equal);
    } else {
      const auto x = number_of(member);
      const auto y = number_of(asked.values[0]);
      if (!x || !y) return Answer::open;
      is = holds(asked.how, *x, *y);
    }
    (is ? some_true : some_false) = true;
  }
  return every(some_true, some_false);
}

// Both ends of a range; an end that is open counts as a little inside, which no literal is.
Answer judge_range(Compares how, const Domain& domain, double value) {
  using enum Compares;
  const bool over =
      domain.least && (*domain.least > value || (domain.above && *domain.least == value));
  const bool under =
      domain.most && (*domain.most < value || (domain.below && *domain.most == value));
  const bool from = domain.least && *domain.least >= value;
  const bool to = domain.most && *domain.most <= value;
  switch (how) {
    case equal:
      return over || under ? Answer::never : Answer::open;
    case unequal:
      return over || under ? Answer::always : Answer::open;
    case less:
      return under ? Answer::always : (from ? Answer::never : Answer::open);
    case at_most:
      return to ? Answer::always : (over ? Answer::never : Answer::open);
    case more:
      return over ? Answer::always : (to ? Answer::never : Answer::open);
    case at_least:
      return from ? Answer::always : (under ? Answer::never : Answer::open);
  }
  return Answer::open;
}

bool outside(const Domain& domain, const std::string& value) {
  const auto number = number_of(value);
  const bool range = domain.least || domain.most;
  if (range && !number) return true;
  return has(domain.never, value) ||
         (range && judge_range(Compares::equal, domain, *number) == Answer::never);
}

Answer judge_comparison(const Comparison& asked, const Domain& domain) {
  if (domain.among) {
    std::vector<std::string> left;
    for (const std::string& member : *domain.among) {
      if (!outside(domain, member)) left.push_back(member);
    }
    return left.empty() ? Answer::open : judge_members(asked, left);
  }
  if (asked.among || asked.how == Compares::equal || asked.how == Compares::unequal) {
    const bool none = std::ranges::all_of(
        asked.values, [&](const std::string& value) { return outside(domain, value); });
    if (!none) return Answer::open;
    return asked.how == Compares::unequal ? Answer::always : Answer::never;
  }
  const auto value = number_of(asked.values[0]);
  return value ? judge_range(asked.how, domain, *value) : Answer::open;
}

void keep(Domain& domain, const std::vector<std::string>& values) {
  if (!domain.among) {
    domain.among = values;
  } else {
    std::erase_if(*domain.among, [&](const std::string& one) { return !has(values, one); });
  }
}

void bound(Domain& domain, Compares how, double value) {
  using enum Compares;
  const bool low = how == more || how == at_least;
  std::optional<double>& end = low ? domain.least : domain.most;
  bool& open = low ? domain.above : domain.below;
  const bool strict = how == more || how == less;
  if (!end || (low ? value > *end : value < *end)) {
    end = value;
    open = strict;
  } else if (*end == value) {
    open = open || strict;
  }
}

// What is left where the comparison is true, or false.
void narrow_by(Comparison asked, bool truth, Domain& domain) {
  domain.present = true;
  if (asked.among) {
    if (truth) return keep(domain, asked.values);
    domain.never.insert(domain.never.end(), asked.values.begin(), asked.values.end());
    return;
  }
  if (!truth) asked.how = contrary(asked.how);
  if (asked.how == Compares::equal) return keep(domain, asked.values);
  if (asked.how == Compares::unequal) return domain.never.push_back(asked.values[0]);
  if (const auto value = number_of(asked.values[0])) bound(domain, asked.how, *value);
}

class Judge {
 public:
  explicit Judge(const Tree& tree) : tree_(tree) {}

  Answer look(NodeId id, Domains& domains) const {  // NOLINT(misc-no-recursion)
    const Node& node = tree_[id];
    if (node.form == Form::literal && node.literal == cel::Literal::boolean) {
      return node.as.boolean ? Answer::always : Answer::never;
    }
    if (node.form == Form::call && node.text == "!_") {
      return negated(look(node.parts[0], domains));
    }
    if (node.form == Form::all_of) return chain(node, domains, true);
    if (node.form == Form::any_of) return chain(node, domains, false);
    if (node.form == Form::select && node.present) {
      const auto known = domains.find(asked_for(node));
      return known != domains.end() && known->second.present ? Answer::always : Answer::open;
    }
    const auto asked = comparison_of(tree_, id);
    if (!asked) return Answer::open;
    const auto known = domains.find(asked->name);
    return known == domains.end() ? Answer::open : judge_comparison(*asked, known->second);
  }

  void names(NodeId id, std::vector<std::string>& into) const {  // NOLINT(misc-no-recursion)
    const Node& node = tree_[id];
    if (node.form == Form::select && node.present) return;
    const std::string name = name_of(tree_, id);
    if (!name.empty()) return into.push_back(name);
    for (const NodeId part : node.parts) names(part, into);
  }

 private:
  static Answer negated(Answer answer) {
    return answer == Answer::open ? answer
                                  : (answer == Answer::always ? Answer::never : Answer::always);
  }

  std::string asked_for(const Node& node) const {
    const std::string left = name_of(tree_, node.parts[0]);
    return left.empty() ? left : left + "." + node.text;
  }

  // `&&`, or `||`: each part is only looked at where the ones before it decided nothing.
  Answer chain(const Node& node, Domains& domains, bool all) const {  // NOLINT(misc-no-recursion)
    const Answer decides = all ? Answer::never : Answer::always;
    Domains left = domains;
    bool open = false;
    for (const NodeId part : node.parts) {
      const Answer answer = look(part, left);
      if (answer == decides) return decides;
      open = open || answer == Answer::open;
      narrow(part, all, left);
    }
    return open ? Answer::open : negated(decides);
  }

  void narrow(NodeId id, bool truth, Domains& domains) const {  // NOLINT(misc-no-recursion)
    const Node& node = tree_[id];
    if (node.form == Form::call && node.text == "!_") return narrow(node.parts[0], !truth, domains);
    if (node.form == (truth ? Form::all_of : Form::any_of)) {
      for (const NodeId part : node.parts) narrow(part, truth, domains);
      return;
    }
    if (node.form == Form::select && node.present && truth) {
      if (const std::string name = asked_for(node); !name.empty()) domains[name].present = true;
      return;
    }
    if (const auto asked = comparison_of(tree_, id)) narrow_by(*asked, truth, domains[asked->name]);
  }

  const Tree& tree_;
};

}  // namespace

void Domain::narrow(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    std::vector<std::string> values;
    for (const Literal& value : check.values) values.push_back(value.json);
    if (check.kind == CheckKind::in) {
      keep(*this, values);
    } else if (check.kind == CheckKind::not_in) {
      never.insert(never.end(), values.begin(), values.end());
    } else if (check.kind == CheckKind::min || check.kind == CheckKind::max) {
      const double end =
          check.exact_bound ? static_cast<double>(*check.exact_bound) : check.bound.value_or(NAN);
      if (!(std::abs(end) <= exact_max)) continue;
      bound(*this, check.kind == CheckKind::min ? Compares::at_least : Compares::at_most, end);
    }
  }
}

bool Domain::empty() const {
  if (least && most && (*least > *most || (*least == *most && (above || below)))) return true;
  return among &&
         std::ranges::all_of(*among, [this](const auto& one) { return outside(*this, one); });
}

void add_rules(const std::vector<ArgumentRule>& rules, Domains& into) {
  for (const ArgumentRule& rule : rules) {
    const bool each = std::ranges::any_of(rule.path, [](const Step& step) { return step.each; });
    if (rule.path.empty() || each) continue;
    const auto none = [](const Check& check) {
      return check.kind == CheckKind::max_items && check.count == 0;
    };
    Domain& domain = into["args." + to_string(rule.path)];
    domain.present = domain.present || (rule.required && std::ranges::none_of(rule.checks, none));
    // A value that the checks refuse may still pass by its origin, or because a person said so.
    if (rule.or_from.empty() && rule.otherwise == Effect::deny) domain.narrow(rule.checks);
  }
}

void add_shape(const Shape& shape, Domains& into) {
  for (const Shape::Property& property : shape.properties) {
    if (!property.required && !property.shape.choices) continue;
    Domain& domain = into["args." + property.name];
    domain.present = domain.present || property.required;
    if (property.shape.choices) keep(domain, *property.shape.choices);
  }
}

Answer judge(const Tree& tree, Domains domains) {
  return Judge(tree).look(tree.root, domains);
}

bool all_present(const Tree& tree, const Domains& domains) {
  std::vector<std::string> names;
  Judge(tree).names(tree.root, names);
  return std::ranges::all_of(names, [&](const std::string& name) {
    if (!name.starts_with("args.")) return true;
    const auto known = domains.find(name);
    return known != domains.end() && known->second.present;
  });
}

}  // namespace pawl::checking
