// Headers: a private one is included from its own folder only, and a source file has a face: a
// header of its name, or a header of its folder that lists it.

#include <algorithm>
#include <string>

#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

// The comment before the first line of code, as one line of text.
std::string opening_comment(const SourceFile& file) {
  std::string text;
  for (std::string_view line : file.lines) {
    if (!line.starts_with("//")) break;
    line.remove_prefix(2);
    text += line;
  }
  return text;
}

bool is_private(const SourceFile& file) {
  if (!file.path.starts_with("src/") || !file.path.ends_with(".h")) return false;
  return file.name().ends_with("_impl.h") || opening_comment(file).contains("Private to this room");
}

}  // namespace

Findings find_exposed_headers(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("src/") || !file.cpp()) continue;
    for (const Include& include : scan(file.text).includes) {
      const SourceFile* header = tree.find("src/" + std::string(include.path));
      if (header == nullptr || header->folder() == file.folder() || !is_private(*header)) continue;
      out.push_back({file.path, include.line,
                     "`" + std::string(include.path) + "` is private to its folder"});
    }
  }
  return out;
}

Findings find_faceless(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("src/") || !file.path.ends_with(".cpp") || file.test()) continue;
    const std::string header = file.path.substr(0, file.path.size() - 4) + ".h";
    if (tree.find(header) != nullptr || file.name() == "main.cpp") continue;
    const bool listed = std::ranges::any_of(tree.files, [&](const SourceFile& other) {
      return other.path.ends_with(".h") && other.folder() == file.folder() &&
             other.text.contains(file.name());
    });
    if (!listed) {
      out.push_back({file.path, 1, "no header has its name, and none of its folder lists it"});
    }
  }
  return out;
}

}  // namespace pawl::check
