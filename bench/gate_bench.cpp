// The gate on a real disk, with a tool server that does nothing: what a call costs, how many calls
// with effects pass a second, and what a hundred thousand held calls take.
//
//   bench_gate DIRECTORY [effect CALLS CONCURRENCY | commit CALLS CONCURRENCY | read CALLS |
//                         held CALLS]...
//
// `commit` is the bare group commit under such calls: the two records of each, with payloads of the
// sizes that scripts/bench calls with, each synced, and no gate.
// Prints one JSON object a line. Durations are wall time; memory is what the kernel says is
// resident, before and after.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "gate/gate.h"
#include "io/journal/posix_disk.h"

namespace pawl {
namespace {

constexpr const char* policy_text = R"(version: 1
agent: {id: bench, identity: bench@x, owner: o@x}
tools:
  allowed:
    - {name: read_note, class: read_only}
    - {name: put_note, class: reversible small}
    - {name: send_mail, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads], within: 1h}
)";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_gate: %s\n", why.c_str());
  std::exit(1);
}

std::int64_t clock_ns(clockid_t which) {
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

class Silent final : public Herald {
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

struct Node {
  explicit Node(const std::string& directory) {
    auto opened = PosixDisk::open(directory, PosixDisk::Root::create);
    if (!opened) give_up(opened.error().message);
    disk = std::move(*opened);
    JournalOptions options;
    options.origin = "bench";
    options.syncer = make_thread_syncer();
    options.random = random_in_batches();
    options.post = [this](std::function<void()> work) { loop.post(std::move(work)); };
    auto journal_opened = Journal::open(*disk, std::move(options));
    if (!journal_opened) give_up(journal_opened.error().message);
    journal = std::move(*journal_opened);
    GateLimits limits;
    limits.questions_per_run_max = 10'000'000;
    limits.run_journal_bytes_max = 1ULL << 40;
    limits.snapshot_records = 1ULL << 40;
    gate = std::make_unique<Gate>(State{}, *journal, clock, loop, herald, random_bytes, limits);
    Loaded loaded = load_policy(policy_text, "bench.yaml", {});
    if (!loaded.policy) give_up("the policy does not load");
    auto run_opened = gate->open_run(
        {.key = "bench", .sponsor = "sam", .client = "bench", .policy = loaded.policy});
    if (!run_opened) give_up(run_opened.error().message);
    run = *run_opened;
  }

  RealClock clock;
  BenchLoop loop;
  Silent herald;
  std::unique_ptr<PosixDisk> disk;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Gate> gate;
  std::string run;
};

struct Times {
  std::uint64_t left = 0;
  std::uint32_t running = 0;
  std::vector<std::int64_t> each_ns;
};

const json::Document& arguments() {
  static const json::Document document =
      *json::parse(R"({"id":"ORD-123456","note":"a note of a few words","status":"refunded"})");
  return document;
}

Proposal proposal(const Node& node, std::string_view tool, const json::Document& with) {
  Proposal out;
  out.run = node.run;
  out.call = Call{{}, tool, with.root()};
  return out;
}

// Bytes of a call with an effect of scripts/bench: its decision and its arguments, its end and its
// result.
constexpr std::size_t written_bytes[2][2] = {{830, 408}, {260, 43}};

Task<void> commit_again_and_again(Node& node, Times& times) {
  while (times.left > 0) {
    --times.left;
    const std::int64_t before = clock_ns(CLOCK_MONOTONIC);
    for (const auto& [record_bytes, payload_bytes] : written_bytes) {
      const std::string payload(payload_bytes, 'p');
      const PayloadRef ref{node.journal->commit_to(payload), payload};
      std::string record = ref.commitment.text();
      record.resize(record_bytes, 'r');
      const auto seq = node.journal->append(record, {&ref, 1});
      if (!seq) give_up(seq.error().message);
      const Status durable = co_await node.journal->durable(*seq);
      if (!durable) give_up(durable.error().message);
    }
    times.each_ns.push_back(clock_ns(CLOCK_MONOTONIC) - before);
  }
  --times.running;
}

Task<void> call_again_and_again(Node& node, std::string_view tool, Times& times) {
  NullServer server;
  Client client;
  while (times.left > 0) {
    --times.left;
    const std::int64_t before = clock_ns(CLOCK_MONOTONIC);
    const Settled reply =
        co_await node.gate->handle(proposal(node, tool, arguments()), server, client);
    if (reply.kind != Settled::Kind::result) give_up("refused: " + reply.text);
    times.each_ns.push_back(clock_ns(CLOCK_MONOTONIC) - before);
  }
  --times.running;
}

// Without a tool: the bare group commit.
void measure(Node& node, std::string_view what, std::string_view tool, std::uint64_t calls,
             std::uint32_t concurrency) {
  Times times{.left = calls, .running = concurrency, .each_ns = {}};
  times.each_ns.reserve(calls);
  const std::int64_t began = clock_ns(CLOCK_MONOTONIC);
  const std::int64_t cpu_began = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (std::uint32_t i = 0; i < concurrency; ++i) {
    spawn(tool.empty() ? commit_again_and_again(node, times)
                       : call_again_and_again(node, tool, times));
  }
  while (times.running > 0) node.loop.turn();
  const double seconds = static_cast<double>(clock_ns(CLOCK_MONOTONIC) - began) / 1e9;
  const auto cpu = static_cast<double>(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_began);
  std::ranges::sort(times.each_ns);
  const auto at = [&](std::size_t percent) {
    return static_cast<double>(times.each_ns[times.each_ns.size() * percent / 100]) / 1e3;
  };
  fmt::print(R"({{"bench":"gate {}","calls":{},"concurrency":{},"calls_per_second":{:.0f},)"
             R"("p50_us":{:.1f},"p99_us":{:.1f},"cpu_us_per_call":{:.1f}}})"
             "\n",
             what, calls, concurrency, static_cast<double>(calls) / seconds, at(50), at(99),
             cpu / 1e3 / static_cast<double>(calls));
}

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct HeldCall {
  NullServer server;
  Client client;
};

// Not in the coroutine: what is only moved into the call has no room in the frame that waits.
Task<Settled> ask(Node& node, HeldCall& call) {
  return node.gate->handle(proposal(node, "send_mail", arguments()), call.server, call.client);
}

Task<void> hold(Node& node, HeldCall& call, std::uint64_t& over) {
  Task<Settled> asked = ask(node, call);
  (void)co_await asked;
  ++over;
}

// Memory of the gate and its state alone: the clients' messages are one document for all of them.
void measure_held(Node& node, std::uint64_t calls) {
  for (int i = 0; i < 100; ++i) node.loop.turn();
  const std::uint64_t before = resident_bytes();
  std::deque<HeldCall> held;
  std::uint64_t over = 0;
  for (std::uint64_t i = 0; i < calls; ++i) {
    spawn(hold(node, held.emplace_back(), over));
    if (i % 1000 == 0) node.loop.turn();
  }
  const std::uint64_t after = resident_bytes();
  const auto each = static_cast<double>(after - before) / static_cast<double>(calls);
  fmt::print(R"({{"bench":"gate held","calls":{},"resident_before_mb":{:.1f},)"
             R"("resident_after_mb":{:.1f},"bytes_per_call":{:.0f}}})"
             "\n",
             calls, static_cast<double>(before) / 1e6, static_cast<double>(after) / 1e6, each);
  if (const auto stopped = node.gate->kill("all", "", "", "the end of the benchmark"); !stopped) {
    give_up(stopped.error().message);
  }
  while (over < calls) node.loop.turn();
}

int run(int count, char** words) {
  if (count < 2) give_up("which directory?");
  const std::string directory = words[1];
  std::filesystem::remove_all(directory);
  Node node(directory);
  const auto number = [&](int i) { return i < count ? std::strtoull(words[i], nullptr, 10) : 0; };
  for (int i = 2; i < count; ++i) {
    const std::string_view what = words[i];
    if (what == "effect") {
      measure(node, "effect", "put_note", number(i + 1),
              static_cast<std::uint32_t>(std::max(1ULL, number(i + 2))));
      i += 2;
    } else if (what == "commit") {
      measure(node, "commit", "", number(i + 1),
              static_cast<std::uint32_t>(std::max(1ULL, number(i + 2))));
      i += 2;
    } else if (what == "read") {
      measure(node, "read", "read_note", number(i + 1), 1);
      i += 1;
    } else if (what == "held") {
      measure_held(node, number(i + 1));
      i += 1;
    } else {
      give_up("unknown: " + std::string(what));
    }
  }
  node.gate.reset();
  (void)node.journal->close();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace pawl

int main(int count, char** words) {
  return pawl::run(count, words);
}
