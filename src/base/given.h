// For tests: files that are not part of this tree.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace pawl::given {

// The folder that the variable names; else the one of this name beside the tree, below `shared`, at
// most two levels up. Empty where there is none: the test says what it skips.
inline std::filesystem::path folder(const char* variable, const std::string& name,
                                    const std::filesystem::path& tree) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* stated = std::getenv(variable)) return stated;
  for (const auto& above : {tree.parent_path(), tree.parent_path().parent_path()}) {
    const std::filesystem::path beside = above / "shared" / name;
    if (std::filesystem::is_directory(beside)) return beside;
  }
  return {};
}

}  // namespace pawl::given
