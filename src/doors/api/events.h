// What happened in a run, for its watchers: a line for each record, kept for a while so that a
// watcher can go on where it was cut off.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http/responder.h"
#include "kernel/state/state.h"
#include "model/record.h"

namespace pawl::api {

// Two for each call, and mostly without a watcher: what is told is kept as it is, and becomes JSON
// when a watcher asks.
struct RunEvent {
  std::uint64_t seq = 0;
  std::string_view type;  // of the record; a literal
  Instant at{};
  std::string members;  // of the record, for `json_of` only
};
// The event of a record, and the run that it belongs to; nothing for records that belong to no run.
// Commitments, facts and digests of arguments stay in the journal.
struct EventOfRun {
  std::string run;
  RunEvent event;
};
std::optional<EventOfRun> event_of(const Record& record);
std::string json_of(std::string_view run, const RunEvent& event);

// How long it counts who watches: until then, and as long as they stand.
struct Watcher {
  std::optional<Instant> until = {};
  std::shared_ptr<const bool> stands = nullptr;
};

struct EventLimits {
  std::size_t events_per_run_max, streams_per_run_max, streams_max, runs_max;
  std::size_t events_max;  // of all runs; those of the run that was first heard of go first
};

class Events {
 public:
  explicit Events(EventLimits limits) : limits_(limits) {}

  // A record as it is written: kept here, sent by `flush`, which is for a later turn.
  void note(const Record& record, const State& state);
  bool waiting() const { return !waiting_.empty(); }
  void flush();

  // From the event behind `after` on. False: too many streams. `after` that is not remembered any
  // more begins with an event `gap`.
  bool watch(const std::string& run, std::optional<std::uint64_t> after, http::Responder& responder,
             Watcher who);
  // Those whose watcher is not known any more end here.
  void sign_of_life(Instant now);
  std::size_t streams() const { return streams_.size(); }
  std::size_t events() const { return events_; }
  // The node ends: what was written is sent, and the streams are over.
  void end();

 private:
  struct Kept {
    std::deque<RunEvent> events;
    std::uint64_t dropped = 0;  // the newest that is not kept any more
    bool complete = false;      // from the run's first record on
  };
  struct Watching {
    std::string run;
    http::Stream stream;
    Watcher who;
  };
  void keep(const std::string& run, RunEvent event);
  void forget_one();

  EventLimits limits_;
  std::map<std::string, Kept, std::less<>> kept_;
  std::deque<std::string> order_;  // of `kept_`, oldest first
  std::size_t events_ = 0;         // in `kept_`
  std::vector<EventOfRun> waiting_;
  std::vector<Watching> streams_;
};

}  // namespace pawl::api
