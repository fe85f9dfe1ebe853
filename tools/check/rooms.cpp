#include "rooms.h"

#include <array>

namespace pawl::check {
namespace {

bool divides(char c) {
  return c == ' ' || c == '\t' || c == '"' || c == ';' || c == '\r';
}

std::vector<Room> rooms_of(const SourceFile& file) {
  std::vector<Room> found;
  const std::vector<Word> words = cmake_words(file);
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i].text != "pawl_room" || words[i + 1].text != "(") continue;
    Room room{std::string(words[i + 2].text), file.path, words[i].line, {}, {}};
    std::vector<std::string>* into = nullptr;
    for (i += 3; i < words.size() && words[i].text != ")"; ++i) {
      const std::string_view word = words[i].text;
      if (word == "ROOMS") {
        into = &room.rooms;
      } else if (word == "TEST_ROOMS") {
        into = &room.test_rooms;
      } else if (word == "LINK") {
        into = nullptr;
      } else if (into != nullptr) {
        into->emplace_back(word);
      }
    }
    found.push_back(std::move(room));
  }
  return found;
}

}  // namespace

std::vector<Word> cmake_words(const SourceFile& file) {
  std::vector<Word> words;
  for (std::size_t n = 0; n < file.lines.size(); ++n) {
    std::string_view line = file.lines[n];
    line = line.substr(0, line.find('#'));
    std::size_t at = 0;
    while (at < line.size()) {
      if (divides(line[at])) {
        ++at;
        continue;
      }
      std::size_t end = at + 1;
      const bool bracket = line[at] == '(' || line[at] == ')';
      while (!bracket && end < line.size() && !divides(line[end]) && line[end] != '(' &&
             line[end] != ')') {
        ++end;
      }
      words.push_back({line.substr(at, end - at), static_cast<int>(n) + 1});
      at = end;
    }
  }
  return words;
}

std::map<std::string, Room, std::less<>> read_rooms(const Tree& tree) {
  std::map<std::string, Room, std::less<>> rooms;
  for (const SourceFile& file : tree.files) {
    if (!starts_with_folder(file.path, "src") || file.name() != "CMakeLists.txt") continue;
    for (Room& room : rooms_of(file)) rooms.emplace(room.path, std::move(room));
  }
  return rooms;
}

}  // namespace pawl::check
