#include <algorithm>
#include <vector>

#include "base/json.h"

namespace pawl::json {
namespace {

std::vector<View::Member> sorted_from(View::Members::Iterator at, View::Members::Iterator end) {
  std::vector<View::Member> out;
  for (; at != end; ++at) out.push_back(*at);
  std::sort(out.begin(), out.end(),
            [](const View::Member& a, const View::Member& b) { return a.key < b.key; });
  return out;
}

bool equal_objects(View a, View b) {
  if (a.size() != b.size()) return false;
  auto left = a.members().begin();
  auto right = b.members().begin();
  const auto left_end = a.members().end();
  const auto right_end = b.members().end();
  // Mostly both sides have the same order; only what follows the first difference is sorted.
  for (; left != left_end; ++left, ++right) {
    if ((*left).key != (*right).key) break;
    if (!equal((*left).value, (*right).value)) return false;
  }
  if (!(left != left_end)) return true;
  const std::vector<View::Member> x = sorted_from(left, left_end);
  const std::vector<View::Member> y = sorted_from(right, right_end);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].key != y[i].key || !equal(x[i].value, y[i].value)) return false;
  }
  return true;
}

bool equal_arrays(View a, View b) {
  if (a.size() != b.size()) return false;
  auto right = b.elements().begin();
  for (View element : a.elements()) {
    if (!equal(element, *right)) return false;
    ++right;
  }
  return true;
}

}  // namespace

void Document::clear() {
  nodes_.clear();
  text_.clear();
}

bool equal(View a, View b) {
  if (a.exists() != b.exists()) return false;
  // The parser gives every whole number of 64 bits one kind, so equal numbers have equal kinds.
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::integer:
      return a.integer() == b.integer();
    case Kind::natural:
      return a.natural() == b.natural();
    case Kind::number:
      return a.number() == b.number();
    case Kind::string:
      return a.string() == b.string();
    case Kind::array:
      return equal_arrays(a, b);
    case Kind::object:
      return equal_objects(a, b);
  }
  return false;
}

}  // namespace pawl::json
