// Expressions, wherever the file has one.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

using cel::TypeKind;

// Where the expression itself begins: behind the quote.
Position text_at(const yaml::Node& node) {
  Position at = node.at;
  if (node.quoted && node.text.find('\n') == std::string::npos) at.column += 1;
  return at;
}

const char* kind_of(TypeKind result) {
  return result == TypeKind::boolean ? "a condition" : "an expression that counts";
}

// What stands here and is no text.
bool is_text(Build& build, const yaml::Entry& key, TypeKind result) {
  const yaml::Node& node = key.value;
  if (node.is_scalar() && !trim(node.text).empty()) return true;
  const bool eaten = node.is_sequence() || node.is_map();
  build.reading.mistake(
      node.at,
      fmt::format("`{}` must be {}, found {}{}", escape_untrusted(key.key), kind_of(result),
                  node.described(),
                  eaten ? "; an expression that begins with `[` or `{` needs quotes" : ""));
  return false;
}

// Names of counts, once all entries are known.
class CountNames {
 public:
  explicit CountNames(Build& build) : build_(build) {
    for (ToolRule& tool : build.policy.tools) {
      for (const std::string& name : tool.names) names_.push_back(name);
    }
  }

  void check(const Condition& condition, const ToolRule* own) {
    for (const CountAsked& asked : condition.counts()) {
      if (asked.name.empty()) {
        if (asked.records) count(own);
        continue;
      }
      ToolRule* entry = entry_of(asked.name);
      if (entry == nullptr && !(!asked.records && covered(asked.name))) {
        refuse(condition, asked);
      } else if (asked.records) {
        count(entry);
      }
    }
  }

 private:
  ToolRule* entry_of(std::string_view name) {
    for (ToolRule& tool : build_.policy.tools) {
      if (std::ranges::find(tool.names, name) != tool.names.end()) return &tool;
    }
    return nullptr;
  }

  // A single tool that a glob grants, or that is granted on one server, may be counted too.
  bool covered(std::string_view name) const {
    const std::size_t slash = name.find('/');
    const std::string_view server = slash == name.npos ? "" : name.substr(0, slash);
    const std::string_view tool = slash == name.npos ? name : name.substr(slash + 1);
    return std::ranges::any_of(names_, [&](const std::string& each) {
      const auto pattern = parse_name(each);
      return pattern && (pattern->grants(server, tool) || pattern->tool.text() == tool);
    });
  }

  void count(const ToolRule* entry) {
    for (ToolRule& tool : build_.policy.tools) {
      // Without an entry of its own the expression may ask for any of them.
      if (entry == nullptr || entry == &tool) tool.asked_for_records = true;
    }
  }

  void refuse(const Condition& condition, const CountAsked& asked) {
    const std::string near = closest_match(asked.name, names_);
    build_.reading.mistake(
        cel::position_of({condition.text(), condition.rule().at}, asked.offset),
        fmt::format(
            "no entry of this file is named `{}`{}", escape_untrusted(asked.name),
            near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
  }

  Build& build_;
  std::vector<std::string> names_;
};

}  // namespace

std::shared_ptr<const Condition> read_expression(Build& build, const yaml::Entry& key,
                                                 const std::string& path, Polarity polarity,
                                                 TypeKind result, Condition::Extra extra) {
  if (!is_text(build, key, result)) return nullptr;
  auto made = Condition::compile(key.value.text, {path, text_at(key.value)}, polarity, extra,
                                 result, build.sources.zone);
  if (made) {
    // With their bytes in the bundle a replay reads the same clock.
    for (const auto& [name, zone] : (*made)->zones()) {
      if (!zone.bytes().empty()) build.zones[name] = zone.bytes();
    }
    return std::move(*made);
  }
  for (const Error& error : made.error()) {
    build.reading.mistake(error.at,
                          fmt::format("`{}`: {}", escape_untrusted(key.key), error.message));
  }
  return nullptr;
}

ConditionPlace add_condition(std::vector<std::shared_ptr<const Condition>>& list,
                             std::shared_ptr<const Condition> condition) {
  if (condition == nullptr) return std::nullopt;
  list.push_back(std::move(condition));
  return static_cast<std::uint16_t>(list.size() - 1);
}

void check_counts(Build& build) {
  CountNames names(build);
  for (ToolRule& tool : build.policy.tools) {
    for (const auto& condition : tool.conditions) names.check(*condition, &tool);
  }
  for (const auto& condition : build.policy.conditions) names.check(*condition, nullptr);
}

}  // namespace pawl
