#include "base/yaml_builder.h"

#include <fmt/core.h>
#include <yaml-cpp/mark.h>

#include "base/text.h"
#include "base/yaml.h"

namespace pawl::yaml {
namespace {

bool spells_null(std::string_view text) {
  for (std::string_view word : {"~", "null", "Null", "NULL"}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

}  // namespace

std::size_t Builder::offset(const YAML::Mark& mark) const {
  return static_cast<std::size_t>(mark.pos < 0 ? 0 : mark.pos) + skipped_;
}

void Builder::report(std::size_t offset, std::string message) {
  if (errors_.size() >= errors_max) return;
  errors_.push_back({ErrorKind::invalid, std::move(message), source_.at(offset)});
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ == 1) return;
  const std::size_t start = offset(mark);
  const bool marked = std::string_view(source_.working()).substr(start).starts_with("---");
  report(start, marked ? "a second document begins here; a file holds one"
                       : "this does not belong to the document above; a file holds one document");
  throw SecondDocument{};
}

void Builder::OnAnchor(const YAML::Mark& mark, const std::string& name) {
  report(offset(mark), "YAML reads " + in_backticks("&" + name) +
                           " as an anchor, and anchors are not accepted; write the value out, or "
                           "put it in quotes if `&` belongs to it");
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
  const std::size_t start = offset(mark);
  report(start,
         "YAML reads a value that begins with `*` as an alias, and aliases are not accepted; write "
         "the value out, or put it in quotes if `*` belongs to it");
  place(as_meant(start), start);
}

// The text at `start` as a value in quotes, which is what was probably meant.
Node Builder::as_meant(std::size_t start) const {
  const std::string_view rest = std::string_view(source_.working()).substr(start);
  Node node;
  node.kind = Kind::scalar;
  node.at = source_.at(start);
  node.text = rest.substr(0, rest.find_first_of(" \t\r\n,]}"));
  node.quoted = true;
  return node;
}

// A quoted text that the file ends in: yaml-cpp takes the rest of the file for its contents.
bool Builder::is_closed(std::size_t start) const {
  const std::string_view text = std::string_view(source_.working()).substr(start);
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return true;
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.substr(i, 2) == "''";
    if (doubled || (quote == '"' && text[i] == '\\')) {
      ++i;
    } else if (text[i] == quote) {
      return true;
    }
  }
  return false;
}

// yaml-cpp gives `?` for plain and `!` for quoted scalars that have no tag.
bool Builder::check_tag(std::size_t start, const std::string& tag) {
  const bool none = tag.empty() || tag == "?" || (tag == "!" && source_.byte(start) != '!');
  if (none) return true;
  report(start,
         "YAML reads " + in_backticks(tag) +
             " as a tag, and tags are not accepted; put the value in quotes if `!` belongs to it");
  return false;
}

// An empty value has no place of its own; yaml-cpp tells where the next thing begins.
Position Builder::null_place(std::size_t start) const {
  if (spells_null(
          std::string_view(source_.working()).substr(std::min(start, source_.working().size())))) {
    return source_.at(start);
  }
  if (!open_.empty() && open_.back().has_key) return open_.back().key_at;
  const std::size_t last =
      source_.working().find_last_not_of(" \t\r\n", start == 0 ? 0 : start - 1);
  return source_.at(last == std::string::npos ? start : last);
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t) {
  Node node;
  node.at = null_place(offset(mark));
  place(std::move(node), offset(mark));
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       const std::string& value) {
  const std::size_t start = offset(mark);
  if (!check_tag(start, tag) && value.empty()) return place(as_meant(start), start);
  if (tag == "!" && !is_closed(start))
    report(start, "the file ends inside the quoted text that begins here");
  Node node;
  node.kind = Kind::scalar;
  node.at = source_.at(start);
  node.text = value;
  node.quoted = tag == "!";
  if (const std::string_view meant = source_.repaired(start); !meant.empty()) {
    node.text = meant;
    node.quoted = true;
  }
  place(std::move(node), start);
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                              YAML::EmitterStyle::value) {
  open(mark, tag, Kind::sequence);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) {
  open(mark, tag, Kind::map);
}

void Builder::open(const YAML::Mark& mark, const std::string& tag, Kind kind) {
  const std::size_t start = offset(mark);
  check_tag(start, tag);
  if (too_deep_ > 0 || open_.size() >= depth_max) {
    if (too_deep_++ == 0) report(start, fmt::format("nested deeper than {} levels", depth_max));
    return;
  }
  Open& opened = open_.emplace_back();
  opened.node.kind = kind;
  opened.node.at = source_.at(start);
  starts_.push_back(start);
}

void Builder::close() {
  if (too_deep_ > 0) {
    if (--too_deep_ == 0) place(Node{}, starts_.back());
    return;
  }
  Node node = std::move(open_.back().node);
  const std::size_t start = starts_.back();
  open_.pop_back();
  starts_.pop_back();
  place(std::move(node), start);
}

void Builder::place(Node node, std::size_t start) {
  if (too_deep_ > 0) return;
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  if (parent.node.kind == Kind::sequence) {
    parent.node.items.push_back(std::move(node));
  } else if (!parent.has_key) {
    take_key(parent, node, start);
  } else {
    parent.has_key = false;
    if (parent.key_dropped) return;
    parent.node.entries.push_back(
        {std::move(parent.key), std::move(parent.key_at), std::move(node)});
  }
}

std::string Builder::key_mistake(const Node& node, std::size_t start) const {
  switch (node.kind) {
    case Kind::map:
    case Kind::sequence:
      return "a key must be a plain word, and this is " + node.described();
    case Kind::null:
      return "expected a plain word as the key";
    case Kind::scalar:
      break;
  }
  if (node.text == "<<" && !node.quoted) return "merge keys, `<<`, are not accepted";
  // Names of other people's arguments (`filter[status]`) cannot always be written without.
  const bool needs_quotes = node.text.find_first_of("[]{},&*!|>%@`'\"#:?") != std::string::npos;
  if (node.quoted && !needs_quotes && source_.byte(start) != '!') {
    return "a key must be a plain word without quotes: " + in_backticks(node.text);
  }
  if (node.text.empty() || node.text.find_first_of(" \t\r\n") != std::string::npos) {
    return "a key must be a plain word without blanks: " + in_backticks(node.text);
  }
  // yaml-cpp also takes a word alone on its line for a key, which a reader would not.
  const std::string_view written = std::string_view(source_.working()).substr(start);
  if (written.starts_with(node.text)) {
    const std::size_t colon = written.find_first_not_of(" \t", node.text.size());
    if (colon == std::string_view::npos || written[colon] != ':') {
      return "expected `:` after " + in_backticks(node.text);
    }
  }
  return {};
}

void Builder::take_key(Open& map, const Node& node, std::size_t start) {
  map.has_key = true;
  map.key_at = source_.at(start);
  map.key = node.text;
  std::string mistake = key_mistake(node, start);
  // What is inside a text can still be checked, so a badly written key keeps its value.
  map.key_dropped = node.kind != Kind::scalar || node.text == "<<";
  if (!mistake.empty()) report(start, std::move(mistake));
  if (map.key_dropped) return;
  const auto [first, fresh] =
      map.seen.try_emplace(fold(node.text), Entry{node.text, map.key_at, {}});
  if (fresh) return;
  map.key_dropped = true;
  const Entry& before = first->second;
  if (before.key == node.text) {
    report(start, fmt::format("the key {} is there twice; the first is in line {}",
                              in_backticks(node.text), before.key_at.line));
  } else {
    report(start,
           fmt::format("the key {} is the same name as {} in line {}", in_backticks(node.text),
                       in_backticks(before.key), before.key_at.line));
  }
}

Node Builder::finish() {
  too_deep_ = 0;
  while (!open_.empty()) {
    open_.back().has_key = open_.back().has_key && open_.back().node.kind == Kind::map;
    close();
  }
  return std::move(root_);
}

}  // namespace pawl::yaml
