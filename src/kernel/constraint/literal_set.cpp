#include "kernel/constraint/literal_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace pawl {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64,
              "comparing a 64-bit integer with a double needs a wider type");

enum Sort : unsigned { text = 1, number = 2, truth = 4, nothing = 8, list = 16, object = 32 };

Sort sort_of(json::View value) {
  switch (value.kind()) {
    case json::Kind::null:
      return nothing;
    case json::Kind::boolean:
      return truth;
    case json::Kind::integer:
    case json::Kind::natural:
    case json::Kind::number:
      return number;
    case json::Kind::string:
      return text;
    case json::Kind::array:
      return list;
    case json::Kind::object:
      return object;
  }
  return nothing;
}

Sort sort_of(const Literal& literal) {
  switch (literal.json.front()) {
    case '"':
      return text;
    case '[':
      return list;
    case '{':
      return object;
    case 't':
    case 'f':
      return truth;
    case 'n':
      return nothing;
    default:
      return number;
  }
}

bool folds_to_itself(std::string_view value) {
  for (char c : value) {
    if ((static_cast<unsigned char>(c) & 0x80) != 0 || (c >= 'A' && c <= 'Z')) return false;
  }
  return true;
}

long double exact(json::View value) {
  if (value.is_integer()) return static_cast<long double>(value.integer());
  if (value.kind() == json::Kind::natural) return static_cast<long double>(value.natural());
  return static_cast<long double>(value.number());
}

int order(long double a, long double b) {
  return a < b ? -1 : (a > b ? 1 : 0);
}

}  // namespace

bool inexact_in_double(json::View value) {
  if (value.is_integer()) {
    return value.integer() > exact_in_double_max || value.integer() < -exact_in_double_max;
  }
  if (value.kind() == json::Kind::natural) return true;
  return value.kind() == json::Kind::number &&
         std::fabs(value.number()) > static_cast<double>(exact_in_double_max);
}

Status complete(Literal& literal) {
  const Result<json::Document> parsed = json::parse(literal.json);
  if (!parsed) {
    return fail(ErrorKind::invalid,
                fmt::format("a value of the list is not JSON: {}", parsed.error().message));
  }
  const json::View value = parsed->root();
  literal.json = json::write(value);
  if (value.is_string()) literal.string = std::string(value.string());
  if (value.is_number()) literal.number = value.number();
  if (value.is_integer()) literal.integer = value.integer();
  return {};
}

LiteralSet::LiteralSet(std::span<const Literal> literals) {
  for (const Literal& literal : literals) {
    sorts_ |= sort_of(literal);
    if (literal.string) {
      strings_.insert(*literal.string);
      folded_.insert(fold(*literal.string));
    } else if (literal.integer) {
      integers_.push_back(*literal.integer);
    } else {
      others_.insert(literal.json);
    }
  }
  std::ranges::sort(integers_);
}

bool LiteralSet::contains(json::View value, std::string_view text) const {
  if (value.is_string()) return strings_.contains(text);
  if (value.is_integer()) return std::ranges::binary_search(integers_, value.integer());
  return !others_.empty() && others_.contains(json::write(value));
}

bool LiteralSet::resembles(json::View value, std::string_view text) const {
  if (!value.is_string()) return contains(value, text);
  if (folds_to_itself(text)) return folded_.contains(text);
  return folded_.contains(fold(text));
}

bool LiteralSet::same_sort(json::View value) const {
  return (sorts_ & sort_of(value)) != 0;
}

int compare(json::View value, std::int64_t bound) {
  return order(exact(value), static_cast<long double>(bound));
}

int compare(json::View value, double bound) {
  return order(exact(value), static_cast<long double>(bound));
}

}  // namespace pawl
