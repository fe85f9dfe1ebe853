#include "kernel/policy/lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "kernel/config/key_spec.h"
#include "kernel/config/limits.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

// More digits than a double holds: the value compared would not be the value written.
constexpr std::size_t digits_max = 17;

std::size_t significant_digits(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  }
  if (number.find('.') != std::string_view::npos) {
    while (digits.ends_with('0')) digits.pop_back();
  }
  return digits.size();
}

}  // namespace

bool is_reference(const yaml::Node& node) {
  return node.is_scalar() && node.text.starts_with('$');
}

bool plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::optional<Literal> literal_of(Reading& reading, const yaml::Node& node, std::string_view what) {
  if (!node.is_scalar()) {
    reading.mistake(node.at,
                    fmt::format("`{}` must hold plain values, found {}", what, node.described()));
    return std::nullopt;
  }
  Literal literal;
  if (const auto truth = node.as_boolean()) {
    literal.json = *truth ? "true" : "false";
    return literal;
  }
  if (const auto whole = node.as_integer()) {
    literal.integer = whole;
    literal.number = static_cast<double>(*whole);
    literal.json = std::to_string(*whole);
    return literal;
  }
  if (const auto number = node.as_number()) {
    if (significant_digits(node.text) > digits_max) {
      reading.mistake(node.at, fmt::format("`{}` holds {}, which has more than {} digits", what,
                                           node.described(), digits_max));
      return std::nullopt;
    }
    literal.number = number;
    json::write_number(*number, literal.json);
    return literal;
  }
  if (!node.quoted && reads_two_ways(node.text)) {
    reading.mistake(node.at, fmt::format("`{}` holds {}, which readers of YAML disagree about: "
                                         "write true, false, a decimal number, or put it in quotes",
                                         what, node.described()));
    return std::nullopt;
  }
  std::string shown = node.text;
  std::erase(shown, '\n');
  if (has_hidden_characters(shown)) {
    reading.mistake(node.at, fmt::format("`{}` holds hidden characters: `{}`", what,
                                         escape_untrusted(node.text)));
    return std::nullopt;
  }
  literal.string = node.text;
  json::write_string(node.text, literal.json);
  return literal;
}

namespace {

struct ListDraft {
  Reading& reading;
  std::optional<std::string> file;
};

constexpr std::string_view kFile = "file";

constexpr auto kListKeys = section_keys<ListDraft, std::optional<std::string>>(
    Section::list,
    {
        {kFile, "text", "required", 6,
         "A text file beside the policy: one value per line, `#` starts a comment.", text<>},
    });

}  // namespace

void list_list_keys(std::vector<Key>& into) {
  kListKeys.list(into);
}

void Lists::read(Reading& reading, const LoadSources& sources, const yaml::Node& node) {
  reading.names(node, "lists", [&](const yaml::Entry& entry) {
    if (!plain_name(entry.key)) {
      reading.mistake(entry.key_at,
                      fmt::format("the list's name `{}` may have letters, digits, `_` and `-` only",
                                  escape_untrusted(entry.key)));
      return;
    }
    if (lists_.size() >= limits::lists_max) {
      reading.mistake(entry.key_at, fmt::format("more than {} lists", limits::lists_max));
      return;
    }
    List& list = lists_[entry.key];
    list.at = entry.key_at;
    if (entry.value.is_map()) {
      read_file(reading, sources, entry.value, list);
    } else if (entry.value.is_sequence()) {
      list.items = entry.value.items;
      if (list.items.empty()) {
        reading.mistake(entry.value.at, fmt::format("the list `{}` is empty", entry.key));
      }
    } else {
      reading.mistake(entry.value.at,
                      fmt::format("the list `{}` must be a list or `{{file: …}}`, found {}",
                                  entry.key, entry.value.described()));
    }
  });
  // Mistakes inside of a list that nothing uses are mistakes too.
  for (auto& [name, list] : lists_) {
    std::vector<yaml::Node> flat;
    list.open = true;
    for (const yaml::Node& item : list.items) expand_into(reading, item, "$" + name, flat);
    list.open = false;
    for (const yaml::Node& item : flat) {
      if (item.at.file == list.at.file) literal_of(reading, item, "$" + name);
    }
  }
  for (auto& [name, list] : lists_) list.used = false;
}

void Lists::read_file(Reading& reading, const LoadSources& sources, const yaml::Node& node,
                      List& list) {
  ListDraft draft{.reading = reading, .file = {}};
  read_section(draft, node, kListKeys, draft.file);
  std::optional<std::string>& path = draft.file;
  if (!path) return;
  const Position at = node.find(kFile)->at;
  if (path->starts_with('~') || path->find('$') != std::string::npos) {
    reading.mistake(at, fmt::format("`{}`: a `~` or a variable is never expanded", *path));
    return;
  }
  const Result<std::string> bytes =
      sources.read ? sources.read(*path)
                   : fail(ErrorKind::missing, "list files cannot be read here");
  if (!bytes) {
    reading.mistake(
        at, fmt::format("the list file `{}` cannot be read: {}", *path, bytes.error().message));
    return;
  }
  if (bytes->size() > limits::list_bytes_max || !valid_utf8(*bytes)) {
    reading.mistake(at, fmt::format("the list file `{}` is {}", *path,
                                    valid_utf8(*bytes) ? "too long" : "not valid UTF-8"));
    return;
  }
  std::uint32_t line = 0;
  for (std::string_view row : split(*bytes, '\n')) {
    ++line;
    row = trim(row);
    if (row.empty() || row.starts_with('#')) continue;
    yaml::Node item;
    item.kind = yaml::Kind::scalar;
    item.quoted = true;
    item.text = std::string(row);
    item.at = {*path, line, 1};
    if (has_hidden_characters(row)) {
      reading.mistake(item.at, fmt::format("hidden characters: `{}`", escape_untrusted(row)));
    } else if (list.items.size() >= limits::list_items_max) {
      reading.mistake(item.at, fmt::format("more than {} values", limits::list_items_max));
      break;
    } else {
      list.items.push_back(std::move(item));
    }
  }
  if (list.items.empty()) {
    reading.mistake(at, fmt::format("the list file `{}` holds no value", *path));
  }
  files_[*path] = *bytes;
}

void Lists::expand_into(Reading& reading, const yaml::Node& item, std::string_view what,
                        std::vector<yaml::Node>& out) {
  if (++expanded_ > limits::list_expansions_max) {
    if (expanded_ == limits::list_expansions_max + 1) {
      reading.mistake(item.at, fmt::format("the lists of this file stand for more than {} values",
                                           limits::list_expansions_max));
    }
    return;
  }
  if (!item.is_scalar()) {
    reading.mistake(item.at,
                    fmt::format("`{}` must hold plain values, found {}", what, item.described()));
    return;
  }
  if (!is_reference(item)) {
    out.push_back(item);
    return;
  }
  const std::string name = item.text.substr(1);
  const auto found = lists_.find(name);
  if (found == lists_.end() && !plain_name(name)) {
    reading.mistake(item.at, fmt::format("`{}` is not a valid list name, and a variable is never "
                                         "expanded",
                                         escape_untrusted(item.text)));
    return;
  }
  if (found == lists_.end()) return expand_beside(reading, item, what, out);
  List& list = found->second;
  list.used = true;
  if (list.open) {
    reading.mistake(item.at, fmt::format("the list `{}` leads back to itself", item.text));
    return;
  }
  list.open = true;
  for (const yaml::Node& inner : list.items) expand_into(reading, inner, what, out);
  list.open = false;
}

// A name that this file does not have.
void Lists::expand_beside(Reading& reading, const yaml::Node& item, std::string_view what,
                          std::vector<yaml::Node>& out) {
  const std::string name = item.text.substr(1);
  std::vector<std::string> known = names();
  std::vector<Lists*> found;
  for (const std::shared_ptr<Lists>& other : others_) {
    if (other->has(name)) found.push_back(other.get());
    for (std::string& one : other->names()) known.push_back(std::move(one));
  }
  if (found.size() == 1) return found.front()->expand_into(reading, item, what, out);
  if (found.size() > 1) {
    reading.mistake(item.at, fmt::format("several layers have a list `{}`: name one of this file",
                                         escape_untrusted(item.text)));
    return;
  }
  const std::string near = closest_match(name, known);
  std::string advice = near.empty() ? "" : fmt::format(": did you mean `${}`?", near);
  if (const auto other = others_called_.find(name); other != others_called_.end()) {
    advice = fmt::format(": {}", other->second);
  }
  if (name == "workspace") advice = ": this version does not enforce `workspace`";
  reading.mistake(item.at,
                  fmt::format("there is no list `{}`{}", escape_untrusted(item.text), advice));
}

bool Lists::find(std::string_view name) const {
  return has(name) ||
         std::ranges::any_of(others_, [name](const auto& other) { return other->has(name); });
}

std::vector<std::string> Lists::names() const {
  std::vector<std::string> out;
  for (const auto& [name, list] : lists_) out.push_back(name);
  return out;
}

std::vector<yaml::Node> Lists::expand(Reading& reading, const yaml::Node& node,
                                      std::string_view what) {
  std::vector<yaml::Node> out;
  if (node.is_sequence()) {
    if (node.items.empty()) {
      reading.mistake(node.at, fmt::format("`{}` is empty, so it would match nothing", what));
    }
    for (const yaml::Node& item : node.items) expand_into(reading, item, what, out);
  } else {
    expand_into(reading, node, what, out);
  }
  return out;
}

std::vector<Literal> Lists::literals(Reading& reading, const yaml::Node& node,
                                     std::string_view what) {
  std::vector<Literal> out;
  std::unordered_set<std::string> seen;
  for (const yaml::Node& item : expand(reading, node, what)) {
    auto literal = literal_of(reading, item, what);
    if (literal && seen.insert(literal->json).second) out.push_back(std::move(*literal));
  }
  return out;
}

std::vector<Placed> Lists::texts(Reading& reading, const yaml::Node& node, std::string_view what) {
  std::vector<Placed> out;
  std::unordered_set<std::string> seen;
  for (const yaml::Node& item : expand(reading, node, what)) {
    auto text = reading.text(item, what);
    if (text && seen.insert(*text).second) out.push_back({std::move(*text), item.at});
  }
  return out;
}

std::vector<Placed> Lists::unused() const {
  std::vector<Placed> out;
  for (const auto& [name, list] : lists_) {
    if (!list.used) out.push_back({name, list.at});
  }
  return out;
}

}  // namespace pawl
