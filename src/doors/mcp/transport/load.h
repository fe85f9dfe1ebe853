// What a request weighs while it is under way, counted in sums that are bounded.
//
//   auto load = std::make_shared<Load>(body.size());
//   load->count_in(all);       // until the last of those who hold it lets go
//
// A request is over when it was answered and what it said is no longer read: a call whose
// client has gone still holds what it was made of. So the document that a session reads holds its
// load too. Bytes are those of the body. What is made of them takes a few times as much. Threads:
// one loop.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/json.h"

namespace pawl::mcp {

// The least that counts for a request, however short it is.
inline constexpr std::size_t load_bytes_min = 1UL << 10;

using LoadSum = std::shared_ptr<std::size_t>;

class Load {
 public:
  explicit Load(std::size_t body_bytes) : bytes_(body_bytes + load_bytes_min) {}
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // At most two sums, each once.
  void count_in(LoadSum sum);

  // `document`, where its holder holds the load as well; the load alone holds no document.
  static std::shared_ptr<json::Document> held_by(std::shared_ptr<Load> load,
                                                 std::shared_ptr<json::Document> document);

 private:
  std::size_t bytes_;
  LoadSum first_, second_;
};

// What the messages of a door are read with, and into.
class Reading {
 public:
  // One that is not in use. A long message does not leave its memory behind.
  std::shared_ptr<json::Document> document_for(std::size_t bytes);

  json::Parser parser;

 private:
  std::vector<std::shared_ptr<json::Document>> documents_;
};

}  // namespace pawl::mcp
