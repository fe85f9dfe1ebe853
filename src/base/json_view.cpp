#include <algorithm>
#include <cassert>
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

Kind View::kind() const {
  return document_ == nullptr ? Kind::null : document_->node(index_).kind;
}

bool View::is_number() const {
  switch (kind()) {
    case Kind::integer:
    case Kind::natural:
    case Kind::number:
      return true;
    case Kind::null:
    case Kind::boolean:
    case Kind::string:
    case Kind::array:
    case Kind::object:
      return false;
  }
  return false;
}

bool View::boolean() const {
  assert(kind() == Kind::boolean);
  return document_->node(index_).as.boolean;
}

std::int64_t View::integer() const {
  assert(kind() == Kind::integer);
  return document_->node(index_).as.integer;
}

std::uint64_t View::natural() const {
  assert(kind() == Kind::natural || (kind() == Kind::integer && integer() >= 0));
  // Both members of the union have the same bits for a value that is not negative.
  return kind() == Kind::natural ? document_->node(index_).as.natural
                                 : static_cast<std::uint64_t>(integer());
}

double View::number() const {
  assert(is_number());
  const Node& node = document_->node(index_);
  if (node.kind == Kind::integer) return static_cast<double>(node.as.integer);
  if (node.kind == Kind::natural) return static_cast<double>(node.as.natural);
  return node.as.number;
}

std::string_view View::string() const {
  assert(kind() == Kind::string);
  return document_->bytes(document_->node(index_));
}

std::uint32_t View::size() const {
  if (!is_array() && !is_object()) return 0;
  return document_->node(index_).size;
}

View View::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const std::uint32_t end = document_->node(index_).end;
  for (std::uint32_t at = index_ + 1; at < end; at = document_->node(at + 1).end) {
    const Node& name = document_->node(at);
    if (name.size == key.size() && document_->bytes(name) == key) return {document_, at + 1};
  }
  return {};
}

std::optional<std::string_view> View::text(std::string_view key) const {
  const View member = (*this)[key];
  if (!member.is_string()) return std::nullopt;
  return member.string();
}

View::Elements View::elements() const {
  if (!is_array()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).end};
}

View::Members View::members() const {
  if (!is_object()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->node(index_).end};
}

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
