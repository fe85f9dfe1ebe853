// The rooms as their CMakeLists.txt state them: `pawl_room(path ROOMS ... TEST_ROOMS ...)`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tree.h"

namespace pawl::check {

struct Room {
  std::string path;                     // `kernel/admit`
  std::string file;                     // its CMakeLists.txt
  int line = 0;                         // of pawl_room
  std::vector<std::string> rooms;       // ROOMS: what its code may include from
  std::vector<std::string> test_rooms;  // TEST_ROOMS: what its tests may include from besides
};

// By path. Reads every CMakeLists.txt below src/.
std::map<std::string, Room, std::less<>> read_rooms(const Tree& tree);

struct Word {
  std::string_view text;
  int line;
};

// The words of a CMake file without comments; brackets and quotes divide words, `(` and `)` are
// words of their own.
std::vector<Word> cmake_words(const SourceFile& file);

}  // namespace pawl::check
