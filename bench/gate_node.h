// The gate on a real disk for the benchmarks: a loop with threads behind it, a clock that is the
// machine's, a server that does nothing and a client that waits.
#pragma once

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/random.h"
#include "gate/gate.h"
#include "io/journal/posix_disk.h"
#include "kernel/policy/policy.h"

namespace pawl::bench {

inline constexpr const char* policy_text = R"(version: 1
agent: {id: bench, identity: bench@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small}
    - {name: send_mail, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads], within: 1h}
)";

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

inline std::int64_t clock_ns(clockid_t which) {
  timespec t{};
  clock_gettime(which, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

class RealClock final : public Clock {
 public:
  Instant now() override { return {wall_ + clock_ns(CLOCK_BOOTTIME)}; }
  Duration boot() override { return {clock_ns(CLOCK_BOOTTIME)}; }
  Duration drift() override { return {clock_ns(CLOCK_REALTIME) - now().ns}; }

 private:
  std::int64_t wall_ = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
};

// A loop with nothing but posted work and timers; work may be posted from any thread.
class BenchLoop final : public Executor {
 public:
  void post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(work));
    wake_.notify_one();
  }
  std::shared_ptr<void> after(Duration delay, std::function<void()> work) override {
    std::shared_ptr<void> token = std::make_shared<char>();
    timers_.emplace(clock_ns(CLOCK_BOOTTIME) + delay.ns, Timer{token, std::move(work)});
    return token;
  }
  // One turn: what was posted, then the timers that are due. Waits where there is nothing.
  void turn() {
    std::deque<std::function<void()>> batch;
    {
      std::unique_lock lock(mutex_);
      if (ready_.empty()) wake_.wait_for(lock, std::chrono::milliseconds(1));
      batch.swap(ready_);
    }
    for (const auto& work : batch) work();
    while (!timers_.empty() && timers_.begin()->first <= clock_ns(CLOCK_BOOTTIME)) {
      const Timer timer = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      if (!timer.token.expired()) timer.work();
    }
  }

 private:
  struct Timer {
    std::weak_ptr<void> token;
    std::function<void()> work;
  };
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> ready_;
  std::multimap<std::int64_t, Timer> timers_;
};

class Silent final : public Notifier {
 public:
  void question(const std::string&, const std::string&) override {}
  void escalate(const std::string&, const std::string&, const std::string&) override {}
};

class NullServer final : public Upstream {
 public:
  Task<Outcome> execute(std::string_view, std::string_view) override {
    co_return Outcome{Outcome::Kind::result,
                      R"({"content":[{"text":"done","type":"text"}],"isError":false})",
                      {}};
  }
  void cancel() override {}
};

class Client final : public Caller {
 public:
  Duration patience(Duration) const override { return Duration::seconds(100'000); }
  void waiting(const std::string&, Duration, Duration) override {}
  bool gone() const override { return gone_; }
  void leave() {
    gone_ = true;
    if (on_gone) on_gone();
  }

 private:
  bool gone_ = false;
};

// Who hears of every record after it was applied, those that are read at the start included.
using Hearing = std::function<void(const Record&, const State&)>;

inline JournalReplay replay_into(State& state, const Hearing& hears) {
  JournalReplay replay;
  replay.state = [&state](std::string_view text, std::uint64_t) -> Status {
    auto read = State::from_json(text);
    if (!read) return std::unexpected(read.error());
    state = std::move(*read);
    return {};
  };
  replay.record = [&state, &hears](std::uint64_t, std::string_view text) -> Status {
    const auto record = parse_record(text);
    if (!record) return std::unexpected(record.error());
    if (Status applied = state.apply(*record); !applied) return applied;
    if (hears) hears(*record, state);
    return {};
  };
  return replay;
}

// A node with one open run. In a directory that has a journal already, with all that is in it.
struct Node {
  explicit Node(const std::string& directory, std::uint64_t snapshot_records = 1ULL << 40,
                Hearing hearing = {})
      : hears(std::move(hearing)) {
    auto opened = PosixDisk::open(directory, PosixDisk::Root::create);
    if (!opened) give_up(opened.error().message);
    disk = std::move(*opened);
    JournalOptions options;
    options.origin = "bench";
    options.syncer = make_thread_syncer();
    options.random = random_in_batches();
    options.post = [this](std::function<void()> work) { loop.post(std::move(work)); };
    State state;
    auto journal_opened = Journal::open(*disk, std::move(options), replay_into(state, hears));
    if (!journal_opened) give_up(journal_opened.error().message);
    journal = std::move(*journal_opened);
    GateLimits limits;
    limits.questions_per_run_max = 10'000'000;
    limits.run_journal_bytes_max = 1ULL << 40;
    limits.snapshot_records = snapshot_records;
    gate = std::make_unique<Gate>(std::move(state), *journal, clock, loop, notifier, random_bytes,
                                  limits);
    if (hears) {
      heard = gate->on_record([this](const Record& written) { hears(written, gate->state()); });
    }
    gate->reviewers.set_people({{"ann", {"leads"}}, {"bob", {"leads"}}});
    if (const Status recovered = gate->recover(); !recovered) give_up(recovered.error().message);
    Loaded loaded = load_policy(policy_text, "bench.yaml", {});
    if (!loaded.policy) give_up("the policy does not load");
    auto run_opened = gate->runs.open(
        {.key = "bench", .sponsor = "sam", .client = "bench", .policy = loaded.policy});
    if (!run_opened) give_up(run_opened.error().message);
    run = *run_opened;
  }

  RealClock clock;
  BenchLoop loop;
  Silent notifier;
  std::unique_ptr<PosixDisk> disk;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Gate> gate;
  Hearing hears;
  std::shared_ptr<void> heard;
  std::string run;
};

inline const json::Document& arguments() {
  static const json::Document document =
      *json::parse(R"({"id":"ORD-123456","note":"a note of a few words","status":"refunded"})");
  return document;
}

inline Proposal proposal(const Node& node, std::string_view tool, const json::Document& with) {
  Proposal out;
  out.run = node.run;
  out.call = Call{{}, tool, with.root()};
  return out;
}

inline std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace pawl::bench
