// A folder in which lines may do what they like: programs that only write down that they ran, a few
// files, and real shells and wrappers.
#pragma once

#include <string>
#include <vector>

namespace pawl {

struct Ran {
  std::string program;
  std::vector<std::string> arguments;
};

class Scratch {
 public:
  // `more` stands for programs besides those that generated lines name.
  // `real` are programs of the machine.
  explicit Scratch(const std::vector<std::string>& more = {},
                   const std::vector<std::string>& real = {});
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // What ran because of the line, in any order. `shell` is a file, `name` how it is called.
  std::vector<Ran> run(const std::string& shell, const std::string& name, const std::string& line);
  // The same for a program that is started with these words, no shell between.
  std::vector<Ran> start(const std::vector<std::string>& words);
  std::vector<std::string> files() const;  // with their sizes, sorted
  void tidy();                             // the files again as they were
  int ended() const { return ended_; }     // lines that had to be ended

 private:
  std::vector<Ran> run(const std::string& file, const std::vector<std::string>& words);
  void wait_for_all(int child);
  std::string root_;
  int ended_ = 0;
};

}  // namespace pawl
