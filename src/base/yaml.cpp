#include "base/yaml.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <istream>
#include <sstream>
#include <tuple>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "base/yaml_builder.h"
#include "base/yaml_source.h"

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

// One reading of a file: the bytes, then yaml-cpp's events, again after each repair.

namespace {

constexpr std::size_t repairs_max = 100;
constexpr std::size_t byte_order_mark_bytes = 3;

struct Wording {
  std::string_view theirs;
  std::string_view ours;
};

constexpr std::string_view not_aligned =
    "this does not continue what is above it; check the indentation, and quotes or brackets that "
    "end too early";

std::string_view worded(std::string_view theirs) {
  namespace Msg = YAML::ErrorMsg;
  static const std::array<Wording, 24> table = {{
      {Msg::END_OF_MAP, not_aligned},
      {Msg::END_OF_SEQ, not_aligned},
      {Msg::END_OF_MAP_FLOW, "a `{` has no matching `}`, or a `,` is missing before this"},
      {Msg::END_OF_SEQ_FLOW, "a `[` has no matching `]`, or a `,` is missing before this"},
      {Msg::FLOW_END, "a closing bracket that nothing opened"},
      {Msg::BLOCK_ENTRY, "a `-` cannot begin a list here; check the indentation"},
      {Msg::MAP_KEY, "a key cannot stand here; check the indentation"},
      {Msg::MAP_VALUE,
       "a `:` cannot stand here; check the indentation, and put a value that contains `: ` in "
       "quotes"},
      {Msg::EOF_IN_SCALAR, "the file ends inside a quoted text"},
      {Msg::DOC_IN_SCALAR, "a `---` or `...` inside a quoted text"},
      {Msg::CHAR_IN_SCALAR, "a character that cannot stand in a text without quotes"},
      {Msg::TAB_IN_INDENTATION, "a tab in the indentation; YAML is indented with spaces"},
      {Msg::UNKNOWN_TOKEN, "a character that cannot begin a value; put the value in quotes"},
      {Msg::INVALID_HEX, "an escape needs hexadecimal digits"},
      {Msg::ZERO_INDENT_IN_BLOCK, "a block of text cannot be indented by 0"},
      {Msg::CHAR_IN_BLOCK, "only an indentation and `+` or `-` may follow `|` or `>`"},
      {Msg::MULTIPLE_TAGS, "two tags on one value"},
      {Msg::MULTIPLE_ANCHORS, "two anchors on one value"},
      {Msg::ALIAS_CONTENT, "an alias with content of its own"},
      {Msg::ALIAS_NOT_FOUND, "a `*` without a name; put the value in quotes"},
      {Msg::ANCHOR_NOT_FOUND, "a `&` without a name; put the value in quotes"},
      {Msg::CHAR_IN_ALIAS, "a character that an alias cannot have; put the value in quotes"},
      {Msg::CHAR_IN_ANCHOR, "a character that an anchor cannot have; put the value in quotes"},
      {Msg::UNKNOWN_ANCHOR, "an alias of nothing; put the value in quotes"},
  }};
  for (const Wording& wording : table) {
    if (wording.theirs == theirs) return wording.ours;
  }
  if (theirs.starts_with(Msg::INVALID_ESCAPE)) {
    return "an unknown escape; write `\\\\` for a backslash, or use single quotes";
  }
  if (theirs.starts_with(Msg::INVALID_UNICODE)) return "an escape of no character";
  return "this is not YAML";
}

// What one pass over the working copy came to.
struct Pass {
  Node root;
  std::vector<Error> errors;
  bool broken = false;
  std::size_t broken_at = 0;
  std::string_view why;
};

void parse_documents(const std::string& text, Builder& builder) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(builder)) {
  }
}

Pass read_once(const Source& source, std::size_t skipped) {
  Pass pass;
  Builder builder(source, skipped);
  try {
    parse_documents(source.working().substr(skipped), builder);
  } catch (const Builder::SecondDocument&) {
    pass.broken = false;  // the builder has said so, and the first document is complete
  } catch (const YAML::Exception& error) {
    pass.broken = true;
    pass.broken_at = static_cast<std::size_t>(std::max(error.mark.pos, 0)) + skipped;
    pass.why = worded(error.msg);
  }
  pass.root = builder.finish();
  pass.errors = std::move(builder.errors());
  return pass;
}

void in_order_of_file(std::vector<Error>& errors) {
  const auto place = [](const Error& error) {
    return std::tie(error.at.line, error.at.column, error.message);
  };
  std::sort(errors.begin(), errors.end(),
            [place](const Error& a, const Error& b) { return place(a) < place(b); });
  if (errors.size() > errors_max) errors.resize(errors_max);
}

}  // namespace

Read read(std::string_view text, std::string_view file, std::size_t bytes_max, Mistakes wanted) {
  Read out;
  if (text.size() > bytes_max) {
    out.whole = false;
    out.errors.push_back(
        {ErrorKind::invalid,
         fmt::format("the file has {} bytes and may have {}", text.size(), bytes_max),
         {std::string(file), 0, 0}});
    return out;
  }
  Source source(text, file);
  if (wanted == Mistakes::one && !source.errors().empty()) {
    out.whole = false;
    out.errors.push_back(source.errors().front());
    return out;
  }
  const std::size_t skipped = text.starts_with("\xEF\xBB\xBF") ? byte_order_mark_bytes : 0;
  Pass pass = read_once(source, skipped);
  const std::size_t most = wanted == Mistakes::all ? repairs_max : 0;
  for (std::size_t repairs = 0; pass.broken && repairs < most; ++repairs) {
    if (!source.repair(pass.broken_at)) break;
    pass = read_once(source, skipped);
  }
  out.root = std::move(pass.root);
  out.whole = !pass.broken && !source.lines_dropped();
  out.errors = source.errors();
  out.errors.insert(out.errors.end(), pass.errors.begin(), pass.errors.end());
  // What a line that was left out has broken is no second mistake.
  if (pass.broken && !source.lines_dropped()) {
    out.errors.push_back({ErrorKind::invalid, std::string(pass.why), source.at(pass.broken_at)});
  }
  if (out.errors.empty() && out.root.kind == Kind::null) {
    out.errors.push_back({ErrorKind::invalid, "the file holds nothing", {std::string(file), 1, 1}});
  }
  in_order_of_file(out.errors);
  return out;
}

}  // namespace pawl::yaml
