// Browsers from which a person has signed in before.
//
// Wrong passphrases slow down where they come from (io/approvals/brake.h). Where strangers and
// reviewers come from one address (one machine, one office, one proxy) that would lock reviewers
// out, so a browser that has signed in gets a mark of its own: with it, it counts as another source
// than its address, and it is looked at before strangers are. The mark opens nothing, and is good
// for the person who got it alone. It is kept as SHA-256, and lasts as long as the node does.
// Threads: one loop. Times count since boot.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pawl::console {

class Browsers {
 public:
  static constexpr std::size_t browsers_max = 1024;
  static constexpr std::size_t browsers_of_one_max = 16;  // a person's oldest makes room

  explicit Browsers(std::function<std::string(std::size_t)> random) : random_(std::move(random)) {}

  // A mark for a browser from which this person has signed in, to be sent as a cookie.
  std::string mark(const std::string& person, Duration now);
  // What this browser is as a source; empty: it has no mark of this person.
  std::string source_of(std::string_view mark, std::string_view person) const;
  std::size_t size() const { return marks_.size(); }

 private:
  struct Mark {
    std::string person;
    Duration made{};
  };
  void make_room(const std::string& person);

  std::function<std::string(std::size_t)> random_;
  std::map<std::string, Mark, std::less<>> marks_;  // by their hash
};

}  // namespace pawl::console
