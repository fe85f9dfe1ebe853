#include "lang/json_schema/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "lang/json_schema/address.h"

namespace pawl::json_schema {
namespace {

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
  const bool fine = value.exists() && spend(1) && fits(0, value);
  scope_ = nullptr;
  if (report_ != nullptr && report_->violations.empty() && (!fine || undecided_ || spent_)) {
    if (spent_) {
      report_->violations.push_back({"", "work", "takes too much work to check", ""});
    } else if (undecided_) {
      report_->violations.push_back(
          {"", "pattern", "depends on a pattern that cannot be checked", ""});
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

bool Check::found(const Pattern& pattern, std::string_view text) {
  if (!spend(1 + text.size() / pattern_bytes_per_step)) return false;
  if (pattern.compiled) return pattern.found_in(text);
  undecided_ = true;
  return false;
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
  if (rules.pattern != nullptr && !found(*rules.pattern, text)) {
    fine = wrong(value, "pattern", [&] {
      if (!rules.pattern->compiled) {
        return "has a pattern that cannot be checked: " + rules.pattern->why;
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

}  // namespace pawl::json_schema
