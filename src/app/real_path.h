// Where a path really leads, and what a deployment file means by one.
#pragma once

#include <string>

namespace pawl::app {

// Without links and `..`, also where its end does not exist; the path itself where nobody can tell.
std::string real_path(const std::string& path);

// `~/` at the beginning is $HOME; without one the path stays as it is written.
std::string home_expanded(const std::string& written);

}  // namespace pawl::app
