#include "kernel/config/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "kernel/config/limits.h"

namespace pawl {

void Reading::mistake(const Position& at, std::string message, ErrorKind fault) {
  if (errors_.size() >= limits::mistakes_max) return;
  errors_.push_back({fault, std::move(message), at});
}

bool Reading::section(const yaml::Node& node, Section section) {
  if (!node.is_map()) {
    mistake(node.at,
            fmt::format("{} must be a mapping, found {}", spoken(section), node.described()));
    return false;
  }
  for (const yaml::Entry& entry : node.entries) {
    const Key* key = table_->find(section, entry.key);
    if (key == nullptr || key->later) {
      mistake(entry.key_at, table_->refusal(section, entry.key));
    }
  }
  for (const Key& key : table_->all()) {
    if (key.section == section && key.required() && !key.later) missing(node, section, key.name);
  }
  return true;
}

bool Reading::names(const yaml::Node& node, std::string_view what,
                    const std::function<void(const yaml::Entry&)>& take) {
  if (!node.is_map()) {
    mistake(node.at, fmt::format("`{}` must be a mapping, found {}", what, node.described()));
    return false;
  }
  if (node.entries.empty()) mistake(node.at, fmt::format("`{}` is empty", what));
  for (const yaml::Entry& entry : node.entries) {
    if (has_hidden_characters(entry.key)) {
      mistake(entry.key_at,
              fmt::format("`{}` holds hidden characters", escape_untrusted(entry.key)));
    } else {
      take(entry);
    }
  }
  return true;
}

bool Reading::items(const yaml::Node& node, std::string_view what,
                    const std::function<void(const yaml::Node&)>& take) {
  if (!node.is_sequence()) {
    mistake(node.at, fmt::format("`{}` must be a list, found {}", what, node.described()));
    return false;
  }
  if (node.items.empty()) mistake(node.at, fmt::format("`{}` is an empty list", what));
  for (const yaml::Node& item : node.items) take(item);
  return true;
}

void Reading::missing(const yaml::Node& map, Section section, std::string_view key) {
  if (!whole_ || !map.is_map() || map.entry(key) != nullptr) return;
  mistake(map.at, fmt::format("{} has no `{}`", spoken(section), key));
}

bool Reading::both(const yaml::Node& map, std::string_view first, std::string_view second) {
  const yaml::Entry* a = map.entry(first);
  const yaml::Entry* b = map.entry(second);
  if (a == nullptr || b == nullptr) return false;
  const bool in_order =
      std::tie(a->key_at.line, a->key_at.column) < std::tie(b->key_at.line, b->key_at.column);
  const yaml::Entry* later = in_order ? b : a;
  const yaml::Entry* before = in_order ? a : b;
  mistake(later->key_at, fmt::format("`{}` says again what `{}` in line {} says", later->key,
                                     before->key, before->key_at.line));
  return true;
}

std::vector<Error> Reading::take_errors(std::string_view file) {
  // What could not be read as YAML was found first, and its consequences at the same place are no
  // second mistake.
  std::set<std::tuple<std::string, std::uint32_t, std::uint32_t>> broken;
  std::set<std::string> seen;
  std::vector<Error> kept;
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    Error& error = errors_[i];
    const auto place = std::tuple(error.at.file, error.at.line, error.at.column);
    if (i < yaml_errors_) {
      broken.insert(place);
    } else if (broken.contains(place)) {
      continue;
    }
    if (seen.insert(to_string(error)).second) kept.push_back(std::move(error));
  }
  errors_.clear();
  std::sort(kept.begin(), kept.end(), [file](const Error& a, const Error& b) {
    const bool own_a = a.at.file == file;
    const bool own_b = b.at.file == file;
    if (own_a != own_b) return own_a;
    return std::tie(a.at.file, a.at.line, a.at.column, a.message) <
           std::tie(b.at.file, b.at.line, b.at.column, b.message);
  });
  return kept;
}

}  // namespace pawl
