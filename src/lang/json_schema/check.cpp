#include "lang/json_schema/check.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/json_schema/address.h"

namespace pawl::json_schema {
namespace {

constexpr std::string_view says_uncertain =
    "has something in its schema that cannot be checked, and nothing else stands for it";
constexpr unsigned depth_max = 1024;  // schemas that are looked at, one inside the other
constexpr std::size_t pattern_bytes_per_step = 8;
constexpr std::size_t format_bytes_per_step = 8;
constexpr std::size_t compared_bytes_per_step = 64;

// Code points of well-formed UTF-8: every byte that begins one.
std::uint64_t length_of(std::string_view text) {
  std::uint64_t count = 0;
  for (char c : text) count += !utf8::continues(c);
  return count;
}

Kinds kinds_at(const json::Node& node) {
  switch (node.kind) {
    case json::Kind::null:
      return kind_null;
    case json::Kind::boolean:
      return kind_boolean;
    case json::Kind::integer:
    case json::Kind::natural:
      return kind_whole;
    case json::Kind::number:
      return kind_fraction;
    case json::Kind::string:
      return kind_string;
    case json::Kind::array:
      return kind_array;
    case json::Kind::object:
      return kind_object;
  }
  return 0;
}

}  // namespace

// A number outside of 64 bits may be whole all the same.
Kinds kinds_of(json::View value) {
  if (!value.exists()) return 0;
  if (value.kind() == json::Kind::number && is_whole(value)) return kind_whole;
  return kinds_at(value.document()->node(value.index()));
}

bool Check::run(json::View value) {
  const Scope outermost{compiled_.nodes.front().resource, nullptr};
  scope_ = &outermost;
  whole_ = value;
  const bool fine = value.exists() && spend(1) && fits(0, value);
  scope_ = nullptr;
  if (report_ != nullptr && report_->violations.empty() && (!fine || undecided_ || spent_)) {
    if (spent_) {
      report_->violations.push_back({"", "work", "takes too much work to check", ""});
    } else if (undecided_) {
      add(undecided_at_, "pattern", std::string(says_uncertain));
    } else {
      report_->violations.push_back({"", "type", "does not fit its schema", ""});
    }
  }
  return fine && !undecided_ && !spent_;
}

void Check::add(json::View at, std::string_view keyword, std::string says,
                std::string_view member) {
  if (report_->full()) return;
  report_->violations.push_back({pointer_of(*at.document(), at.index()), std::string(keyword),
                                 std::move(says), std::string(member)});
}

bool Check::missing(json::View at, std::string_view keyword, std::string_view member) {
  if (report_ != nullptr) add(at, keyword, "must have a member " + name_text(member), member);
  return false;
}

bool Check::found(const Pattern& pattern, json::View at, std::string_view text) {
  if (!spend(1 + text.size() / pattern_bytes_per_step)) return false;
  return pattern.compiled ? pattern.found_in(text) : uncertain(at);
}

bool Check::uncertain(json::View value) {
  if (!trusted_.empty() && is_trusted(value)) {
    leaned_ = true;
    return true;
  }
  if (!undecided_) undecided_at_ = value;
  undecided_ = true;
  return false;
}

namespace {

// The nodes of what stands at `steps` of a value, each with what is below it.
void collect(json::View at, std::span<const std::string> steps,
             std::vector<std::pair<std::uint32_t, std::uint32_t>>& out) {
  if (steps.empty()) {
    out.emplace_back(at.index(), at.document()->node(at.index()).end);
  } else if (at.is_array()) {
    for (json::View element : at.elements()) collect(element, steps, out);
  } else if (const json::View member = at[steps.front()]; member.exists()) {
    collect(member, steps.subspan(1), out);
  }
}

}  // namespace

bool Check::is_trusted(json::View value) {
  if (!places_) {
    places_.emplace();
    for (const auto& steps : trusted_) {
      if (!spend(whole_.document()->node(whole_.index()).end - whole_.index())) return false;
      collect(whole_, steps, *places_);
    }
    std::ranges::sort(*places_);
    // Places are inside of each other or apart: the outer ones stay.
    std::uint32_t end = 0;
    std::erase_if(*places_, [&end](const auto& one) {
      const bool inside = one.first < end;
      end = std::max(end, one.second);
      return inside;
    });
  }
  const std::uint32_t at = value.index();
  const auto behind =
      std::ranges::upper_bound(*places_, at, {}, [](const auto& one) { return one.first; });
  return behind != places_->begin() && at < std::prev(behind)->second;
}

bool Check::fits(NodeId id, json::View value) {
  const Node& node = compiled_.nodes[id];
  return node.plain ? fits_kind(node, value) : fits_all(node, value);
}

bool Check::fits_kind(const Node& node, json::View value) {
  const json::Node& at = value.document()->node(value.index());
  if ((node.kinds & kinds_at(at)) != 0) return true;
  if (at.kind == json::Kind::number && (node.kinds & kind_whole) != 0 && is_whole(value)) {
    return true;
  }
  if (node.nothing) return wrong(value, "false schema", [] { return "is not allowed"; });
  return wrong(value, "type", [&] {
    return fmt::format("must be {} and is {}", kind_text(node.kinds), kind_text(kinds_of(value)));
  });
}

bool Check::fits_all(const Node& node, json::View value) {
  if (!spend(1)) return false;
  if (depth_ >= depth_max) {
    spent_ = true;
    return false;
  }
  const Enter enter(*this, node);
  return fits_rules(node, value);
}

bool Check::fits_rules(const Node& node, json::View value) {
  if (node.broken) {
    if (uncertain(value)) return true;
    return wrong(value, "schema", [] { return std::string(says_uncertain); });
  }
  bool fine = fits_kind(node, value);
  if (!fine) return false;
  for (const Literals& literals : node.literals) {
    fine = fits_literals(literals, value) && fine;
    if (!fine && done()) return false;
  }
  switch (value.document()->node(value.index()).kind) {
    case json::Kind::string:
      if (node.text) fine = fits_text(*node.text, value) && fine;
      break;
    case json::Kind::integer:
    case json::Kind::natural:
    case json::Kind::number:
      if (node.number) fine = fits_number(*node.number, value) && fine;
      break;
    case json::Kind::array:
      if (node.array) fine = fits_array(*node.array, value) && fine;
      break;
    case json::Kind::object:
      if (node.object) fine = fits_object(*node.object, value) && fine;
      break;
    case json::Kind::null:
    case json::Kind::boolean:
      break;
  }
  if (!fine && done()) return false;
  if (node.in_place) fine = fits_in_place(*node.in_place, value) && fine;
  return fine && fits_unevaluated(node, value);
}

bool Check::fits_literals(const Literals& literals, json::View value) {
  bool listed = false;
  if (value.is_string()) {
    if (!spend(value.string().size() / compared_bytes_per_step)) return false;
    listed = literals.texts.find(value.string()) != nullptr;
  } else {
    const std::uint32_t end = value.document()->node(value.index()).end;
    if (!spend(literals.values.size())) return false;
    for (json::View one : literals.values) {
      // Only what has the same size is compared whole.
      if (one.kind() != value.kind() ||
          one.document()->node(one.index()).end - one.index() != end - value.index()) {
        continue;
      }
      if (!spend(end - value.index())) return false;
      listed = listed || json::equal(one, value);
    }
  }
  if (listed) return true;
  return wrong(value, literals.single ? "const" : "enum",
               [&] { return "must be " + literals_text(literals); });
}

bool Check::fits_text(const TextRules& rules, json::View value) {
  const std::string_view text = value.string();
  constexpr std::uint64_t point_bytes_max = 4;
  bool fine = true;
  // The number of bytes settles it mostly.
  const bool surely_enough = text.size() / point_bytes_max >= rules.length_min;
  if (!surely_enough || text.size() > rules.length_max) {
    if (!spend(text.size() / compared_bytes_per_step)) return false;
    const std::uint64_t length = length_of(text);
    if (length < rules.length_min) {
      fine = wrong(value, "minLength", [&] {
        return fmt::format("must be at least {} characters long and has {}", rules.length_min,
                           length);
      });
    }
    if (length > rules.length_max) {
      fine = wrong(value, "maxLength", [&] {
        return fmt::format("must be at most {} characters long and has {}", rules.length_max,
                           length);
      });
    }
  }
  if (!fine && done()) return false;
  if (rules.pattern != nullptr && !found(*rules.pattern, value, text)) {
    fine = wrong(value, "pattern", [&] {
      if (!rules.pattern->compiled) {
        return fmt::format("{} ({})", says_uncertain, rules.pattern->why);
      }
      return "must match " + name_text(rules.pattern->source);
    });
  }
  if (rules.format && !spend(text.size() / format_bytes_per_step)) return false;
  if (rules.format && !has_format(*rules.format, text)) {
    fine = wrong(value, "format",
                 [&] { return fmt::format("must have the form `{}`", to_string(*rules.format)); });
  }
  return fine;
}

bool Check::fits_number(const NumberRules& rules, json::View value) {
  bool fine = true;
  const auto beyond = [&](json::View bound, bool exclusive, bool upper) {
    const int order = compare(value, bound);
    if (order == 0 ? !exclusive : (order > 0) != upper) return;
    const std::string_view keyword = upper ? (exclusive ? "exclusiveMaximum" : "maximum")
                                           : (exclusive ? "exclusiveMinimum" : "minimum");
    fine = wrong(value, keyword, [&] {
      const std::string_view how =
          upper ? (exclusive ? "below" : "at most") : (exclusive ? "above" : "at least");
      return fmt::format("must be {} {}", how, number_text(bound));
    });
  };
  if (rules.min.exists()) beyond(rules.min, rules.min_exclusive, false);
  if (rules.max.exists()) beyond(rules.max, rules.max_exclusive, true);
  if (rules.multiple_of && !is_multiple(value, *rules.multiple_of)) {
    fine = wrong(value, "multipleOf", [&] {
      return fmt::format("must be a multiple of {}e{}", rules.multiple_of->digits,
                         rules.multiple_of->exponent);
    });
  }
  return fine;
}

bool Check::fits_size(std::uint64_t size, std::uint64_t min, std::uint64_t max, json::View value) {
  if (size >= min && size <= max) return true;
  const bool few = size < min;
  const bool object = value.is_object();
  const std::string_view keyword =
      object ? (few ? "minProperties" : "maxProperties") : (few ? "minItems" : "maxItems");
  return wrong(value, keyword, [&] {
    return fmt::format("must have at {} {} {} and has {}", few ? "least" : "most", few ? min : max,
                       object ? "members" : "elements", size);
  });
}

// Members of objects and elements of arrays.

bool Check::fits_array(const ArrayRules& rules, json::View value) {
  if (!spend(value.size())) return false;
  bool fine = fits_size(value.size(), rules.size_min, rules.size_max, value);
  if (!fine && done()) return false;
  if (!rules.prefix.empty() || rules.rest != no_node) {
    std::size_t at = 0;
    for (json::View element : value.elements()) {
      const NodeId schema = at < rules.prefix.size() ? rules.prefix[at] : rules.rest;
      ++at;
      if (schema == no_node) break;
      if (fits(schema, element)) continue;
      fine = false;
      if (done()) return false;
    }
  }
  if (rules.contains != no_node) fine = fits_contains(rules, value) && fine;
  if (!fine && done()) return false;
  return (!rules.unique || fits_unique(value)) && fine;
}

bool Check::fits_contains(const ArrayRules& rules, json::View value) {
  std::uint64_t count = 0;
  for (json::View element : value.elements()) count += silently(rules.contains, element) ? 1 : 0;
  if (count < rules.contains_min) {
    return wrong(value, rules.contains_min == 1 ? "contains" : "minContains", [&] {
      return fmt::format("must have at least {} elements as `contains` says and has {}",
                         rules.contains_min, count);
    });
  }
  if (count <= rules.contains_max) return true;
  return wrong(value, "maxContains", [&] {
    return fmt::format("must have at most {} elements as `contains` says and has {}",
                       rules.contains_max, count);
  });
}

bool Check::fits_object(const ObjectRules& rules, json::View value) {
  const json::Document& document = *value.document();
  const json::Node& object = document.node(value.index());
  if (!spend(object.size)) return false;
  bool fine = fits_size(object.size, rules.size_min, rules.size_max, value);
  if (!fine && done()) return false;
  std::uint32_t required = 0;
  for (std::uint32_t at = value.index() + 1; at < object.end; at = document.node(at + 1).end) {
    const std::string_view key = document.bytes(document.node(at));
    const Named* named = rules.properties.find(key);
    if (named != nullptr && named->required) ++required;
    bool good = fits_member(rules, named, key, {&document, at + 1});
    if (rules.names != no_node && (good || !done())) {
      good = fits(rules.names, {&document, at}) && good;
    }
    if (good) continue;
    fine = false;
    if (done()) return false;
  }
  if (required < rules.required) {
    fine = false;
    if (done()) return false;
    tell_missing(rules, value);
    if (done()) return false;
  }
  return (rules.dependents.empty() || fits_dependents(rules, value)) && fine;
}

// By the position among the names of the schema: looked for one by one, each name would go through
// all members.
void Check::tell_missing(const ObjectRules& rules, json::View value) {
  const std::vector<Named>& all = rules.properties.all;
  std::vector<bool> there(all.size());
  for (const auto& [key, member] : value.members()) {
    const Named* named = rules.properties.find(key);
    if (named != nullptr) there[static_cast<std::size_t>(named - all.data())] = true;
  }
  for (std::size_t i = 0; i < all.size() && !done(); ++i) {
    if (all[i].required && !there[i]) missing(value, "required", all[i].name);
  }
}

bool Check::fits_member(const ObjectRules& rules, const Named* named, std::string_view key,
                        json::View value) {
  bool fine = true;
  bool known = false;
  if (named != nullptr && named->node != no_node) {
    known = true;
    fine = fits(named->node, value);
  }
  for (const auto& [pattern, schema] : rules.patterns) {
    if (!fine && done()) return false;
    if (!found(*pattern, value, key)) continue;
    known = true;
    if (!pattern->compiled) continue;  // it may or may not be about this member
    fine = fits(schema, value) && fine;
  }
  if (!known && rules.additional != no_node) fine = fits(rules.additional, value) && fine;
  return fine;
}

bool Check::fits_dependents(const ObjectRules& rules, json::View value) {
  bool fine = true;
  for (const Dependent& dependent : rules.dependents) {
    if (!spend(value.size()) || (!fine && done())) return false;
    if (!value[dependent.name].exists()) continue;
    for (const std::string& name : dependent.required) {
      if (!spend(value.size())) return false;
      if (!value[name].exists()) fine = missing(value, "dependentRequired", name);
    }
    if (dependent.schema != no_node) fine = fits(dependent.schema, value) && fine;
  }
  return fine;
}

// Schemas about the same value: references, alternatives, conditions, and what they leave over.

// What is said while one lives is not reported.
class Check::Silence {
 public:
  explicit Silence(Check& check) : check_(check), before_(std::exchange(check.report_, nullptr)) {}
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() { check_.report_ = before_; }

 private:
  Check& check_;
  Report* before_;
};

bool Check::silently(NodeId id, json::View value) {
  const Silence silence(*this);
  return fits(id, value);
}

NodeId Check::dynamic_target(const InPlace& rules) {
  NodeId found = rules.dynamic;
  if (!rules.dynamic_anchor) return found;
  const DynamicAnchor& anchor = compiled_.anchors[*rules.dynamic_anchor];
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->outer) {
    if (!spend(anchor.places.size())) return found;
    for (const auto& place : anchor.places) {
      if (place.resource == scope->resource) found = place.node;
    }
  }
  return found;
}

bool Check::fits_in_place(const InPlace& rules, json::View value) {
  if (!spend(rules.all_of.size() + rules.any_of.size() + rules.one_of.size())) return false;
  bool fine = true;
  const auto also = [&](bool holds) {
    fine = holds && fine;
    return fine || !done();
  };
  if (rules.reference != no_node && !also(fits(rules.reference, value))) return false;
  if (rules.dynamic != no_node && !also(fits(dynamic_target(rules), value))) return false;
  for (NodeId one : rules.all_of) {
    if (!also(fits(one, value))) return false;
  }
  if (!rules.any_of.empty() && !also(fits_some(rules, value))) return false;
  if (!rules.one_of.empty() && !also(fits_one(rules, value))) return false;
  bool leaning = false;
  if (rules.negated != no_node && surely(rules.negated, value, leaning)) {
    if (!also(wrong(value, "not", [] { return "must not be what `not` says"; }))) return false;
  }
  if (rules.condition != no_node && !also(fits_condition(rules, value))) return false;
  return fine;
}

// Whether it fits without leaning on a trusted place. `leaning`: it fits only so.
bool Check::surely(NodeId id, json::View value, bool& leaning) {
  const bool before = std::exchange(leaned_, false);
  const bool fits = silently(id, value);
  leaning = fits && leaned_;
  leaned_ = leaned_ || before;
  return fits && !leaning;
}

bool Check::fits_some(const InPlace& rules, json::View value) {
  const bool before = undecided_;
  for (NodeId one : rules.any_of) {
    if (!silently(one, value)) continue;
    // What could not be decided in other branches does not matter.
    undecided_ = before;
    return true;
  }
  if (report_ == nullptr) return false;
  // Where only one branch is about this kind of value, what it says is the reason.
  const Kinds kinds = kinds_of(value);
  const auto about = [&](NodeId one) { return (compiled_.nodes[one].kinds & kinds) != 0; };
  if (std::ranges::count_if(rules.any_of, about) == 1) {
    (void)fits(*std::ranges::find_if(rules.any_of, about), value);
    return false;
  }
  return wrong(value, "anyOf", [&] {
    return fmt::format("must be one of the {} alternatives of `anyOf`", rules.any_of.size());
  });
}

bool Check::fits_one(const InPlace& rules, json::View value) {
  std::size_t count = 0;
  bool perhaps = false;
  for (NodeId one : rules.one_of) {
    bool leaning = false;
    const bool sure = surely(one, value, leaning);
    perhaps = perhaps || leaning;
    if (sure && ++count > 1 && report_ == nullptr) return false;
  }
  if (count == 1 || (count == 0 && perhaps)) return true;
  return wrong(value, "oneOf", [&] {
    return fmt::format("must be exactly one of the {} alternatives of `oneOf` and is {}",
                       rules.one_of.size(), count);
  });
}

bool Check::fits_condition(const InPlace& rules, json::View value) {
  bool leaning = false;
  const bool holds = surely(rules.condition, value, leaning);
  if (leaning) {
    const auto fitting = [&](NodeId one) { return one == no_node || silently(one, value); };
    return fitting(rules.then) || fitting(rules.otherwise) ||
           wrong(value, "if", [] { return "fits neither `then` nor `else`"; });
  }
  const NodeId next = holds ? rules.then : rules.otherwise;
  return next == no_node || fits(next, value);
}

Marks::Marks(std::uint32_t size) {
  if (size > small * 64) large_.resize(size / 64 + 1);
}

// Members and elements that no schema about this value looked at.
bool Check::fits_unevaluated(const Node& node, json::View value) {
  const bool object = value.is_object();
  if (!object && !value.is_array()) return true;
  NodeId rest = no_node;
  if (object && node.object) rest = node.object->unevaluated;
  if (!object && node.array) rest = node.array->unevaluated;
  if (rest == no_node) return true;
  if (!spend(value.size())) return false;
  Marks marks(value.size());
  mark(node, value, true, marks);
  bool fine = true;
  std::uint32_t at = 0;
  const auto look = [&](json::View one) {
    if (marks.has(at++) || fits(rest, one)) return true;
    fine = false;
    return !done();
  };
  for (const auto& [key, member] : value.members()) {
    if (!look(member)) return false;
  }
  for (json::View element : value.elements()) {
    if (!look(element)) return false;
  }
  return fine;
}

// Precondition: the value fits the node. `own`: the node's own `unevaluated…` does not count.
void Check::mark(const Node& node, json::View value, bool own, Marks& marks) {
  if (!spend(1 + value.size())) return;
  const Enter enter(*this, node);
  if (value.is_object() && node.object) {
    if (!own && node.object->unevaluated != no_node) return marks.set_all();
    mark_members(*node.object, value, marks);
  }
  if (value.is_array() && node.array) {
    if (!own && node.array->unevaluated != no_node) return marks.set_all();
    mark_elements(*node.array, value, marks);
  }
  if (node.in_place) mark_in_place(*node.in_place, value, marks);
}

void Check::mark_members(const ObjectRules& rules, json::View value, Marks& marks) {
  if (rules.additional != no_node) marks.set_all();
  std::uint32_t at = 0;
  for (const auto& [key, member] : value.members()) {
    const Named* named = rules.properties.find(key);
    bool known = named != nullptr && named->node != no_node;
    for (const auto& [pattern, schema] : rules.patterns)
      known = known || found(*pattern, member, key);
    if (known) marks.set(at);
    ++at;
  }
  for (const Dependent& dependent : rules.dependents) {
    if (dependent.schema == no_node || !spend(value.size())) continue;
    if (value[dependent.name].exists()) {
      mark(compiled_.nodes[dependent.schema], value, false, marks);
    }
  }
}

void Check::mark_elements(const ArrayRules& rules, json::View value, Marks& marks) {
  if (rules.rest != no_node) return marks.set_all();
  std::uint32_t at = 0;
  for (json::View element : value.elements()) {
    const bool in_prefix = at < rules.prefix.size();
    const bool contained =
        rules.contains != no_node && rules.contains_evaluates && silently(rules.contains, element);
    if (in_prefix || contained) marks.set(at);
    ++at;
  }
}

void Check::mark_in_place(const InPlace& rules, json::View value, Marks& marks) {
  const auto go = [&](NodeId one) {
    if (one != no_node) mark(compiled_.nodes[one], value, false, marks);
  };
  go(rules.reference);
  if (rules.dynamic != no_node) go(dynamic_target(rules));
  for (NodeId one : rules.all_of) go(one);
  for (const auto* list : {&rules.any_of, &rules.one_of}) {
    for (NodeId one : *list) {
      if (silently(one, value)) go(one);
    }
  }
  if (rules.condition == no_node) return;
  if (silently(rules.condition, value)) {
    go(rules.condition);
    go(rules.then);
  } else {
    go(rules.otherwise);
  }
}

// `uniqueItems`: few elements are compared each with each, many by a number made of them first.

namespace {

constexpr std::uint32_t few = 16;

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = (a ^ std::rotl(b, 23)) * 0x9e3779b97f4a7c15ULL;
  return x ^ (x >> 29);
}

std::uint64_t of_bytes(std::string_view text) {
  std::uint64_t out = text.size();
  for (char c : text) out = mixed(out, static_cast<unsigned char>(c));
  return out;
}

// Equal values have equal numbers; the order of members does not matter.
std::uint64_t number_of(json::View value) {
  const auto kind = static_cast<std::uint64_t>(value.kind());
  switch (value.kind()) {
    case json::Kind::null:
      return kind;
    case json::Kind::boolean:
      return mixed(kind, value.boolean() ? 1 : 0);
    case json::Kind::integer:
      return mixed(kind, static_cast<std::uint64_t>(value.integer()));
    case json::Kind::natural:
      return mixed(kind, value.natural());
    case json::Kind::number:
      return mixed(kind, std::bit_cast<std::uint64_t>(value.number()));
    case json::Kind::string:
      return mixed(kind, of_bytes(value.string()));
    case json::Kind::array: {
      std::uint64_t out = kind;
      for (json::View element : value.elements()) out = mixed(out, number_of(element));
      return out;
    }
    case json::Kind::object: {
      std::uint64_t out = kind;
      for (const auto& [key, member] : value.members()) {
        out += mixed(of_bytes(key), number_of(member));
      }
      return out;
    }
  }
  return kind;
}

// What comparing it whole takes: its nodes, and the bytes of its texts.
std::uint64_t steps_of(json::View value) {
  constexpr std::uint64_t bytes_per_step = 64;
  const json::Document& document = *value.document();
  const std::uint32_t end = document.node(value.index()).end;
  std::uint64_t bytes = 0;
  for (std::uint32_t at = value.index(); at < end; ++at) {
    const json::Node& node = document.node(at);
    if (node.kind == json::Kind::string) bytes += node.size;
  }
  return end - value.index() + bytes / bytes_per_step;
}

std::uint32_t nodes_of(json::View value) {
  return value.document()->node(value.index()).end - value.index();
}

}  // namespace

bool Check::same(json::View a, json::View b) {
  if (!spend(1) || a.kind() != b.kind() || nodes_of(a) != nodes_of(b)) return false;
  return spend(steps_of(a)) && json::equal(a, b);
}

bool Check::fits_unique(json::View value) {
  const auto twice = [&] {
    return wrong(value, "uniqueItems", [] { return "must not have two equal elements"; });
  };
  if (value.size() <= few) {
    for (json::View a : value.elements()) {
      for (json::View b : value.elements()) {
        if (b.index() >= a.index()) break;
        if (same(a, b)) return twice();
      }
    }
    return true;
  }
  if (!spend(nodes_of(value))) return false;
  std::vector<std::pair<std::uint64_t, json::View>> sorted;
  sorted.reserve(value.size());
  for (json::View element : value.elements()) sorted.emplace_back(number_of(element), element);
  std::ranges::sort(sorted, {}, [](const auto& one) { return one.first; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    for (std::size_t j = i; j > 0 && sorted[j - 1].first == sorted[i].first; --j) {
      if (same(sorted[j - 1].second, sorted[i].second)) return twice();
      if (spent_) return false;
    }
  }
  return true;
}

}  // namespace pawl::json_schema
