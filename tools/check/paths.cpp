// Paths: a path of this tree that a comment or a page names exists. `src/base/json.h` names a file
// or a folder; `json.h` and `base/json.h` name the end of a path. Left out: the change log, which
// is history, and the packs, which name files of other projects.

#include <algorithm>
#include <array>
#include <set>

#include "rules.h"

namespace pawl::check {
namespace {

// `tools/` is left out: most of what begins so is a method of MCP.
constexpr std::array<std::string_view, 12> kTops = {
    "src/",      "docs/",    "test/",    "include/", "bench/",       "scripts/",
    "examples/", "clients/", "contrib/", "packs/",   "tools/check/", "packaging/"};
constexpr std::array<std::string_view, 5> kEndings = {".h", ".cpp", ".md", ".mjs", ".cmake"};
constexpr std::array<std::string_view, 4> kLeftOut = {"CHANGELOG.md", "packs/",
                                                      "docs/reference/packs.md", "test/structure/"};
constexpr std::string_view kOfPath =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";

// The part of a line that is for people: a comment, or a line of a page outside of a code block.
std::string_view for_people(const SourceFile& file, std::string_view line) {
  if (file.path.ends_with(".md")) return line;
  const bool slashes = file.cpp() || file.path.ends_with(".mjs");
  const auto at = line.find(slashes ? "//" : "# ");
  if (at == std::string_view::npos || (at > 0 && line[at - 1] == ':')) return {};
  return line.substr(at + 2);
}

bool is_fence(std::string_view line) {
  return line.starts_with("```") || line.starts_with("~~~");
}

// Runs of letters of a path. One beside a placeholder (`*`, `{`, `<`, `$`), or in the address of
// another host, is left out.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (auto at = text.find_first_of(kOfPath); at != std::string_view::npos;
       at = text.find_first_of(kOfPath, at)) {
    const auto end = std::min(text.find_first_not_of(kOfPath, at), text.size());
    const char before = at == 0 ? ' ' : text[at - 1];
    const char after = end == text.size() ? ' ' : text[end];
    constexpr std::string_view kPlaceholders = "*{}<>$~:@%";
    const bool placeholder =
        kPlaceholders.contains(before) || std::string_view("*{<").contains(after);
    std::string_view word = text.substr(at, end - at);
    while (word.ends_with('.') || word.ends_with('/') || word.ends_with('-')) word.remove_suffix(1);
    if (!placeholder && !word.empty()) out.push_back(word);
    at = end;
  }
  return out;
}

// Every end of every path, and every folder.
std::set<std::string_view, std::less<>> places_of(const Tree& tree) {
  std::set<std::string_view, std::less<>> out;
  for (const SourceFile& file : tree.files) {
    const std::string_view path = file.path;
    out.insert(path);
    for (auto at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
      out.insert(path.substr(0, at));
      out.insert(path.substr(at + 1));
    }
  }
  out.insert("test/structure/samples");  // in the tree, and not read
  return out;
}

// A placeholder instead of a name: `test/fuzz/X_fuzz.cpp`, `_test.cpp`.
bool is_pattern(std::string_view word) {
  const std::string_view name = word.substr(word.rfind('/') + 1);
  return name.starts_with('_') || name.starts_with('.') || name == "X" || name.starts_with("X_") ||
         name.starts_with("X.") || word.contains("..");
}

bool is_broken(std::string_view word, const std::set<std::string_view, std::less<>>& places) {
  if (is_pattern(word) || places.contains(word)) return false;
  const auto begins = [&](std::string_view top) { return word.starts_with(top); };
  const auto ends = [&](std::string_view ending) { return word.ends_with(ending); };
  if (std::ranges::any_of(kEndings, ends)) return true;
  // A test, a program or a header may be named without its ending.
  return std::ranges::any_of(kTops, begins) &&
         std::ranges::none_of(kEndings, [&](std::string_view ending) {
           return places.contains(std::string(word).append(ending));
         });
}

bool is_left_out(const SourceFile& file) {
  return std::ranges::any_of(kLeftOut,
                             [&](std::string_view path) { return file.path.starts_with(path); });
}

}  // namespace

Findings find_broken_paths(const Tree& tree) {
  const auto places = places_of(tree);
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (is_left_out(file)) continue;
    bool code = false;
    for (std::size_t n = 0; n < file.lines.size(); ++n) {
      if (file.path.ends_with(".md") && is_fence(file.lines[n])) code = !code;
      if (code) continue;
      for (const std::string_view word : words_of(for_people(file, file.lines[n]))) {
        if (!is_broken(word, places)) continue;
        out.push_back(
            {file.path, static_cast<int>(n) + 1, "`" + std::string(word) + "` is not in the tree"});
      }
    }
  }
  return out;
}

}  // namespace pawl::check
