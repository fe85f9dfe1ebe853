// Values of the deployment file against each other.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "kernel/strictness/deployment_parts.h"

namespace pawl {

namespace {

bool equal_nodes(const yaml::Node& a, const yaml::Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.quoted != b.quoted) return false;
  if (!std::ranges::equal(a.items, b.items, equal_nodes)) return false;
  return a.entries.size() == b.entries.size() &&
         std::ranges::all_of(a.entries, [&b](const yaml::Entry& entry) {
           const yaml::Node* other = b.find(entry.key);
           return other != nullptr && equal_nodes(entry.value, *other);
         });
}

// A list of texts, or the one text that may stand for it; nothing where it is something else.
std::optional<std::vector<const yaml::Node*>> texts_of(const yaml::Node& node) {
  std::vector<const yaml::Node*> texts;
  if (node.is_scalar()) texts.push_back(&node);
  for (const yaml::Node& item : node.items) texts.push_back(&item);
  const bool plain = !node.is_map() &&
                     std::ranges::all_of(texts, [](const auto* one) { return one->is_scalar(); });
  return plain ? std::optional(std::move(texts)) : std::nullopt;
}

bool has_text(const std::vector<const yaml::Node*>& texts, const std::string& text) {
  return std::ranges::any_of(texts, [&text](const auto* one) { return one->text == text; });
}

}  // namespace

KeyPair KeyPair::below(const std::string& key) const {
  const yaml::Entry* old = was == nullptr ? nullptr : was->entry(key);
  const yaml::Entry* now = is == nullptr ? nullptr : is->entry(key);
  return {.files = files,
          .path = path.empty() ? key : path + "." + key,
          .was = old == nullptr ? nullptr : &old->value,
          .is = now == nullptr ? nullptr : &now->value,
          .at = now == nullptr ? at : now->key_at};
}

void KeyPair::found(Position where, const std::string& says) const {
  files.laxness.found(std::move(where), says);
}

std::vector<std::string> names_of(const KeyPair& pair) {
  std::vector<std::string> names;
  for (const yaml::Node* node : {pair.is, pair.was}) {
    if (node == nullptr) continue;
    for (const yaml::Entry& entry : node->entries) {
      if (std::ranges::find(names, entry.key) == names.end()) names.push_back(entry.key);
    }
  }
  return names;
}

void same_only(const KeyPair& pair) {
  if (pair.was == nullptr && pair.is == nullptr) return;
  const std::string name = "`" + escape_untrusted(pair.path) + "`";
  if (pair.was == nullptr) return pair.found(pair.at, name + " is new");
  if (pair.is == nullptr) return pair.found(pair.at, name + " is gone" + line_before(pair.was->at));
  if (equal_nodes(*pair.was, *pair.is)) return;
  const bool mappings = pair.was->is_map() && pair.is->is_map();
  if (!mappings) return pair.found(pair.at, name + " is another one" + line_before(pair.was->at));
  for (const std::string& key : names_of(pair)) same_only(pair.below(key));
}

void any_value(const KeyPair& /*pair*/) {}

void may_go(const KeyPair& pair) {
  if (pair.is != nullptr) same_only(pair);
}

void changed_texts(const KeyPair& pair, OfText lose, OfText get) {
  if (pair.was == nullptr || pair.is == nullptr) return same_only(pair);
  const auto old = texts_of(*pair.was);
  const auto now = texts_of(*pair.is);
  if (!old || !now || now->empty()) return same_only(pair);
  const std::string of = " of `" + escape_untrusted(pair.path) + "`";
  for (const yaml::Node* one : *now) {
    if (has_text(*old, one->text) || get(pair, one->text)) continue;
    pair.found(one->at, "`" + escape_untrusted(one->text) + "`" + of + " is new");
  }
  for (const yaml::Node* one : *old) {
    if (has_text(*now, one->text) || lose(pair, one->text)) continue;
    pair.found(pair.at,
               "`" + escape_untrusted(one->text) + "`" + of + " is gone" + line_before(one->at));
  }
}

bool any_text(const KeyPair& /*pair*/, const std::string& /*text*/) {
  return true;
}

bool no_text(const KeyPair& /*pair*/, const std::string& /*text*/) {
  return false;
}

void fewer_texts(const KeyPair& pair) {
  changed_texts(pair, any_text, no_text);
}

void fewer_or_none(const KeyPair& pair) {
  const bool none = pair.is == nullptr || (pair.is->is_sequence() && pair.is->items.empty());
  if (!none) fewer_texts(pair);
}

}  // namespace pawl
