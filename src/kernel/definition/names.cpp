// Names: their words, the form in which two look the same, and which of a list are refused.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "base/utf8.h"
#include "kernel/definition/definition.h"
#include "model/access.h"

namespace pawl {
namespace {

struct LookAlike {
  char32_t point;
  char latin;
};

// After folding, so that only small letters stand here. A letter whose capital looks like another
// Latin letter than its small form has the reading of the form that is more often met in names.
constexpr std::array look_alikes = std::to_array<LookAlike>({
    {U'0', 'o'},      {U'1', 'l'},      {U'|', 'l'},      {U'\u0131', 'i'}, {U'\u0192', 'f'},
    {U'\u0251', 'a'}, {U'\u0261', 'g'}, {U'\u0269', 'i'}, {U'\u026A', 'i'}, {U'\u0274', 'n'},
    {U'\u0280', 'r'}, {U'\u02CD', '_'}, {U'\u03B1', 'a'}, {U'\u03B2', 'b'}, {U'\u03B3', 'y'},
    {U'\u03B5', 'e'}, {U'\u03B6', 'z'}, {U'\u03B7', 'n'}, {U'\u03B9', 'i'}, {U'\u03BA', 'k'},
    {U'\u03BC', 'u'}, {U'\u03BD', 'v'}, {U'\u03BF', 'o'}, {U'\u03C1', 'p'}, {U'\u03C4', 't'},
    {U'\u03C5', 'u'}, {U'\u03C7', 'x'}, {U'\u03C9', 'w'}, {U'\u03F2', 'c'}, {U'\u03F3', 'j'},
    {U'\u0430', 'a'}, {U'\u0432', 'b'}, {U'\u0433', 'r'}, {U'\u0435', 'e'}, {U'\u0437', '3'},
    {U'\u043A', 'k'}, {U'\u043C', 'm'}, {U'\u043D', 'h'}, {U'\u043E', 'o'}, {U'\u043F', 'n'},
    {U'\u0440', 'p'}, {U'\u0441', 'c'}, {U'\u0442', 't'}, {U'\u0443', 'y'}, {U'\u0445', 'x'},
    {U'\u044C', 'b'}, {U'\u0451', 'e'}, {U'\u0455', 's'}, {U'\u0456', 'i'}, {U'\u0457', 'i'},
    {U'\u0458', 'j'}, {U'\u0461', 'w'}, {U'\u0475', 'v'}, {U'\u04AF', 'y'}, {U'\u04BB', 'h'},
    {U'\u04CF', 'l'}, {U'\u0501', 'd'}, {U'\u051B', 'q'}, {U'\u051D', 'w'}, {U'\u0566', 'q'},
    {U'\u0570', 'h'}, {U'\u0578', 'n'}, {U'\u057D', 'u'}, {U'\u0581', 'g'}, {U'\u0585', 'o'},
    {U'\u2010', '-'}, {U'\u2012', '-'}, {U'\u2013', '-'}, {U'\u2014', '-'}, {U'\u2044', '/'},
    {U'\u2212', '-'}, {U'\u2215', '/'}, {U'\u29F8', '/'}, {U'\uA789', ':'},
});
static_assert(std::ranges::is_sorted(look_alikes, {}, &LookAlike::point));

constexpr std::array long_names = std::to_array<std::string_view>({
    "answer",      "blob",        "bodies",    "body",        "code",         "comment",
    "comments",    "content",     "contents",  "css",         "csv",          "data",
    "description", "detail",      "details",   "diff",        "document",     "explanation",
    "feedback",    "html",        "input",     "instruction", "instructions", "javascript",
    "json",        "latex",       "markdown",  "md",          "mermaid",      "message",
    "messages",    "note",        "notes",     "observation", "observations", "output",
    "patch",       "payload",     "prompt",    "python",      "query",        "queries",
    "reason",      "replacement", "reply",     "response",    "script",       "snippet",
    "source",      "sql",         "statement", "statements",  "str",          "string",
    "summary",     "svg",         "template",  "text",        "texts",        "thought",
    "toml",        "xml",         "yaml",      "yml",
});

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(char c) {
  return is_lower(c) || is_upper(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// Whether a new word begins at `i`, which is a letter after a letter.
bool turns(std::string_view name, std::size_t i) {
  if (!is_upper(name[i])) return false;
  if (!is_upper(name[i - 1])) return true;
  // The last capital of a run begins the word that follows: `HTTPPage` is HTTP, Page.
  return i + 1 < name.size() && is_lower(name[i + 1]);
}

constexpr std::string_view reserved_prefix = "mcp:";

// What is wrong with a name by itself; empty where nothing is.
std::string bad_name(std::string_view name) {
  if (name.empty()) return "the name is empty";
  if (name.size() > name_bytes_max) {
    return fmt::format("the name is longer than {} bytes", name_bytes_max);
  }
  if (has_hidden_characters(name)) return "the name holds control or hidden characters";
  const std::string folded = fold(name);
  if (trim(folded) != folded) return "the name begins or ends with a blank";
  const std::string look = skeleton(name);
  if (look.find('/') != std::string::npos) return "the name holds a slash";
  if (look.starts_with(reserved_prefix)) return "names that begin with `mcp:` are reserved";
  if (look.starts_with(own_prefix)) return "names that begin with `pawl:` are reserved";
  if (look == skeleton(access_tool_name)) return "this name is the one of pawl's own tool";
  return {};
}

}  // namespace

std::string skeleton(std::string_view name) {
  const std::string folded = fold(name);
  std::string out;
  std::string_view rest = folded;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const utf8::Point point = utf8::next(rest);
    const auto* found = std::ranges::lower_bound(look_alikes, point.value, {}, &LookAlike::point);
    if (point.valid && found != look_alikes.end() && found->point == point.value) {
      out += found->latin;
    } else {
      out += before.substr(0, before.size() - rest.size());
    }
  }
  return out;
}

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> out;
  bool inside = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_letter(name[i])) {
      inside = false;
      continue;
    }
    if (!inside || turns(name, i)) out.emplace_back();
    out.back() += is_upper(name[i]) ? static_cast<char>(name[i] | 0x20) : name[i];
    inside = true;
  }
  return out;
}

bool names_long_text(std::string_view argument_name) {
  const std::vector<std::string> words = words_of(argument_name);
  return !words.empty() && std::ranges::find(long_names, words.back()) != long_names.end();
}

std::vector<std::string> refused_names(const std::vector<ToolDefinition>& tools) {
  std::vector<std::string> out(tools.size());
  std::map<std::string, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    out[i] = bad_name(tools[i].name);
    // A name of any length is compared, so that a bad twin takes the good one with it.
    alike[skeleton(tools[i].name)].push_back(i);
  }
  for (const auto& [look, group] : alike) {
    if (group.size() < 2) continue;
    for (std::size_t i : group) {
      if (!out[i].empty()) continue;
      const std::size_t other = group[0] == i ? group[1] : group[0];
      const bool same = tools[other].name == tools[i].name;
      out[i] = same ? "two tools of the list have this name"
                    : fmt::format("the name cannot be told apart from `{}`",
                                  escape_untrusted(tools[other].name.substr(0, name_bytes_max)));
    }
  }
  return out;
}

}  // namespace pawl
