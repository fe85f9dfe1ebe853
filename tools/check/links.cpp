// Links: a relative link or picture in a document leads to a file of the tree, and its `#anchor` to
// a heading of that document. Links to other hosts are not followed.

#include <algorithm>
#include <cctype>
#include <set>

#include "rules.h"

namespace pawl::check {
namespace {

struct Link {
  std::string target;
  int line;
};

bool is_fence(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first != std::string_view::npos &&
         (line.substr(first).starts_with("```") || line.substr(first).starts_with("~~~"));
}

// The line with what stands between backticks blanked out.
std::string without_code(std::string_view line) {
  std::string out;
  bool code = false;
  for (const char c : line) {
    if (c == '`') code = !code;
    out += code || c == '`' ? ' ' : c;
  }
  return out;
}

// Targets between `opening` and `closing`, cut at a blank (a title may follow).
void collect(std::string_view line, std::string_view opening, char closing, int number,
             std::vector<Link>& into) {
  for (auto at = line.find(opening); at != std::string_view::npos; at = line.find(opening, at)) {
    at += opening.size();
    const auto end = line.find(closing, at);
    if (end == std::string_view::npos) return;
    const std::string_view inside = line.substr(at, end - at);
    into.push_back({std::string(inside.substr(0, inside.find(' '))), number});
  }
}

std::vector<Link> links_of(const SourceFile& file) {
  std::vector<Link> links;
  bool code = false;
  for (std::size_t n = 0; n < file.lines.size(); ++n) {
    if (is_fence(file.lines[n])) code = !code;
    if (code) continue;
    const std::string line = without_code(file.lines[n]);
    const int number = static_cast<int>(n) + 1;
    collect(line, "](", ')', number, links);
    collect(line, "src=\"", '"', number, links);
    collect(line, "href=\"", '"', number, links);
    const auto reference = line.find("]: ");
    if (line.starts_with("[") && reference != std::string::npos) {
      links.push_back({line.substr(reference + 3), number});
    }
  }
  return links;
}

// How a heading is addressed: lower case, blanks to dashes, other marks dropped.
std::string anchor_of(std::string_view heading) {
  std::string out;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80) {
      out += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      out += '-';
    }
  }
  return out;
}

bool has_anchor(const SourceFile& file, std::string_view anchor) {
  bool code = false;
  return std::ranges::any_of(file.lines, [&](std::string_view line) {
    if (is_fence(line)) code = !code;
    const auto text = line.find_first_not_of('#');
    if (code || text == 0 || text == std::string_view::npos || line[text] != ' ') return false;
    return anchor_of(line.substr(text + 1)) == anchor;
  });
}

bool is_foreign(std::string_view target) {
  return target.find("://") != std::string_view::npos || target.starts_with("mailto:");
}

// `docs/guide` and `../formats/records.md` make `docs/formats/records.md`.
std::string joined(const SourceFile& file, std::string_view target) {
  std::filesystem::path path(file.folder());
  path /= std::filesystem::path(target);
  std::string out = path.lexically_normal().generic_string();
  while (out.ends_with('/')) out.pop_back();
  return out;
}

bool exists(const Tree& tree, const std::string& path) {
  return path == "." || tree.find(path) != nullptr ||
         std::ranges::any_of(tree.files, [&](const SourceFile& file) {
           return starts_with_folder(file.path, path);
         });
}

// What is wrong with the link, or nothing.
std::string complaint(const Tree& tree, const SourceFile& file, const std::string& target) {
  const auto hash = target.find('#');
  const std::string path = hash == 0 ? file.path : joined(file, target.substr(0, hash));
  if (!exists(tree, path)) return "`" + target + "` leads nowhere: there is no " + path;
  if (hash == std::string::npos || !path.ends_with(".md")) return {};
  const SourceFile* to = tree.find(path);
  if (to == nullptr || has_anchor(*to, std::string_view(target).substr(hash + 1))) return {};
  return "`" + target + "` leads to a heading that " + path + " does not have";
}

}  // namespace

Findings find_broken_links(const Tree& tree) {
  Findings out;
  for (const SourceFile& file : tree.files) {
    if (!file.path.ends_with(".md")) continue;
    for (const Link& link : links_of(file)) {
      if (link.target.empty() || is_foreign(link.target)) continue;
      std::string wrong = complaint(tree, file, link.target);
      if (!wrong.empty()) out.push_back({file.path, link.line, std::move(wrong)});
    }
  }
  return out;
}

}  // namespace pawl::check
