#include "views/display.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/classify/verbs.h"
#include "kernel/definition/definition.h"
#include "model/access.h"

namespace pawl::views {

namespace {

constexpr std::size_t line_bytes_max = 200;  // of a value that is read in passing

// A word that mixes plain letters with those of another alphabet that look like them. Words of one
// alphabet are a language of their own.
bool mixes_alphabets(std::string_view text) {
  bool plain = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const unsigned char c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
    const bool ascii_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (ascii_letter || c >= 0x80) {
      plain = plain || ascii_letter;
      continue;
    }
    const std::string_view word = text.substr(begin, i - begin);
    if (plain && !is_ascii(word) && skeleton(word) != fold(word)) return true;
    plain = false;
    begin = i + 1;
  }
  return false;
}

// Something of it is shown as an escape, line breaks and tabs apart.
bool unseen_in(std::string_view text) {
  std::size_t grown = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\n\r\t"), text.size());
    grown += escape_untrusted(text.substr(0, end)).size() - end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return grown > 0;
}

// In the values themselves: their JSON spells controls as escapes already.
bool hides(json::View value) {
  if (value.is_string()) return unseen_in(value.string());
  for (json::View element : value.elements()) {
    if (hides(element)) return true;
  }
  for (auto [key, inner] : value.members()) {
    if (escape_untrusted(key) != key || hides(inner)) return true;
  }
  return false;
}

// Cut between two characters; what `visible` wrote is valid UTF-8.
void fold_away(ShownArgument& argument, std::size_t keep) {
  if (argument.text.size() <= keep) return;
  keep = utf8::beginning(argument.text, keep).size();
  argument.folded = argument.text.size() - keep;
  argument.text.resize(keep);
}

std::optional<std::string> plain_text(json::View value) {
  if (!value.is_string() || value.string().empty() || json::parse(value.string())) return {};
  return escape_untrusted(value.string(), Newlines::keep);
}

std::string digest_of(const Approval& approval, const std::vector<ShownArgument>& arguments) {
  std::string text = "pawl display v1\n" + approval.asked.approval + "\n" + approval.binding() +
                     "\n" + escape_untrusted(approval.asked.terms->tool) + "\n";
  for (const ShownArgument& argument : arguments) {
    text += argument.name + " " + argument.text + "\n";
  }
  return to_string(sha256(text));
}

bool is_line(const ShownArgument& argument) {
  return argument.text.size() <= line_bytes_max && !argument.plain.value_or("").contains('\n');
}

}  // namespace

Display display(const Approval& approval, json::View arguments, bool full) {
  Display shown;
  std::size_t bytes = 0;
  for (auto [key, value] : arguments.members()) {
    ShownArgument argument;
    const std::string text = json::write(value);
    argument.name = escape_untrusted(key);
    argument.text = escape_untrusted(text);
    argument.plain = plain_text(value);
    argument.hidden = hides(value) || escape_untrusted(key) != key;
    argument.mixed = mixes_alphabets(text) || mixes_alphabets(key);
    bytes += argument.name.size() + argument.text.size();
    shown.arguments.push_back(std::move(argument));
  }
  shown.digest = digest_of(approval, shown.arguments);
  // What is said in a line comes before texts: the path before what is written to it.
  std::vector<ShownArgument> texts;
  for (ShownArgument& argument : std::exchange(shown.arguments, {})) {
    (is_line(argument) ? shown.arguments : texts).push_back(std::move(argument));
  }
  std::ranges::move(texts, std::back_inserter(shown.arguments));
  if (full) return shown;
  const bool all_long = bytes > display_bytes_shown_max;
  for (ShownArgument& argument : shown.arguments) {
    const bool itself = argument.text.size() > value_bytes_shown_max;
    if (itself || all_long) fold_away(argument, folded_bytes_shown);
    if (argument.folded > 0) argument.plain.reset();
    if (argument.folded > 0) shown.digest.clear();
  }
  // Many small ones are not folded, and yet too many to be read.
  if (all_long) shown.digest.clear();
  return shown;
}

// What a call is about to do to what.

namespace {

constexpr std::size_t named_bytes_max = 80;  // of one name, path or command
constexpr std::size_t added_bytes_max = 40;  // of one of the other values
constexpr std::size_t added_max = 2;
constexpr std::array kPathNames = std::to_array<std::string_view>(
    {"path", "file_path", "filepath", "file", "filename", "source", "src", "from_path", "directory",
     "dir", "folder", "uri", "url"});
constexpr std::array kSecondPathNames =
    std::to_array<std::string_view>({"destination", "dest", "target", "new_path", "to_path"});
constexpr std::array kLineNames = std::to_array<std::string_view>(
    {"command", "cmd", "sql", "query", "statement", "script", "code", "expression"});
// Words of a tool's name that say no more than the name of a file does.
constexpr std::array kFileWords =
    std::to_array<std::string_view>({"file", "files", "text", "path", "media"});

std::string named(std::string_view text, std::size_t most) {
  return utf8::shortened(escape_untrusted(text), most);
}

template <std::size_t N>
std::string_view first_text(json::View arguments, const std::array<std::string_view, N>& names) {
  for (const std::string_view name : names) {
    const auto text = arguments.text(name);
    if (text && !text->empty()) return *text;
  }
  return {};
}

std::string_view last_part(std::string_view path) {
  if (path.find("://") != std::string_view::npos) return path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash + 1 == path.size() ? path
                                                                     : path.substr(slash + 1);
}

// `edit`, `send customer email`; `use NAME` where the name begins with no verb.
std::string doing(std::string_view name, bool about_a_file) {
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || find_verb(words.front()) == nullptr) {
    return "use " + named(name, named_bytes_max);
  }
  std::string out;
  for (const std::string& word : words) {
    if (about_a_file && std::ranges::find(kFileWords, word) != kFileWords.end()) continue;
    out += (out.empty() ? "" : " ") + word;
  }
  return named(out, named_bytes_max);
}

// ` to ann@example, order_id 77`
std::string with_values(json::View arguments) {
  std::string out;
  std::size_t added = 0;
  for (const std::string_view name : {std::string_view("to"), std::string_view("recipient")}) {
    const auto text = arguments.text(name);
    if (!text || text->empty() || added > 0) continue;
    out += " to " + named(*text, added_bytes_max);
    ++added;
  }
  for (const auto& [key, value] : arguments.members()) {
    if (added == added_max || key == "to" || key == "recipient") continue;
    const bool small = value.is_integer() || (value.is_string() && !value.string().empty() &&
                                              value.string().size() <= added_bytes_max);
    if (!small) continue;
    out += (out.empty() ? " with " : ", ") + named(key, added_bytes_max) + " " +
           named(value.is_string() ? std::string(value.string()) : json::write(value),
                 added_bytes_max);
    ++added;
  }
  return out;
}

}  // namespace

std::string arguments_text(json::View arguments, std::size_t bytes_max) {
  // A line break is what most texts have, and is written as programs write it.
  constexpr std::string_view escaped = "\\u{0a}";
  std::string text;
  for (auto [key, value] : arguments.members()) {
    text += (text.empty() ? "" : ", ") + escape_untrusted(key) + " " +
            escape_untrusted(value.is_string() ? std::string(value.string()) : json::write(value));
    if (text.size() > bytes_max) break;
  }
  for (std::size_t at = text.find(escaped); at != text.npos; at = text.find(escaped, at)) {
    text.replace(at, escaped.size(), "\\n");
  }
  return utf8::shortened(text, bytes_max);
}

std::string file_of(json::View arguments) {
  return escape_untrusted(first_text(arguments, kPathNames));
}

std::string wants_text(std::string_view tool, json::View arguments) {
  if (asks_for_access(tool)) {
    std::string wanted(tool);
    wanted.erase(wanted.find(access_prefix), access_prefix.size());
    return "access to " + named(wanted, named_bytes_max);
  }
  const std::string_view name = tool.substr(tool.rfind('/') + 1);
  if (const std::string_view line = first_text(arguments, kLineNames); !line.empty()) {
    const std::vector<std::string> words = words_of(name);
    const bool runs = find_verb(words.empty() ? "" : words.front()) == nullptr || words.size() == 1;
    return (runs ? "run" : doing(name, false)) + ": " + named(line, named_bytes_max);
  }
  const std::string_view path = first_text(arguments, kPathNames);
  if (path.empty()) return doing(name, false) + with_values(arguments);
  std::string out = doing(name, true);
  out += (out.starts_with("use ") ? " on " : " ") + named(last_part(path), named_bytes_max);
  if (const std::string_view second = first_text(arguments, kSecondPathNames); !second.empty()) {
    out += " to " + named(last_part(second), named_bytes_max);
  }
  return out;
}

namespace {

constexpr std::size_t edits_max = 64;

struct EditNames {
  std::string_view before, after;
};
constexpr std::array<EditNames, 6> kEditNames = {{
    {"oldText", "newText"},
    {"old_text", "new_text"},
    {"old_string", "new_string"},
    {"old_str", "new_str"},
    {"old", "new"},
    {"before", "after"},
}};

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  if (text.empty()) return {};
  if (text.ends_with('\n')) text.remove_suffix(1);
  return split(text, '\n');
}

// The lengths of the longest common subsequences of all ends of both.
class Common {
 public:
  Common(const Lines& a, const Lines& b) : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = a.size(); i-- > 0;) {
      for (std::size_t k = b.size(); k-- > 0;) {
        at(i, k) = a[i] == b[k] ? static_cast<std::uint16_t>(at(i + 1, k + 1) + 1)
                                : std::max(at(i + 1, k), at(i, k + 1));
      }
    }
  }
  std::uint16_t& at(std::size_t i, std::size_t k) { return cells_[i * width_ + k]; }

 private:
  std::size_t width_;
  std::vector<std::uint16_t> cells_;
};

std::optional<std::pair<std::string_view, std::string_view>> edit_of(json::View object) {
  for (const EditNames& names : kEditNames) {
    const auto before = object.text(names.before);
    const auto after = object.text(names.after);
    if (before && after) return std::pair(*before, *after);
  }
  return std::nullopt;
}

bool add_edit(json::View object, std::vector<DiffLine>& out) {
  const auto edit = edit_of(object);
  if (!edit) return false;
  std::vector<DiffLine> lines = line_diff(edit->first, edit->second);
  if (lines.empty() && edit->first != edit->second) return false;
  if (!out.empty()) out.push_back({.sign = '@', .before = 0, .after = 0, .text = {}});
  std::ranges::move(lines, std::back_inserter(out));
  return true;
}

}  // namespace

std::vector<DiffLine> line_diff(std::string_view before, std::string_view after) {
  const Lines a = lines_of(before);
  const Lines b = lines_of(after);
  if (a.size() > diff_lines_max || b.size() > diff_lines_max) return {};
  Common common(a, b);
  std::vector<DiffLine> out;
  std::size_t i = 0, k = 0;
  const auto number = [](std::size_t at) { return static_cast<std::uint32_t>(at + 1); };
  while (i < a.size() || k < b.size()) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      out.push_back({' ', number(i), number(k), std::string(a[i])});
      ++i, ++k;
    } else if (k == b.size() || (i < a.size() && common.at(i + 1, k) >= common.at(i, k + 1))) {
      out.push_back({'-', number(i), 0, std::string(a[i])});
      ++i;
    } else {
      out.push_back({'+', 0, number(k), std::string(b[k])});
      ++k;
    }
  }
  return out;
}

std::vector<DiffLine> diff_of_edits(json::View arguments) {
  std::vector<DiffLine> out;
  if (add_edit(arguments, out)) return out;
  for (auto [name, value] : arguments.members()) {
    if (!value.is_array() || value.size() == 0 || value.size() > edits_max) continue;
    std::vector<DiffLine> list;
    bool whole = true;
    for (json::View edit : value.elements()) whole = whole && add_edit(edit, list);
    // A diff of some of the edits would read as if it were all of them.
    if (whole) return list;
  }
  return {};
}

std::vector<std::string> names_in_diff(json::View arguments) {
  for (const EditNames& pair : kEditNames) {
    if (!arguments.text(pair.before) || !arguments.text(pair.after)) continue;
    return {std::string(pair.before), std::string(pair.after)};
  }
  for (auto [name, value] : arguments.members()) {
    bool only = value.is_array() && value.size() > 0;
    for (json::View edit : value.elements()) only = only && edit.size() == 2 && edit_of(edit);
    if (only) return {std::string(name)};
  }
  return {};
}

}  // namespace pawl::views
