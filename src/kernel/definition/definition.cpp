#include "kernel/definition/definition.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/utf8.h"
#include "kernel/definition/shape_reader.h"
#include "model/access.h"

namespace pawl {

bool hides_characters(std::string_view prose) {
  while (!prose.empty()) {
    const std::size_t end = prose.find_first_of("\n\r\t");
    if (has_hidden_characters(prose.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    prose.remove_prefix(end + 1);
  }
  return false;
}

namespace {

// Looks at every string below a value, names of members included.
bool any_hidden(json::View value) {
  if (!value.exists()) return false;
  const json::Document& document = *value.document();
  const std::uint32_t end = document.node(value.index()).end;
  for (std::uint32_t i = value.index(); i < end; ++i) {
    const json::Node& node = document.node(i);
    if (node.kind == json::Kind::string && hides_characters(document.bytes(node))) return true;
  }
  return false;
}

Status read_text(json::View tool, std::string_view key, std::string& into) {
  const json::View member = tool[key];
  if (!member.exists() || member.is_null()) return {};
  if (!member.is_string()) return fail(ErrorKind::invalid, fmt::format("`{}` must be a text", key));
  into = member.string();
  return {};
}

// Absent or null: nothing is said. What is neither true nor false says the worse of both, so that
// a tool is not lost for it.
std::optional<bool> read_hint(json::View annotations, std::string_view key, bool worse) {
  const json::View member = annotations[key];
  if (!member.exists() || member.is_null()) return std::nullopt;
  return member.kind() == json::Kind::boolean ? member.boolean() : worse;
}

Status read_hints(json::View annotations, ToolDefinition::Hints& into) {
  if (!annotations.exists() || annotations.is_null()) return {};
  if (annotations.is_array() && annotations.size() == 0) return {};  // a map, as PHP writes it
  if (!annotations.is_object()) {
    return fail(ErrorKind::invalid, "`annotations` must be an object");
  }
  into.read_only = read_hint(annotations, "readOnlyHint", false);
  into.destructive = read_hint(annotations, "destructiveHint", true);
  into.idempotent = read_hint(annotations, "idempotentHint", false);
  into.open_world = read_hint(annotations, "openWorldHint", true);
  return {};
}

Status read_schema(json::View schema, ToolDefinition& into) {
  into.arguments.type = ValueType::object;
  if (!schema.exists() || schema.is_null()) return {};
  Result<Shape> shape = read_arguments(schema);
  PAWL_TRY(shape);
  into.arguments = std::move(*shape);
  into.has_schema = true;
  Result<json_schema::Schema> compiled = json_schema::compile(schema);
  if (compiled) {
    into.validator = std::make_shared<const json_schema::Schema>(std::move(*compiled));
  } else {
    into.validator_fault = compiled.error().message;
  }
  return {};
}

}  // namespace

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::any:
      return "any";
    case ValueType::null:
      return "null";
    case ValueType::boolean:
      return "boolean";
    case ValueType::integer:
      return "integer";
    case ValueType::number:
      return "number";
    case ValueType::string:
      return "string";
    case ValueType::array:
      return "array";
    case ValueType::object:
      return "object";
  }
  return "any";
}

void Shape::index_names() {
  constexpr std::size_t few = 16;
  by_name_.clear();
  if (properties.size() <= few) return;
  for (std::uint32_t i = 0; i < properties.size(); ++i) by_name_.push_back(i);
  std::ranges::sort(by_name_, [this](std::uint32_t a, std::uint32_t b) {
    const int order = properties[a].name.compare(properties[b].name);
    return order != 0 ? order < 0 : a < b;
  });
}

const Shape::Property* Shape::find(std::string_view name) const {
  if (!by_name_.empty() && by_name_.size() == properties.size()) {
    const auto found = std::ranges::lower_bound(by_name_, name, {}, [this](std::uint32_t i) {
      return std::string_view(properties[i].name);
    });
    const bool there = found != by_name_.end() && properties[*found].name == name;
    return there ? &properties[*found] : nullptr;
  }
  for (const Property& property : properties) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

Result<ToolDefinition> parse_definition(json::View tool, std::string_view server) {
  if (!tool.is_object()) return fail(ErrorKind::invalid, "a tool must be an object");
  ToolDefinition out;
  out.server = server;
  for (const auto& [key, into] : {std::pair<std::string_view, std::string*>{"name", &out.name},
                                  {"title", &out.title},
                                  {"description", &out.description}}) {
    PAWL_TRY(read_text(tool, key, *into));
  }
  if (out.name.empty()) return fail(ErrorKind::invalid, "`name` of a tool is missing");
  // JSON Schema knows `true`, the protocol does not, and a client may refuse the whole list for it.
  if (tool["inputSchema"].kind() == json::Kind::boolean) {
    return fail(ErrorKind::invalid, "`inputSchema` must be an object");
  }
  PAWL_TRY(read_schema(tool["inputSchema"], out));
  PAWL_TRY(read_hints(tool["annotations"], out.hints));
  out.text = json::write(tool);
  out.digest = sha256(out.text);
  out.hidden_characters = any_hidden(tool);
  return out;
}

void read_tools(json::View list, std::string_view server, ToolsRead& into) {
  constexpr std::size_t shown_name_bytes_max = 128;
  std::set<Digest> known;
  for (const ToolDefinition& tool : into.tools) known.insert(tool.digest);
  for (json::View tool : list.elements()) {
    Result<ToolDefinition> read = parse_definition(tool, server);
    if (!read) {
      const std::string name(tool.text("name").value_or(""));
      into.left_out.push_back(fmt::format(
          "{}: {}",
          name.empty() ? "a tool without a name"
                       : "`" + escape_untrusted(utf8::shortened(name, shown_name_bytes_max)) + "`",
          read.error().message));
    } else if (known.insert(read->digest).second) {
      into.tools.push_back(std::move(*read));
    }
  }
}

Result<ToolDefinition> definition_of(std::string_view server, std::string_view name,
                                     json::View schema, json::View annotations) {
  if (name.empty()) return fail(ErrorKind::invalid, "`name` of a tool is missing");
  ToolDefinition out;
  out.server = server;
  out.name = name;
  PAWL_TRY(read_schema(schema, out));
  PAWL_TRY(read_hints(annotations, out.hints));
  json::Writer text;
  text.object();
  if (annotations.exists()) text.key("annotations").value(annotations);
  if (schema.exists()) text.key("inputSchema").value(schema);
  text.key("name").string(name).end();
  out.text = text.take();
  out.digest = sha256(out.text);
  out.hidden_characters = hides_characters(name) || any_hidden(schema) || any_hidden(annotations);
  return out;
}

// Names: their words, the form in which two look the same, and which of a list are refused.

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
    "toml",        "xml",         "yaml",      "yml",         "abstract",     "article",
    "changelog",   "dockerfile",  "essay",     "letter",      "manifest",     "manifests",
    "memo",        "readme",      "spec",      "story",       "transcript",
});

// Arguments that name or choose something are one line, whatever is said of what they name.
constexpr std::array short_names = std::to_array<std::string_view>({
    "address", "dir",   "directory", "email", "file",  "filename", "folder", "format",
    "host",    "id",    "ids",       "key",   "kind",  "label",    "locale", "mode",
    "name",    "names", "namespace", "path",  "paths", "slug",     "status", "style",
    "tag",     "title", "to",        "type",  "uri",   "url",      "user",   "username",
});

// What a description says of a text of several lines, in words of small letters.
constexpr std::array long_words = std::to_array<std::string_view>({
    "article",
    "multiline",
    "paragraphs",
    "transcript",
});
constexpr std::array long_phrases = std::to_array<std::string_view>({
    "body of the",       "body text",          "code to",
    "content of the",    "contents of the",    "file content",
    "file contents",     "formatted text",     "free form text",
    "free text",         "full text",          "in markdown",
    "line breaks",       "markdown formatted", "message body",
    "mail body",         "email body",         "multi line",
    "multiple lines",    "new lines",          "newlines",
    "plain text body",   "several lines",      "source code",
    "supports markdown", "the full document",  "the whole document",
});
// A language and, within two words, what is written in it.
constexpr std::array document_languages = std::to_array<std::string_view>({
    "csv",
    "graphql",
    "html",
    "javascript",
    "json",
    "latex",
    "markdown",
    "mermaid",
    "python",
    "sql",
    "svg",
    "toml",
    "typescript",
    "xml",
    "yaml",
});
constexpr std::array document_words = std::to_array<std::string_view>({
    "body",      "code",     "content",       "contents", "data",     "definition", "document",
    "documents", "manifest", "manifests",     "payload",  "program",  "script",     "snippet",
    "source",    "spec",     "specification", "string",   "template", "text",
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
  if (std::ranges::count(look, '/') != std::ranges::count(name, '/')) {
    return "the name holds a character that looks like a slash";
  }
  if (look.starts_with('/') || look.ends_with('/') || look.find("//") != std::string::npos) {
    return "the name is empty before or behind a slash";
  }
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

bool describes_long_text(std::string_view argument_name, std::string_view description) {
  const auto among = [](const auto& list, std::string_view word) {
    return std::ranges::find(list, word) != list.end();
  };
  const std::vector<std::string> name = words_of(argument_name);
  if (!name.empty() && among(short_names, name.back())) return false;
  constexpr std::size_t read_max = 2000;  // bytes; what an argument is stands at the beginning
  std::vector<std::string> words = words_of(fold(description.substr(0, read_max)));
  std::string line = " ";
  for (const std::string& word : words) line += word + " ";
  const auto negated = [&words](std::size_t at) {
    for (std::size_t i = at >= 3 ? at - 3 : 0; i < at; ++i) {
      if (words[i] == "no" || words[i] == "not" || words[i] == "without") return true;
    }
    return false;
  };
  const auto phrase = [&line](std::string_view one) {
    const std::size_t at = line.find(fmt::format(" {} ", one));
    if (at == std::string::npos) return false;
    const std::string_view before = std::string_view(line).substr(0, at);
    return !before.ends_with(" no") && !before.ends_with(" without") && !before.ends_with(" not");
  };
  if (std::ranges::any_of(long_phrases, phrase)) return true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (negated(i)) continue;
    if (among(long_words, words[i])) return true;
    if (!among(document_languages, words[i])) continue;
    for (std::size_t next = i + 1; next < words.size() && next <= i + 3; ++next) {
      if (among(document_words, words[next])) return true;
    }
  }
  return false;
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
