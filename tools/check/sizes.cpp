// Sizes: what does not fit on a screen or in a head is divided by meaning.

#include <algorithm>
#include <array>

#include "outline.h"
#include "rules.h"

namespace pawl::check {
namespace {

constexpr int kFileLinesMax = 800;
constexpr int kFunctionLinesMax = 60;
constexpr int kLineColumnsMax = 100;

bool is_code(const SourceFile& file) {
  constexpr std::array<std::string_view, 6> suffixes = {".cpp", ".h",   ".sh",
                                                        ".js",  ".mjs", ".cmake"};
  const bool script = file.text.starts_with("#!");
  return script || file.name() == "CMakeLists.txt" ||
         std::ranges::any_of(suffixes, [&](auto suffix) { return file.path.ends_with(suffix); });
}

// In tests that speak a protocol, a message or a policy is one text on one line: broken, a
// reader could not compare it with what goes over the wire. So a long quoted text excuses its line
// there.
bool excused(const SourceFile& file, std::string_view line) {
  constexpr std::size_t quoted_bytes_min = 40;
  if (!file.path.ends_with(".mjs") || !file.path.starts_with("test/")) return false;
  for (const char mark : {'\'', '"', '`'}) {
    const std::size_t first = line.find(mark);
    const std::size_t last = line.rfind(mark);
    if (first != line.npos && last - first > quoted_bytes_min) return true;
  }
  return line.find("args: {") != line.npos || line.find("class: ") != line.npos ||
         line.find("rule: ") != line.npos;
}

int columns(std::string_view line) {
  return static_cast<int>(std::ranges::count_if(line, [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not the inside of a UTF-8 character
  }));
}

std::string over(std::string_view what, int count, std::string_view unit, int limit) {
  std::string text(what);
  text += " has " + std::to_string(count) + " ";
  text += unit;
  text += "; at most " + std::to_string(limit);
  return text;
}

void check_functions(const SourceFile& file, Findings& out) {
  const Outline seen = outline(scan(file.text));
  if (seen.unbalanced != 0) {
    out.push_back({file.path, seen.unbalanced, "the braces do not match: cannot be measured"});
    return;
  }
  for (const Function& function : seen.functions) {
    const int lines = function.last - function.first + 1;
    if (lines > kFunctionLinesMax) {
      out.push_back({file.path, function.first,
                     over("`" + function.name + "`", lines, "lines", kFunctionLinesMax)});
    }
  }
}

}  // namespace

Findings find_big_rooms(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!is_code(file)) continue;
    const int lines = static_cast<int>(file.lines.size());
    if (lines > kFileLinesMax) {
      out.push_back({file.path, lines, over("the file", lines, "lines", kFileLinesMax)});
    }
    for (std::size_t n = 0; n < file.lines.size(); ++n) {
      const int width = columns(file.lines[n]);
      if (width > kLineColumnsMax && !excused(file, file.lines[n])) {
        out.push_back({file.path, static_cast<int>(n) + 1,
                       over("the line", width, "columns", kLineColumnsMax)});
      }
    }
    if (file.cpp()) check_functions(file, out);
  }
  return out;
}

}  // namespace pawl::check
