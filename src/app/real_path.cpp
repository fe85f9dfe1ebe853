#include "app/real_path.h"

#include <cstdlib>
#include <filesystem>

namespace pawl::app {

std::string real_path(const std::string& path) {
  std::error_code failed;
  const auto found = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : found.string();
}

std::string home_expanded(const std::string& written) {
  if (!written.starts_with("~/")) return written;
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  return home == nullptr ? written : std::string(home) + written.substr(1);
}

}  // namespace pawl::app
