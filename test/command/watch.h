// A folder in which one real program runs at a time, watched: what it changed, which programs it
// started, where it connected to, and which files of the folder it opened to read.
//
// The kernel tells: a filter stops each start of a program, each connection and each opening of a
// file, and the watcher looks at its arguments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pawl {

struct Happened {
  std::vector<std::string> changed;    // absolute; made, removed, or another one than before
  std::vector<std::string> started;    // as the kernel was told, without the program itself
  std::vector<std::string> connected;  // `inet 9`, `unix /run/x`
  std::vector<std::string> opened;     // to read, in the folder; absolute
  bool ended = false;                  // by force
};

class WatchedFolder {
 public:
  WatchedFolder();
  ~WatchedFolder();
  WatchedFolder(const WatchedFolder&) = delete;
  WatchedFolder& operator=(const WatchedFolder&) = delete;

  // False where processes cannot be watched here.
  bool works() const { return works_; }
  const std::string& place() const { return work_; }  // where programs run
  Happened run(const std::vector<std::string>& words);

 private:
  struct File {
    std::uint32_t mode = 0;
    std::int64_t changed_at = 0;  // of a plain file
    std::string content;          // or where a link leads
    bool operator==(const File&) const = default;
  };
  using Files = std::map<std::string, File>;

  void fill();
  void restore();
  Files look() const;

  std::string root_, work_;
  Files clean_;
  bool works_ = false;
  bool dirty_ = false;
};

}  // namespace pawl
