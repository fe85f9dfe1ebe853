// Homes: every source file below src/ lies in the folder of a room, and every room is in the list
// of the CMakeLists.txt at the root, in the order of the floors. A file that is not built is dead.

#include <algorithm>

#include "rooms.h"
#include "rules.h"

namespace pawl::check {

Findings find_homeless(const Tree& tree) {
  Findings out;
  const auto rooms = read_rooms(tree);
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("src/") || !file.cpp()) continue;
    const std::string_view folder = file.folder();
    if (folder.size() <= 4 || !rooms.contains(folder.substr(4))) {
      out.push_back({file.path, 1, "belongs to no room: its folder has no pawl_room"});
    }
  }
  const SourceFile* top = tree.find("CMakeLists.txt");
  for (const auto& [path, room] : rooms) {
    if (room.file != "src/" + path + "/CMakeLists.txt") {
      out.push_back({room.file, room.line, "`" + path + "` is the name of another folder"});
    }
    const bool built = top != nullptr && std::ranges::any_of(cmake_words(*top), [&](Word word) {
                         return word.text == path;
                       });
    if (!built) {
      out.push_back({room.file, room.line,
                     "`" + path + "` is not in the list of rooms of the root's CMakeLists.txt"});
    }
  }
  return out;
}

}  // namespace pawl::check
