// The files that the structural check reads: every text file of the tree, once, in order of path.
// Left out are `build`, `node_modules`, what git does not keep, and the samples of this check,
// which are wrong on purpose.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::check {

struct SourceFile {
  std::string path;  // from the root, with `/`
  std::string text;
  std::vector<std::string_view> lines;  // views into `text`

  bool cpp() const;                 // .cpp or .h
  bool test() const;                // _test.cpp, and what only tests include: _test.h
  std::string_view folder() const;  // `src/kernel/admit`; empty at the root
  std::string_view name() const;    // `admit.h`
};

struct Tree {
  std::filesystem::path root;
  std::vector<SourceFile> files;

  const SourceFile* find(std::string_view path) const;
};

// Throws std::filesystem::filesystem_error where the root cannot be read.
Tree read_tree(const std::filesystem::path& root);

bool starts_with_folder(std::string_view path, std::string_view folder);

}  // namespace pawl::check
