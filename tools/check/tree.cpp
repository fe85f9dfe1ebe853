#include "tree.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace pawl::check {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 4> kSkippedFolders = {".git", "build", "node_modules",
                                                             ".cache"};
constexpr std::string_view kSamples = "test/structure/samples";
constexpr std::array<std::string_view, 6> kBinarySuffixes = {".png", ".svg", ".gif",
                                                             ".ico", ".zst", ".bin"};

bool is_text(const fs::path& path) {
  return std::ranges::find(kBinarySuffixes, path.extension().string()) == kBinarySuffixes.end();
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

bool SourceFile::cpp() const {
  return path.ends_with(".cpp") || path.ends_with(".h");
}

bool SourceFile::test() const {
  return path.ends_with("_test.cpp") || path.ends_with("_test.h");
}

std::string_view SourceFile::folder() const {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(path).substr(0, slash);
}

std::string_view SourceFile::name() const {
  return std::string_view(path).substr(path.rfind('/') + 1);
}

const SourceFile* Tree::find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(files, path, {}, &SourceFile::path);
  return at != files.end() && at->path == path ? &*at : nullptr;
}

bool starts_with_folder(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Tree read_tree(const fs::path& root) {
  Tree tree{root, {}};
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator();
       ++at) {
    const std::string path = fs::relative(at->path(), root).generic_string();
    if (at->is_directory()) {
      const std::string name = at->path().filename().string();
      if (path == kSamples || std::ranges::find(kSkippedFolders, name) != kSkippedFolders.end()) {
        at.disable_recursion_pending();
      }
      continue;
    }
    // In a second working tree `.git` is a file.
    if (!at->is_regular_file() || at->is_symlink() || path == ".git") continue;
    SourceFile file{path, {}, {}};
    if (is_text(at->path())) {
      std::ifstream in(at->path(), std::ios::binary);
      file.text.assign(std::istreambuf_iterator<char>(in), {});
    }
    tree.files.push_back(std::move(file));
  }
  std::ranges::sort(tree.files, {}, &SourceFile::path);
  // The views are made last: moving a short string moves its bytes.
  for (SourceFile& file : tree.files) file.lines = split_lines(file.text);
  return tree;
}

}  // namespace pawl::check
