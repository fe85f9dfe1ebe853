// `uniqueItems`: few elements are compared each with each, many by a number made of them first.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "lang/json_schema/check.h"

namespace pawl::json_schema {
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
