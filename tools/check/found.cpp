// Found: each test that docs/reference/found.md names is in the tree. In the last cell of a row a
// name of a file stands in backticks; a name of a test in backticks, or in parentheses, with `…`
// where it goes on.

#include <algorithm>
#include <cctype>
#include <set>

#include "rules.h"

namespace pawl::check {
namespace {

constexpr std::string_view kPage = "docs/reference/found.md";
constexpr std::string_view kGoesOn = "…";

// The last cell of a row of a table; empty where there is none.
std::string_view last_cell(std::string_view line) {
  if (!line.starts_with("| ") || !line.ends_with(" |")) return {};
  line.remove_suffix(2);
  for (std::size_t at = line.rfind('|'); at != line.npos && at > 0; at = line.rfind('|', at - 1)) {
    if (line[at - 1] != '\\') return line.substr(at + 1);
  }
  return {};
}

bool names_file(std::string_view text) {
  return !text.contains(' ') && (text.ends_with(".cpp") || text.ends_with(".mjs"));
}

// `ElseHold…`, `a card says what…`; not `$PAWL_CONFORMANCE_DIR`, `scripts/release`, `hosts_in`.
bool names_test(std::string_view text) {
  if (names_file(text) || text.empty()) return false;
  const bool camel = std::isupper(static_cast<unsigned char>(text[0])) != 0 &&
                     std::ranges::all_of(text, [](char c) {
                       return std::isalpha(static_cast<unsigned char>(c)) != 0;
                     });
  const bool sentence =
      text.contains(' ') && !text.contains(':') && !text.contains('/') && !text.contains("--");
  return camel || sentence;
}

std::string_view without_rest(std::string_view text) {
  while (text.starts_with('`') || text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with('`') || text.ends_with(' ')) text.remove_suffix(1);
  if (text.ends_with(kGoesOn)) text.remove_suffix(kGoesOn.size());
  return text;
}

struct Named {
  std::set<std::string_view> files, tests;
};

Named named_in(std::string_view cell) {
  Named out;
  for (std::size_t at = cell.find('`'); at != cell.npos; at = cell.find('`', at + 1)) {
    const std::size_t end = cell.find('`', at + 1);
    if (end == cell.npos) break;
    const std::string_view text = cell.substr(at + 1, end - at - 1);
    if (names_file(text)) out.files.insert(text);
    if (names_test(without_rest(text))) out.tests.insert(without_rest(text));
    at = end;
  }
  for (std::size_t at = cell.find('('); at != cell.npos; at = cell.find('(', at + 1)) {
    const std::size_t end = std::min(cell.find(')', at), cell.size());
    std::string_view list = cell.substr(at + 1, end - at - 1);
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(", "), list.size());
      const std::string_view one = without_rest(list.substr(0, comma));
      if (!one.contains(' ') && names_test(one)) out.tests.insert(one);
      list.remove_prefix(std::min(comma + 2, list.size()));
    }
  }
  return out;
}

bool holds(const SourceFile& file, std::string_view test) {
  if (file.text.contains(test)) return true;
  std::string quoted;
  for (const char c : test) quoted += c == '\'' ? std::string("\\'") : std::string(1, c);
  return file.text.contains(quoted);
}

bool is_called(const SourceFile& file, std::string_view name) {
  return file.path == name || file.path.ends_with("/" + std::string(name));
}

void look_at(const Tree& tree, std::string_view cell, int line, Findings& into) {
  const Named named = named_in(cell);
  std::vector<const SourceFile*> files;
  for (const std::string_view name : named.files) {
    const std::size_t before = files.size();
    for (const SourceFile& file : tree.files) {
      if (is_called(file, name)) files.push_back(&file);
    }
    if (files.size() > before) continue;
    into.push_back({std::string(kPage), line, "`" + std::string(name) + "` is not in the tree"});
  }
  if (files.empty()) return;
  for (const std::string_view test : named.tests) {
    if (std::ranges::any_of(files, [&](const SourceFile* one) { return holds(*one, test); })) {
      continue;
    }
    into.push_back({std::string(kPage), line,
                    "`" + std::string(test) + "` is not a test of the files that its row names"});
  }
}

}  // namespace

Findings find_missing_tests(const Tree& tree) {
  Findings out;
  const SourceFile* page = tree.find(kPage);
  if (page == nullptr) return out;
  int line = 0;
  for (const std::string_view text : page->lines) {
    ++line;
    const std::string_view cell = last_cell(text);
    if (!cell.empty()) look_at(tree, cell, line, out);
  }
  return out;
}

}  // namespace pawl::check
