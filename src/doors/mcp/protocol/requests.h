// Requests that pawl itself has open at one side: our ids, one answer each.
//
// Ids of clients never reach servers and ids of servers never reach clients. An answer to an id
// that is not open, and a second answer to the same id, belongs to no request (threats S08).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/task.h"
#include "doors/mcp/protocol/unreadable.h"

namespace pawl::mcp {

struct Answer {
  enum class Kind : std::uint8_t { result, error, lost };
  Kind kind = Kind::lost;
  std::string text;  // raw JSON of the result or of the error; of lost: why
};

// What a request of the client is answered with.
struct Reply {
  enum class Kind : std::uint8_t { none, result, error };
  Kind kind = Kind::none;
  std::string text;  // raw JSON of the result or of the error object
};

class Requests {
 public:
  using Send = std::function<bool(std::string line)>;
  explicit Requests(Send send) : send_(std::move(send)) {}

  struct Ticket {
    std::uint64_t id = 0;
    Completion<Answer> answer;
  };
  // The id that the next request will have, for params that must name it (progress tokens).
  std::uint64_t next_id() const { return next_id_; }
  Ticket send(std::string_view method, std::string_view params);

  // False: no request waits for that id. Ids are compared as numbers (unreadable.h).
  bool deliver(std::string_view raw_id, Answer answer);
  // A line that cannot be read: those whom it names need not wait longer. An error that names none
  // ends the call that is open, where only one is.
  void lose(const MeantFor& meant, const std::string& why);
  // The same of the beginning of a line that was too long, whose id may stand behind it: where it
  // names none and only one request is open, it was for that one.
  void lose_too_long(std::string_view head);
  // Its time is over: it is no longer waited for.
  void give_up(std::uint64_t id, const std::string& why);
  // Of an open request; empty: there is none with that id.
  std::string_view method_of(std::string_view raw_id) const;
  // All requests that wait are told, and so are later ones.
  void lose_all(const std::string& why);
  // There is another one in its place, which may be asked.
  void again() { lost_ = false; }
  std::size_t open() const { return open_.size(); }
  bool lost() const { return lost_; }

 private:
  void lose_nameless(std::string_view error);
  Send send_;
  struct Open {
    Completion<Answer> answer;
    std::string method;
  };
  std::unordered_map<std::uint64_t, Open> open_;
  std::uint64_t next_id_ = 1;
  bool lost_ = false;
  std::string why_;
};

}  // namespace pawl::mcp
