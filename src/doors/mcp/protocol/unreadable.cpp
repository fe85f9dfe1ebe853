#include "doors/mcp/protocol/unreadable.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/json_mend.h"
#include "base/text.h"

namespace pawl::mcp {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
// What has more members than that is no message, and no batch has more of them.
constexpr std::size_t members_max = 64;
constexpr std::size_t batch_max = 1024;
constexpr std::size_t listed_max = 20'000;
constexpr std::size_t name_shown_bytes_max = 64;
// A message around a result around a list around the tool.
constexpr std::size_t levels_around_a_tool = 3;
// So deep such a list is read to see whether it is JSON at all.
constexpr std::size_t looked_at_depth_max = 10'000;

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = wrong == std::errc{} && end == digits.data() + digits.size();
  const bool plain = digits.size() == 1 || !digits.starts_with('0');
  return whole && plain && is_number(digits) ? std::optional(number) : std::nullopt;
}

// A name as it is without its escapes.
std::string plain_name(std::string_view raw) {
  const auto document = json::parse("\"" + std::string(raw) + "\"");
  return std::string(document ? document->root().string() : raw);
}

std::string_view value_of(const std::vector<Slice>& slices, std::string_view key) {
  const auto found = std::ranges::find(slices, key, &Slice::key);
  return found == slices.end() ? std::string_view() : found->value;
}

// How many arrays and objects stand one in the other, of valid JSON.
std::size_t depth_of(std::string_view value) {
  std::size_t depth = 0, deepest = 0;
  bool inside = false;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (inside) {
      if (c == '\\') ++at;
      inside = c != '"';
    } else if (c == '"') {
      inside = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// The name of a tool that is too deep to be read as a whole.
std::string name_in(std::string_view tool) {
  const std::string_view raw = value_of(top_level(tool, members_max), "name");
  const auto name = json::parse(raw);
  const bool text = name && name->root().is_string();
  const std::string_view shown = text ? name->root().string() : std::string_view("without a name");
  return escape_untrusted(shown.substr(0, name_shown_bytes_max));
}

// What can be sent back as an id: a text or a whole number. Nothing else names a request.
bool is_id(std::string_view raw) {
  const auto value = json::parse(raw);
  return value && (value->root().is_string() || value->root().is_integer());
}

// A batch, which no revision that is spoken here has.
MeantFor meant_for_some(std::string_view line) {
  MeantFor all;
  if (!json::parse(line, as_it_came)) return all;
  for (std::string_view element : elements_of(line, batch_max)) {
    const MeantFor one = meant_for(element);
    if (!one.answer) continue;
    all.answer = true;
    all.ids.insert(all.ids.end(), one.ids.begin(), one.ids.end());
  }
  return all;
}

// The line with another text where this part of it stood.
std::string with_part(std::string_view line, std::string_view part, std::string_view now) {
  const auto at = static_cast<std::size_t>(part.data() - line.data());
  std::string out(line.substr(0, at));
  out += now;
  out += line.substr(at + part.size());
  return out;
}

}  // namespace

Result<Message> read_server_message(std::string_view& line, std::string& mended,
                                    json::Parser& parser, json::Document& document) {
  Result<Message> message = read_message(line, Side::server, parser, document);
  if (message) return message;
  auto replaced = json::with_replacements(line);
  if (!replaced) return message;
  mended = std::move(*replaced);
  line = mended;
  return read_message(line, Side::server, parser, document);
}

std::optional<std::uint64_t> own_id(std::string_view raw) {
  if (is_number(raw)) return number_of(raw);
  const auto document = json::parse(raw);
  const json::View id = document ? document->root() : json::View();
  if (id.is_string()) return number_of(id.string());
  const bool whole = id.kind() == json::Kind::natural || (id.is_integer() && id.integer() >= 0);
  return whole ? std::optional(id.natural()) : std::nullopt;
}

MeantFor meant_for(std::string_view line, OfLine part) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  if (part == OfLine::whole && line.starts_with('[')) return meant_for_some(line);
  // What is printed before it makes it no message, even where a message is quoted.
  if (!line.starts_with('{')) return {};
  std::vector<Slice> slices = top_level(line, members_max);
  // A name may be spelled with escapes, which may be why the line cannot be read.
  std::deque<std::string> names;
  for (Slice& slice : slices) {
    if (slice.key.contains('\\')) slice.key = names.emplace_back(plain_name(slice.key));
  }
  const auto has = [&slices](std::string_view key) {
    return std::ranges::find(slices, key, &Slice::key) != slices.end();
  };
  const bool known = std::ranges::all_of(slices, [](const Slice& slice) {
    return std::ranges::find(kMessageMembers, slice.key) != kMessageMembers.end();
  });
  MeantFor meant;
  meant.question = has("method") && has("id") && (known || has("jsonrpc"));
  meant.answer = (has("result") || has("error")) && !has("method") && (known || has("jsonrpc"));
  // Of the member that is cut off only the name counts.
  if (part == OfLine::beginning && !slices.empty()) slices.pop_back();
  for (const Slice& slice : slices) {
    if (slice.key == MemberName::id && is_id(slice.value)) meant.ids.push_back(slice.value);
    if (slice.key == MemberName::error && slice.value != "null") meant.error = slice.value;
  }
  return meant;
}

std::string cannot_be_read(const std::string& why) {
  return "the tool server's answer cannot be read: " + why;
}

std::optional<Shortened> without_deep_tools(std::string_view line) {
  json::ParseLimits limits = as_it_came;
  const std::size_t deep = limits.depth_max - levels_around_a_tool;
  limits.depth_max = looked_at_depth_max;
  if (!json::parse(line, limits)) return std::nullopt;
  const std::string_view result = value_of(top_level(line, members_max), "result");
  const std::string_view tools = value_of(top_level(result, members_max), "tools");
  if (!tools.starts_with('[')) return std::nullopt;
  Shortened out;
  std::string kept = "[";
  const std::vector<std::string_view> all = elements_of(tools, listed_max + 1);
  if (all.size() > listed_max) return std::nullopt;
  for (std::string_view tool : all) {
    if (depth_of(tool) > deep) {
      out.left_out.push_back(name_in(tool));
      continue;
    }
    if (kept.size() > 1) kept += ',';
    kept += tool;
  }
  kept += ']';
  if (out.left_out.empty()) return std::nullopt;
  out.line = with_part(line, tools, kept);
  return out;
}

}  // namespace pawl::mcp
