#include "kernel/pack/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace pawl {

namespace {

// A value as `calls` spells it; nothing for what has no single spelling.
std::optional<std::string> spelled_value(json::View value) {
  switch (value.kind()) {
    case json::Kind::string:
      return std::string(value.string());
    case json::Kind::boolean:
      return value.boolean() ? "true" : "false";
    case json::Kind::integer:
      return std::to_string(value.integer());
    case json::Kind::natural:
    case json::Kind::number:
    case json::Kind::null:
    case json::Kind::array:
    case json::Kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

// The knowledge base places by name; where it cannot, its reading of everything else still counts.
Placement joined(Placement known, const ToolDefinition& tool,
                 const std::vector<const PackTool*>& packs) {
  if (packs.empty()) return known;
  Class found{Reversibility::read_only, Blast::small, false};
  std::string why;
  for (const PackTool* pack : packs) {
    found = more_dangerous(found, pack->worst());
    why = fmt::format("pack: {}", pack->name);
  }
  if (!known.placed) {
    // Read under the name of the most harmless tool there is: what the description, the arguments
    // and the annotations say stays.
    ToolDefinition harmless = tool;
    harmless.name = "read";
    const Placement rest = classify(harmless);
    const std::string lead = classify_name(harmless.name).why;
    known = rest;
    known.why = rest.why.starts_with(lead + "; ") ? rest.why.substr(lead.size() + 2) : "";
  }
  const Class both = more_dangerous(known.action_class, found);
  if (both == known.action_class && !known.why.empty()) {
    why = known.why;
  } else if (both != found && !known.why.empty()) {
    why += "; " + known.why;
  }
  return {both, true, why};
}

}  // namespace

Class PackTool::worst() const {
  Class out = otherwise;
  for (const auto& [value, one] : calls) out = more_dangerous(out, one);
  if (absent) out = more_dangerous(out, *absent);
  return out;
}

Class PackTool::of_call(json::View arguments) const {
  if (by.empty()) return otherwise;
  const json::View value = arguments[by];
  if (!value.exists()) return absent.value_or(otherwise);
  auto spelled = spelled_value(value);
  if (spelled && reads == PackReads::aws_cli) {
    spelled = value.is_string() ? aws_operation(*spelled) : std::nullopt;
  }
  if (!spelled) return otherwise;
  const auto found = calls.find(*spelled);
  return found == calls.end() ? otherwise : found->second;
}

std::string Pack::spelled_name() const {
  return fmt::format("{}{}@{}", pack_prefix, name, version);
}

const PackTool* Pack::find(std::string_view tool) const {
  const auto found = names_.find(tool);
  return found == names_.end() ? nullptr : &tools[found->second];
}

void Pack::index() {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    names_.try_emplace(tools[i].name, i);
    for (const std::string& other : tools[i].also) names_.try_emplace(other, i);
  }
}

Result<PackName> parse_pack_name(std::string_view written) {
  const auto wrong = [&] {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` is no name of a pack: expected `{}NAME@VERSION`",
                            escape_untrusted(written), pack_prefix));
  };
  if (!written.starts_with(pack_prefix)) return wrong();
  written.remove_prefix(pack_prefix.size());
  const std::size_t at = written.find('@');
  if (at == 0 || at == std::string_view::npos) return wrong();
  PackName name{std::string(written.substr(0, at)), 0};
  const std::string_view digits = written.substr(at + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), name.version);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || name.version < 1) {
    return wrong();
  }
  return name;
}

std::vector<const PackTool*> described(const Packs& packs, std::string_view tool) {
  std::vector<const PackTool*> out;
  for (const auto& pack : packs) {
    if (const PackTool* found = pack->find(tool)) out.push_back(found);
  }
  return out;
}

Placement classify(const ToolDefinition& tool, const Packs& packs) {
  return joined(classify(tool), tool, described(packs, tool.name));
}

Placement classify_name(std::string_view tool_name, const Packs& packs) {
  ToolDefinition bare;
  bare.name = tool_name;
  return joined(classify_name(tool_name), bare, described(packs, tool_name));
}

// One plain command: words of letters, digits and a few marks; nothing that a shell would read, no
// option before the operation, and none that leads elsewhere.
std::optional<std::string> aws_operation(std::string_view line) {
  constexpr std::string_view marks = " -_./:=,@+";
  const bool plain = std::ranges::all_of(line, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.contains(c);
  });
  if (!plain) return std::nullopt;
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (words.size() < 3 || words[0] != "aws") return std::nullopt;
  if (words[1].starts_with('-') || words[2].starts_with('-')) return std::nullopt;
  constexpr std::string_view elsewhere[] = {
      "--endpoint-url", "--profile", "--cli-input", "--no-verify-ssl", "--ca-bundle",
      "file:",          "fileb:",    "http:",       "https:"};
  for (const std::string_view word : words) {
    for (const std::string_view lead : elsewhere) {
      if (word.contains(lead)) return std::nullopt;
    }
    // The CLI takes any beginning of an option's name that only one has.
    if (word.starts_with("--e") || word.starts_with("--p") || word.starts_with("--cl") ||
        word.starts_with("--no-v") || word.starts_with("--ca")) {
      return std::nullopt;
    }
  }
  return fmt::format("{}/{}", words[1], words[2]);
}

}  // namespace pawl
