// Headers: a private one (`*_impl.h`, or its first comment says so) is included from its own folder
// only.

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

}  // namespace pawl::check
