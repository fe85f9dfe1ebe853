// A file descriptor with an owner.
//
// Every descriptor that this room makes is close-on-exec. Nothing here throws.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace pawl::net {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  void reset(int number = -1);

  // Another descriptor of the same open description, numbered 3 or higher, close-on-exec.
  Result<Fd> duplicate() const;

 private:
  int number_ = -1;
};

struct PipePair {
  Fd read;
  Fd write;
};
Result<PipePair> make_pipe();

struct SocketPair {
  Fd one;
  Fd other;
};
// Two connected stream sockets of the Unix domain.
Result<SocketPair> make_socket_pair();

// Moves standard input (0) or output (1) of this process to a descriptor of its own and puts
// /dev/null in its place, so that no stray print ends up between protocol messages.
Result<Fd> take_standard(int number);

// What a failed system call means: `cannot <what>: <the system's words>`.
Error system_error(ErrorKind fault, const std::string& what, int number);

}  // namespace pawl::net
