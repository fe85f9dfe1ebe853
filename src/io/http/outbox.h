// Bytes that wait for a peer, in order, in few pieces. Inside of this room only.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::http {

class Outbox {
 public:
  void add(std::string&& text);
  void add(std::string_view text);
  // Everything of another one, behind what is here.
  void add(Outbox&& other);

  std::size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }

  // The first pieces; how many of `into` were filled.
  std::size_t pieces(std::span<iovec> into) const;
  void taken(std::size_t bytes);
  void clear();

 private:
  // Not a deque: an empty one of those holds half a kilobyte, and most connections are idle.
  std::vector<std::string> texts_;
  std::size_t first_ = 0;        // those before are taken
  std::size_t front_taken_ = 0;  // of the first
  std::size_t bytes_ = 0;
};

}  // namespace pawl::http
