#include "doors/mcp/protocol/json_edit.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(text, out);
  return out;
}

std::string replaced(std::string_view text, json::View document, const Replacements& with) {
  std::string out = "{";
  const auto add = [&out](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    if (out.size() > 1) out += ',';
    out += fmt::format("\"{}\":", key);
    out += value;
  };
  const auto instead = [&with](std::string_view key) {
    return std::ranges::find(with, key, &Replacements::value_type::first);
  };
  // A member that is called nearly the same as one that is put in would make the object ambiguous:
  // a strict reader refuses it. Ours counts.
  const auto shadowed = [&with](std::string_view key) {
    return std::ranges::any_of(with, [key](const auto& own) {
      return !own.second.empty() && key != own.first && fold(key) == fold(own.first);
    });
  };
  // A key that is spelled with escapes would be missed: such an object is written again.
  std::string plain;
  const std::vector<Slice> received = top_level(text);
  if (std::ranges::any_of(received, [](const Slice& s) { return s.key.contains('\\'); })) {
    plain = json::write(document);
    text = plain;
  }
  for (const Slice& slice : plain.empty() ? received : top_level(text)) {
    if (shadowed(slice.key)) continue;
    const auto found = instead(slice.key);
    add(slice.key, found == with.end() ? slice.value : std::string_view(found->second));
  }
  for (const auto& [key, value] : with) {
    if (!document[key].exists()) add(key, value);
  }
  return out + '}';
}

std::string with_subscription(json::View params, std::string_view subscription) {
  json::Writer out;
  out.object().key("_meta").object().key(meta_subscription).raw(subscription).end();
  for (auto [key, value] : params.members()) {
    if (key != "_meta") out.key(key).value(value);
  }
  out.end();
  return out.take();
}

}  // namespace pawl::mcp
