// What happens, for pages that are open: one stream of events for each.
//
//   question {row of the queue}   answered {approval}   run {run}   stop {}   health {}   again {}
//
// A page that reads more slowly than things happen is not kept in memory: it gets nothing for a
// while, and then `again`, which tells it to read everything anew. So do all pages where very much
// happens in one turn.
// Threads: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/http/responder.h"
#include "model/record.h"

namespace pawl::console {

struct LiveLimits {
  std::size_t streams_max = 256;
  std::size_t streams_of_one_max = 8;          // of one session; its oldest goes
  std::size_t unread_bytes_max = 256UL << 10;  // then nothing, and later `again`
  std::size_t events_of_a_turn_max = 200;      // more of them are one `again`
};

class Live {
 public:
  // `row`: a waiting question as the queue shows it; empty where it does not wait any more.
  using Row = std::function<std::string(const std::string& approval)>;
  explicit Live(Row row, LiveLimits limits = {}) : row_(std::move(row)), limits_(limits) {}

  // False, and nothing is answered: too many pages.
  bool watch(std::uint64_t session, http::Response head, http::Responder& asked);
  // As records are written; sent by `flush`, which is for a later turn.
  void note(const Record& record);
  bool waiting() const { return !changed_.empty(); }
  void flush();
  // Keeps quiet streams alive, and ends those whose session does not stand.
  void beat(const std::function<bool(std::uint64_t session)>& stands);
  void end(std::uint64_t session);
  void end_all();
  std::size_t streams() const { return streams_.size(); }

 private:
  struct Change {
    std::string kind, name;  // of a question, or a run
    friend bool operator==(const Change&, const Change&) = default;
  };
  struct Watching {
    std::uint64_t session = 0;
    http::Stream stream;
    bool behind = false;
  };
  void changed(std::string_view kind, std::string name);
  void send(const std::string& text);
  void catch_up(Watching& watching);

  Row row_;
  LiveLimits limits_;
  std::vector<Change> changed_;
  std::vector<Watching> streams_;
};

}  // namespace pawl::console
