// What the journal costs: one append, group commit beside a bare one on the same disk, and opening
// a journal of a million records.
//
// The bare group commit has the same arrangement (a loop that writes, the same syncer's thread, the
// answers handed back to the loop) and nothing else: no frame, no hash, no tree, no payload.
// Files go to PAWL_BENCH_DIR, or to the system's temporary directory.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>

#include "io/journal/journal.h"
#include "io/journal/posix_disk.h"

namespace {

using pawl::Access;
using pawl::Completion;
using pawl::Duration;
using pawl::Journal;
using pawl::JournalFormat;
using pawl::JournalOptions;
using pawl::PayloadRef;
using pawl::PosixDisk;
using pawl::Status;

constexpr std::size_t record_bytes = 1024;
constexpr std::size_t payload_bytes = 512;
constexpr std::uint64_t bare_file_bytes = 256UL << 20;
constexpr std::uint64_t million = 1'000'000;

class Scratch {
 public:
  Scratch() {
    const char* chosen = std::getenv("PAWL_BENCH_DIR");
    const std::filesystem::path base =
        chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path();
    std::string pattern = (base / "journal_bench.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The loop: runs what the syncer's thread hands back.
class Loop {
 public:
  void post(std::function<void()> call) {
    const std::lock_guard guard(mutex_);
    calls_.push_back(std::move(call));
    ready_.notify_one();
  }
  void turn() {
    std::deque<std::function<void()>> calls;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return !calls_.empty(); });
      calls.swap(calls_);
    }
    for (auto& call : calls) call();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> calls_;
};

// Group commit and nothing else.
class Bare final : public pawl::SyncTarget {
 public:
  Bare(PosixDisk& disk, Loop& loop)
      : loop_(loop),
        file_(std::move(*disk.open("bare", Access::fresh))),
        syncer_(pawl::make_thread_syncer()),
        record_(record_bytes, 'r') {
    if (!file_->allocate(0, bare_file_bytes)) std::abort();
    if (!file_->sync()) std::abort();
    syncer_->start(*this);
  }
  ~Bare() override { syncer_->stop(); }

  void append(std::function<void()> done) {
    if (!pawl::write_all(*file_, offset_, record_)) std::abort();
    offset_ = (offset_ + record_bytes) % bare_file_bytes;
    waiting_.push_back(std::move(done));
    written_.fetch_add(1);
    syncer_->wake();
  }
  std::optional<Duration> due() const override {
    if (written_.load() > synced_.load()) return Duration{};
    return std::nullopt;
  }
  void run() override {
    const std::uint64_t count = written_.load();
    if (!file_->sync()) std::abort();
    synced_.store(count);
    loop_.post([this] { deliver(); });
  }

 private:
  void deliver() {
    while (delivered_ < synced_.load()) {
      const auto done = std::move(waiting_.front());
      waiting_.pop_front();
      ++delivered_;
      done();
    }
  }

  Loop& loop_;
  std::unique_ptr<pawl::File> file_;
  std::unique_ptr<pawl::Syncer> syncer_;
  const std::string record_;
  std::deque<std::function<void()>> waiting_;
  std::uint64_t offset_ = 0;
  std::uint64_t delivered_ = 0;
  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> synced_ = 0;
};

std::unique_ptr<Journal> open_journal(PosixDisk& disk, Loop& loop,
                                      JournalFormat format = JournalFormat::second) {
  JournalOptions options;
  options.format = format;
  options.origin = "bench";
  options.post = [&loop](std::function<void()> call) { loop.post(std::move(call)); };
  options.syncer = pawl::make_thread_syncer();
  auto journal = Journal::open(disk, std::move(options));
  if (!journal) std::abort();
  return std::move(*journal);
}

// Closed loop: each writer appends again as soon as its record is durable.
class Writers {
 public:
  using Append = std::function<void(std::function<void()> done)>;

  Writers(Append append, std::size_t count) : append_(std::move(append)) {
    started_.resize(count);
    for (std::size_t writer = 0; writer < count; ++writer) begin(writer);
  }
  std::uint64_t finished() const { return latencies_us_.size(); }

  void report(benchmark::State& state) {
    std::ranges::sort(latencies_us_);
    const auto at = [this](double share) {
      const auto last = static_cast<double>(latencies_us_.size() - 1);
      return latencies_us_[static_cast<std::size_t>(share * last)];
    };
    state.SetItemsProcessed(static_cast<std::int64_t>(latencies_us_.size()));
    state.counters["p50_us"] = at(0.5);
    state.counters["p99_us"] = at(0.99);
  }

 private:
  using Clock = std::chrono::steady_clock;
  void begin(std::size_t writer) {
    started_[writer] = Clock::now();
    append_([this, writer] {
      const std::chrono::duration<double, std::micro> took = Clock::now() - started_[writer];
      latencies_us_.push_back(took.count());
      begin(writer);
    });
  }

  Append append_;
  std::vector<Clock::time_point> started_;
  std::vector<double> latencies_us_;
};

void run_writers(benchmark::State& state, Loop& loop, const Writers::Append& append) {
  Writers writers(append, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const std::uint64_t before = writers.finished();
    while (writers.finished() == before) loop.turn();
  }
  writers.report(state);
}

void group_commit_bare(benchmark::State& state) {
  const Scratch scratch;
  Loop loop;
  auto disk = *PosixDisk::open(scratch.path(), PosixDisk::Root::must_exist);
  Bare bare(*disk, loop);
  run_writers(state, loop, [&bare](std::function<void()> done) { bare.append(std::move(done)); });
}

pawl::Task<> wait_for(Journal& journal, std::uint64_t seq, std::function<void()> done) {
  const Status durable = co_await journal.durable(seq);
  if (durable) done();
}

void group_commit(benchmark::State& state, bool with_payload) {
  const Scratch scratch;
  Loop loop;
  auto disk = *PosixDisk::open(scratch.path(), PosixDisk::Root::must_exist);
  auto journal = open_journal(*disk, loop);
  const std::string payload(payload_bytes, 'p');
  const std::string filler(record_bytes, 'r');
  run_writers(state, loop, [&](std::function<void()> done) {
    std::uint64_t seq = 0;
    if (with_payload) {
      const PayloadRef ref{journal->commit_to(payload), payload};
      std::string record = ref.commitment.text();
      record.append(filler, 0, record_bytes - record.size());
      seq = journal->append(record, {&ref, 1}).value();
    } else {
      seq = journal->append(filler).value();
    }
    pawl::spawn(wait_for(*journal, seq, std::move(done)));
  });
}

// The append alone of a record with one payload: frame, entry, CRCs, hashes, and the writes into
// the page cache: two in the first format, one in the second, which seals.
void append_with_payload(benchmark::State& state) {
  const Scratch scratch;
  Loop loop;
  auto disk = *PosixDisk::open(scratch.path(), PosixDisk::Root::must_exist);
  auto journal = open_journal(*disk, loop, static_cast<JournalFormat>(state.range(0)));
  const auto key = journal->new_payload_key().value();
  const std::string payload(payload_bytes, 'p');
  const std::string filler(record_bytes, 'r');
  for (auto _ : state) {
    const PayloadRef ref{journal->commit_to(payload), payload, key};
    std::string record = ref.commitment.text();
    record.append(filler, 0, record_bytes - record.size());
    if (!journal->append(record, {&ref, 1})) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

void group_commit_journal(benchmark::State& state) {
  group_commit(state, false);
}
void group_commit_journal_with_payload(benchmark::State& state) {
  group_commit(state, true);
}

// The append alone: frame, CRC, two hashes, one pwrite into the page cache.
void append(benchmark::State& state) {
  const Scratch scratch;
  Loop loop;
  auto disk = *PosixDisk::open(scratch.path(), PosixDisk::Root::must_exist);
  auto journal = open_journal(*disk, loop);
  const std::string record(record_bytes, 'r');
  for (auto _ : state) {
    if (!journal->append(record)) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

// A million records of 300 bytes; opened with and without a snapshot near the end.
void open_million(benchmark::State& state) {
  const bool with_snapshot = state.range(0) != 0;
  const Scratch scratch;
  Loop loop;
  auto disk = *PosixDisk::open(scratch.path(), PosixDisk::Root::must_exist);
  {
    auto journal = open_journal(*disk, loop);
    const std::string record(300, 'r');
    for (std::uint64_t i = 0; i < million - 1000; ++i) journal->append(record).value();
    if (with_snapshot) {
      const auto taken = journal->snapshot(std::string(1UL << 20, 's'));
      journal->append(taken->record()).value();
    }
    while (journal->next() < million) journal->append(record).value();
    if (!journal->close()) std::abort();
  }
  std::uint64_t replayed = 0;
  for (auto _ : state) {
    pawl::JournalReplay replay;
    replay.record = [&replayed](std::uint64_t, std::string_view) -> Status {
      ++replayed;
      return {};
    };
    JournalOptions options;
    options.post = [](const std::function<void()>& call) { call(); };
    options.syncer = pawl::make_inline_syncer();
    auto journal = Journal::open(*disk, std::move(options), replay);
    if (!journal || (*journal)->next() != million) std::abort();
  }
  state.counters["replayed"] =
      static_cast<double>(replayed) / static_cast<double>(state.iterations());
}

BENCHMARK(append);
BENCHMARK(append_with_payload)->ArgName("format")->Arg(1)->Arg(2);
BENCHMARK(group_commit_bare)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();
BENCHMARK(group_commit_journal)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();
BENCHMARK(group_commit_journal_with_payload)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();
BENCHMARK(open_million)->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
