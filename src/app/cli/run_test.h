// Runs a command inside of the test program: with its own standard input, and with what it prints
// caught.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "node/files/folder_testing.h"

namespace pawl::app::testing {

using node::testing::bytes_of;
using node::testing::Folder;

// Puts a file in the place of a standard descriptor until it goes.
class Instead {
 public:
  Instead(int standard, const std::string& path, int flags)
      : standard_(standard), before_(::dup(standard)) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    ::dup2(file, standard);
    ::close(file);
  }
  ~Instead() {
    ::dup2(before_, standard_);
    ::close(before_);
  }
  Instead(const Instead&) = delete;
  Instead& operator=(const Instead&) = delete;

 private:
  int standard_, before_;
};

struct Ran {
  int status = -1;
  std::string out, err;
};

inline Ran run(const std::vector<std::string>& words, const std::string& input = "") {
  const Folder folder;
  const std::string in = folder.write("in", input);
  Ran ran;
  std::fflush(stdout);
  std::fflush(stderr);
  {
    const Instead stdin_file(STDIN_FILENO, in, O_RDONLY);
    const Instead stdout_file(STDOUT_FILENO, folder.at("out"), O_WRONLY | O_CREAT | O_TRUNC);
    const Instead stderr_file(STDERR_FILENO, folder.at("err"), O_WRONLY | O_CREAT | O_TRUNC);
    ran.status = dispatch(words);
  }
  ran.out = bytes_of(folder.at("out"));
  ran.err = bytes_of(folder.at("err"));
  return ran;
}

// A file of the source tree that a test compares with what the program says. With PAWL_REGENERATE
// set the file is written anew first.
inline void expect_file(const std::string& path, const std::string& text) {
  if (std::getenv("PAWL_REGENERATE") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(bytes_of(path), text) << path << ": regenerate it with PAWL_REGENERATE=1";
}

}  // namespace pawl::app::testing
