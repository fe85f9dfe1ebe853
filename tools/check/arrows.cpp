// Arrows: who may include whom.
//
// Two conditions hold for each #include of a file of ours. The floors, in the one table below, say
// what may ever be; ROOMS in the room's CMakeLists.txt says what this room uses. Rooms of one
// floor may use each other where the table says so, but never in a circle.

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "rooms.h"
#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

// From the ground up. `below` are the floors that this one may look down to; `across` says whether
// its rooms may use each other. io and analysis stand side by side and do not see each other; a
// door does not use another door, but the rooms of one door (doors/mcp/session) use each other.
struct Floor {
  std::string_view name;
  std::string_view below;
  bool across;
};
constexpr std::array<Floor, 11> kFloors = {{
    {"base", "", true},
    {"lang", "base", false},
    {"model", "base lang", true},
    {"kernel", "base lang model", true},
    {"analysis", "base lang model kernel", true},
    {"io", "base lang model kernel", true},
    {"gate", "base lang model kernel io", true},
    {"views", "base lang model kernel io gate", true},
    {"doors", "base lang model kernel io gate views", false},
    {"node", "base lang model kernel analysis io gate views doors", true},
    {"app", "base lang model kernel analysis io gate views doors node", true},
}};

std::string_view floor_name(std::string_view room) {
  return room.substr(0, room.find('/'));
}

const Floor* floor_of(std::string_view room) {
  const auto at = std::ranges::find(kFloors, floor_name(room), &Floor::name);
  return at == kFloors.end() ? nullptr : &*at;
}

bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    if (end == std::string_view::npos) return false;
    words.remove_prefix(end + 1);
  }
  return false;
}

// The first two folders of a room: of a room of a door, the door.
std::string_view door_of(std::string_view room) {
  return room.substr(0, room.find('/', floor_name(room).size() + 1));
}

// Whether the floors permit an arrow from room to room.
bool permitted(std::string_view from, std::string_view to) {
  const Floor* floor = floor_of(from);
  if (floor == nullptr || floor_of(to) == nullptr) return false;
  if (floor_name(from) != floor_name(to)) return lists(floor->below, floor_name(to));
  return floor->across || door_of(from) == door_of(to);
}

using Rooms = std::map<std::string, Room, std::less<>>;

void check_stated(const Rooms& rooms, const Room& room, const std::vector<std::string>& stated,
                  Findings& out) {
  for (const std::string& other : stated) {
    if (!rooms.contains(other)) {
      out.push_back({room.file, room.line, "`" + other + "` is not a room"});
    } else if (!permitted(room.path, other)) {
      out.push_back(
          {room.file, room.line, "the floors do not let `" + room.path + "` use `" + other + "`"});
    }
  }
}

// Reports each circle once, at the room of it that comes first by name.
void check_circles(const Rooms& rooms, Findings& out) {
  for (const auto& [start, room] : rooms) {
    std::set<std::string, std::less<>> seen;
    const std::function<bool(const Room&)> reaches = [&](const Room& at) {
      return std::ranges::any_of(at.rooms, [&](const std::string& next) {
        if (next == start) return true;
        const auto found = rooms.find(next);
        return found != rooms.end() && next > start && seen.insert(next).second &&
               reaches(found->second);
      });
    };
    if (reaches(room)) {
      out.push_back({room.file, room.line, "`" + start + "` uses itself through other rooms"});
    }
  }
}

// The room of a path below src/: the longest room that contains it.
const Room* room_of(const Rooms& rooms, std::string_view path) {
  for (auto end = path.rfind('/'); end != std::string_view::npos; end = path.rfind('/', end - 1)) {
    const auto found = rooms.find(path.substr(0, end));
    if (found != rooms.end()) return &found->second;
    if (end == 0) break;
  }
  return nullptr;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

// What is wrong with this include of a file of room `from`; empty if nothing is.
std::string complaint(const Tree& tree, const Rooms& rooms, const Room& from,
                      const SourceFile& file, const Include& include) {
  const std::string path(include.path);
  const bool known = tree.find("src/" + path) != nullptr || tree.find("include/" + path) != nullptr;
  if (!known) {
    if (include.angled) return {};  // a library's
    return "`" + path + "` is not below src/; write a library's header as <" + path + ">";
  }
  if (include.angled) return "`" + path + "` is ours: write it with quotes";
  if (path.starts_with("pawl/")) {
    const bool outside = floor_name(from.path) == "app" || file.test();
    return outside ? std::string() : "the public headers are for users, the program and tests";
  }
  const Room* to = room_of(rooms, path);
  if (to == nullptr) return "`" + path + "` belongs to no room";
  if (to->path == from.path) return {};
  if (!permitted(from.path, to->path)) {
    return "the floors do not let `" + from.path + "` include `" + path + "`";
  }
  if (contains(from.rooms, to->path)) return {};
  if (file.test() && contains(from.test_rooms, to->path)) return {};
  return "`" + to->path + "` is not in ROOMS of `" + from.path + "`";
}

// The public face may show what is pure, and nothing above it.
void check_public(const SourceFile& file, Findings& out) {
  constexpr std::string_view shown = "base lang model kernel analysis pawl";
  for (const Include& include : scan(file.text).includes) {
    if (!include.angled && !lists(shown, floor_name(include.path))) {
      out.push_back({file.path, include.line,
                     "a public header does not include `" + std::string(include.path) + "`"});
    }
  }
}

}  // namespace

Findings find_bad_arrows(const Tree& tree) {
  Findings out;
  const Rooms rooms = read_rooms(tree);
  for (const auto& [path, room] : rooms) {
    if (floor_of(path) == nullptr) {
      out.push_back({room.file, room.line, "`" + path + "` is on no floor"});
    }
    check_stated(rooms, room, room.rooms, out);
    check_stated(rooms, room, room.test_rooms, out);
  }
  check_circles(rooms, out);
  for (const SourceFile& file : tree.files) {
    if (!file.cpp()) continue;
    if (starts_with_folder(file.path, "include")) check_public(file, out);
    if (!file.path.starts_with("src/")) continue;
    const Room* from = room_of(rooms, std::string_view(file.path).substr(4));
    if (from == nullptr) continue;  // said by the rule `homes`
    for (const Include& include : scan(file.text).includes) {
      std::string wrong = complaint(tree, rooms, *from, file, include);
      if (!wrong.empty()) out.push_back({file.path, include.line, std::move(wrong)});
    }
  }
  return out;
}

}  // namespace pawl::check
