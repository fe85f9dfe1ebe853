// The page that a browser gets: the files of page/, as the build put them into the program.
#pragma once

#include <span>
#include <string_view>

namespace pawl::console {

struct PageFile {
  std::string_view name, text;
};
std::span<const PageFile> page_files();

}  // namespace pawl::console
