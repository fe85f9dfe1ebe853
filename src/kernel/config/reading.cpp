#include "kernel/config/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_map>

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

namespace {

constexpr std::array<std::string_view, 4> kYes = {"yes", "on", "y", "t"};
constexpr std::array<std::string_view, 4> kNo = {"no", "off", "n", "f"};

bool one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// What a person who wrote this scalar for a boolean should write; empty where that is unclear.
std::string_view meant_boolean(std::string_view text) {
  const std::string word = lower_ascii(text);
  if (word == "true" || one_of(word, kYes)) return "true";
  if (word == "false" || one_of(word, kNo)) return "false";
  return {};
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "`" + words[i] + "`";
  }
  return text;
}

std::string out_of_bounds(std::string_view what, std::string_view found, Between bounds) {
  if (bounds.least == bounds.most) {
    return fmt::format("`{}` is {}, expected {}", what, found, bounds.least);
  }
  return fmt::format("`{}` is {}, expected {} to {}", what, found, bounds.least, bounds.most);
}

std::string no_expression(std::string_view what) {
  return fmt::format("`{}` is an expression here, and takes a plain value only", what);
}

}  // namespace

bool reads_two_ways(std::string_view plain) {
  const std::string word = lower_ascii(plain);
  // Single letters are no longer booleans.
  if (word.size() > 1 && (one_of(word, kYes) || one_of(word, kNo))) return true;
  if ((word == "true" || word == "false") && word != plain) return true;
  std::string_view number = word;
  if (!number.empty() && (number.front() == '-' || number.front() == '+')) number.remove_prefix(1);
  if (number == ".inf" || number == ".nan") return true;
  if (number.empty() || (!is_digit(number.front()) && number.front() != '.')) return false;
  if (number.front() == '.' && (number.size() == 1 || !is_digit(number[1]))) return false;
  if (number.starts_with("0x") || number.starts_with("0o") || number.starts_with("0b")) return true;
  bool exponent = false;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    const bool sign = (c == '+' || c == '-') && i > 0 && number[i - 1] == 'e';
    if (!is_digit(c) && c != '.' && c != '_' && c != 'e' && !sign) return false;
    exponent = exponent || c == 'e';
  }
  yaml::Node node;
  node.kind = yaml::Kind::scalar;
  node.text = std::string(plain);
  // Versions such as `1.2.3` are text to everybody.
  const bool version = std::ranges::count(number, '.') > 1;
  return !version && !node.as_number().has_value();
}

bool looks_like_expression(std::string_view text) {
  static constexpr std::array<std::string_view, 12> signs = {
      "==", "!=", "<", ">", "&&", "||", "(", "args.", "run.", "class.", "size(", "has("};
  return std::ranges::any_of(
      signs, [text](std::string_view sign) { return text.find(sign) != std::string_view::npos; });
}

std::optional<bool> Reading::boolean(const yaml::Node& node, std::string_view what) {
  if (const auto value = node.as_boolean()) return value;
  if (node.is_scalar() && looks_like_expression(node.text)) {
    mistake(node.at, no_expression(what));
    return std::nullopt;
  }
  const std::string_view meant = node.is_scalar() ? meant_boolean(node.text) : std::string_view();
  const std::string advice =
      meant.empty() ? "" : fmt::format(": write {}{}", meant, node.quoted ? " without quotes" : "");
  mistake(node.at,
          fmt::format("`{}` must be true or false, found {}{}", what, node.described(), advice));
  return std::nullopt;
}

std::optional<std::uint64_t> Reading::count(const yaml::Node& node, std::string_view what,
                                            Between bounds) {
  const auto value = node.as_integer();
  if (!value && !node.quoted && node.as_number() && std::ranges::all_of(node.text, is_digit)) {
    mistake(node.at, out_of_bounds(what, node.text, bounds));
    return std::nullopt;
  }
  if (!value) {
    if (node.is_scalar() && looks_like_expression(node.text)) {
      mistake(node.at, no_expression(what));
      return std::nullopt;
    }
    mistake(node.at, fmt::format("`{}` must be a whole number, found {}", what, node.described()));
    return std::nullopt;
  }
  const bool small = *value < 0 || static_cast<std::uint64_t>(*value) < bounds.least;
  if (small || static_cast<std::uint64_t>(*value) > bounds.most) {
    mistake(node.at, out_of_bounds(what, node.text, bounds));
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*value);
}

std::optional<Duration> Reading::duration(const yaml::Node& node, std::string_view what,
                                          LengthBetween bounds) {
  if (!node.is_scalar()) {
    mistake(node.at,
            fmt::format("`{}` must be a duration such as `5m`, found {}", what, node.described()));
    return std::nullopt;
  }
  if (!node.text.empty() && std::ranges::all_of(node.text, is_digit)) {
    mistake(node.at,
            fmt::format("`{}` has no unit: write `{}s` or `{}m`", what, node.text, node.text));
    return std::nullopt;
  }
  const Result<Duration> length = parse_duration(node.text);
  if (!length) {
    mistake(node.at,
            fmt::format("`{}` must be a duration such as `5m`, found {}", what, node.described()));
    return std::nullopt;
  }
  if (*length < bounds.least || *length > bounds.most) {
    mistake(node.at, fmt::format("`{}` is {}, expected {} to {}", what, to_string(*length),
                                 to_string(bounds.least), to_string(bounds.most)));
    return std::nullopt;
  }
  return *length;
}

std::optional<Instant> Reading::end(const yaml::Node& node, std::string_view what) {
  if (node.is_scalar()) {
    if (const auto instant = parse_instant(node.text)) return *instant;
    const auto date = parse_instant(node.text + "T00:00:00Z");
    const Duration day = Duration::seconds(86'400);
    if (date && date->ns <= std::numeric_limits<std::int64_t>::max() - day.ns) return *date + day;
  }
  mistake(node.at, fmt::format("`{}` must be a date such as `2027-03-31` or an instant such as "
                               "`2027-03-31T12:00:00Z`, found {}",
                               what, node.described()));
  return std::nullopt;
}

std::optional<Duration> Reading::seconds(const yaml::Node& node, std::string_view what,
                                         Duration most) {
  const auto value =
      count(node, what, {1, static_cast<std::uint64_t>(most.ns / Duration::seconds(1).ns)});
  if (!value) return std::nullopt;
  return Duration::seconds(static_cast<std::int64_t>(*value));
}

std::optional<std::string> Reading::text(const yaml::Node& node, std::string_view what,
                                         Lines lines) {
  if (!node.is_scalar()) {
    mistake(node.at, fmt::format("`{}` must be a text, found {}", what, node.described()));
    return std::nullopt;
  }
  if (node.text.empty()) {
    mistake(node.at, fmt::format("`{}` is empty", what));
    return std::nullopt;
  }
  if (node.text.size() > limits::text_bytes_max) {
    mistake(node.at, fmt::format("`{}` has {} bytes and may have {}", what, node.text.size(),
                                 limits::text_bytes_max));
    return std::nullopt;
  }
  const bool number = node.as_boolean().has_value() || node.as_number().has_value();
  if (!node.quoted && (number || reads_two_ways(node.text))) {
    mistake(node.at,
            fmt::format("`{}` must be a text, found {}: put it in quotes", what, node.described()));
    return std::nullopt;
  }
  std::string shown = node.text;
  if (lines == Lines::several) std::erase(shown, '\n');
  if (has_hidden_characters(shown)) {
    mistake(node.at,
            fmt::format("`{}` holds hidden characters: `{}`", what, escape_untrusted(node.text)));
    return std::nullopt;
  }
  return node.text;
}

std::vector<Placed> Reading::texts(const yaml::Node& node, std::string_view what) {
  std::vector<Placed> out;
  if (!node.is_sequence()) {
    if (auto one = text(node, what)) out.push_back({std::move(*one), node.at});
    return out;
  }
  std::unordered_map<std::string, std::uint32_t> seen;
  items(node, what, [&](const yaml::Node& item) {
    auto one = text(item, what);
    if (!one) return;
    const auto [first, fresh] = seen.try_emplace(*one, item.at.line);
    if (fresh) {
      out.push_back({std::move(*one), item.at});
    } else {
      mistake(item.at, fmt::format("`{}` is in `{}` twice; the first is in line {}",
                                   escape_untrusted(*one), what, first->second));
    }
  });
  return out;
}

std::optional<std::size_t> Reading::word(const yaml::Node& node, std::string_view what,
                                         const std::vector<std::string>& words,
                                         const std::vector<std::string>& later) {
  if (node.is_scalar()) {
    const auto found = std::ranges::find(words, node.text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    if (std::ranges::find(later, node.text) != later.end()) {
      mistake(node.at, fmt::format("`{}: {}` is not enforced by this version, so it is refused",
                                   what, node.text));
      return std::nullopt;
    }
  }
  const std::string near = node.is_scalar() ? closest_match(node.text, words) : std::string();
  const std::string advice = near.empty() ? "" : fmt::format(": did you mean `{}`?", near);
  mistake(node.at, fmt::format("`{}` must be {}, found {}{}", what, listed(words), node.described(),
                               advice));
  return std::nullopt;
}

std::optional<Amount> Reading::amount(const yaml::Node& node, std::string_view what,
                                      std::uint64_t most) {
  if (!node.as_number()) {
    mistake(node.at,
            fmt::format("`{}` must be an amount such as `2.00`, found {}", what, node.described()));
    return std::nullopt;
  }
  const std::string_view written = node.text;
  const std::size_t point = written.find('.');
  std::string decimals(point == std::string_view::npos ? "" : written.substr(point + 1));
  while (decimals.ends_with('0')) decimals.pop_back();
  if (decimals.size() > amount_decimals_max) {
    mistake(node.at, fmt::format("`{}` has more than {} decimals", what, amount_decimals_max));
    return std::nullopt;
  }
  const std::optional<Amount> value = parse_amount(written);
  if (!value || value->nano == 0 || value->nano > most * nano_per_unit) {
    mistake(node.at,
            fmt::format("`{}` is {}, expected more than 0 and at most {}", what, written, most));
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> Reading::money(const yaml::Node& node, std::string_view what) {
  const std::optional<Amount> usd = amount(node, what, limits::cost_usd_max);
  return usd ? std::optional(usd->nano) : std::nullopt;
}

}  // namespace pawl
