// The rules of the house, one file each, and the table that lists them (rules.cpp).
// A rule looks at the whole tree and says where it is broken. A new rule is one function, one row,
// and a sample in test/structure/samples that breaks it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tree.h"

namespace pawl::check {

struct Finding {
  std::string path;
  int line = 0;
  std::string message;
};
using Findings = std::vector<Finding>;

struct Rule {
  std::string_view name;
  std::string_view what;
  Findings (*find)(const Tree&);
};

std::span<const Rule> rules();

Findings find_bad_arrows(const Tree& tree);       // arrows.cpp
Findings find_homeless(const Tree& tree);         // homes.cpp
Findings find_big_rooms(const Tree& tree);        // sizes.cpp
Findings find_bad_names(const Tree& tree);        // names.cpp
Findings find_twins(const Tree& tree);            // twins.cpp
Findings find_bad_words(const Tree& tree);        // words.cpp
Findings find_impurities(const Tree& tree);       // purity.cpp
Findings find_globals(const Tree& tree);          // purity.cpp
Findings find_broken_links(const Tree& tree);     // links.cpp
Findings find_broken_paths(const Tree& tree);     // paths.cpp
Findings find_missing_tests(const Tree& tree);    // found.cpp
Findings find_unplain_english(const Tree& tree);  // english.cpp
Findings find_exposed_headers(const Tree& tree);  // headers.cpp
Findings find_large_classes(const Tree& tree);    // classes.cpp

}  // namespace pawl::check
