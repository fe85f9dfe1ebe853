#include "base/yaml.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pawl::yaml {
namespace {

// Digits as people write them: no zero in front, which other readers take for octal.
bool plain_digits(std::string_view text) {
  return all_digits(text) && (text.size() == 1 || text.front() != '0');
}

std::string_view without_minus(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text;
}

}  // namespace

const Entry* Node::entry(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [key](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

std::optional<bool> Node::as_boolean() const {
  if (kind != Kind::scalar || quoted) return std::nullopt;
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> Node::as_integer() const {
  if (kind != Kind::scalar || quoted || !plain_digits(without_minus(text))) return std::nullopt;
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

std::optional<double> Node::as_number() const {
  if (kind != Kind::scalar || quoted) return std::nullopt;
  const std::string_view digits = without_minus(text);
  const std::size_t point = digits.find('.');
  if (!plain_digits(digits.substr(0, point))) return std::nullopt;
  if (point != std::string_view::npos && !all_digits(digits.substr(point + 1))) {
    return std::nullopt;
  }
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

std::string Node::described() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::sequence:
      return "a list";
    case Kind::map:
      return "a mapping";
    case Kind::scalar:
      return quoted ? "the quoted text " + in_backticks(text) : in_backticks(text);
  }
  return "nothing";
}

}  // namespace pawl::yaml
