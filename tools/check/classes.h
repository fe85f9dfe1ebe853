// The classes of production code, and in how many files each is defined.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "tree.h"

namespace pawl::check {

inline constexpr std::size_t files_of_a_class_max = 3;
inline constexpr std::size_t methods_of_a_class_max = 39;

struct ClassSize {
  std::set<std::string> files;    // with a definition of a method outside of the class
  std::set<std::string> methods;  // of these
};

// `FOLDER CLASS`: by room and name, since two rooms may each have a `Visitor`.
using Classes = std::map<std::string, ClassSize>;

// Of `src` and `include`, without tests and what only tests include.
bool is_production(const SourceFile& file);
Classes classes_of(const Tree& tree);

}  // namespace pawl::check
