#include "rules.h"

#include <array>

namespace pawl::check {
namespace {

constexpr std::array<Rule, 14> kRules = {{
    {"arrows", "includes follow ROOMS and the floors, downwards only", find_bad_arrows},
    {"homes", "every source file belongs to a room that is built", find_homeless},
    {"sizes", "files, functions and lines stay small", find_big_rooms},
    {"names", "no name that says nothing", find_bad_names},
    {"twins", "a type's name belongs to one file", find_twins},
    {"words", "nothing unfinished, nothing about the place where it was written", find_bad_words},
    {"purity", "kernel and analysis have no clock, chance, I/O; io/net alone has sockets",
     find_impurities},
    {"globals", "no variable outlives its owner", find_globals},
    {"links", "relative links in the documents lead somewhere", find_broken_links},
    {"found", "each test that the page of what was found names is in the tree", find_missing_tests},
    {"paths", "a path that a comment or a page names is in the tree", find_broken_paths},
    {"english", "texts for people say who acts, in plain sentences", find_unplain_english},
    {"private", "a private header is included from its own folder only", find_exposed_headers},
    {"classes", "a class has fewer than forty methods, in at most three files", find_large_classes},
}};

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

}  // namespace pawl::check
