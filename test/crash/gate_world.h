// A small world around a gate: a disk in memory, time that stands still until it is moved, clients
// that wait as long as they are told to, and a tool server that remembers what it executed.
//
// The gate in it is the real one. `kill` and `power_cut` end its process at this very point, with
// every call that is under way; `start` is the next life on the same disk.
#pragma once

#include <algorithm>
#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "crash/random.h"
#include "crash/sim_disk.h"
#include "gate/gate.h"
#include "io/journal/journal.h"
#include "kernel/policy/policy.h"

namespace pawl::crash {

class WorldClock final : public Clock {
 public:
  Instant now() override { return wall; }
  Duration boot() override { return since_boot; }
  Duration drift() override { return ahead; }
  void advance(Duration by) {
    wall = wall + by;
    since_boot = since_boot + by;
  }

  Instant wall{1'800'000'000'000'000'000};
  Duration since_boot = Duration::seconds(1000);
  Duration ahead{};
};

// Work and timers, run when the world says so.
class WorldExecutor final : public Executor {
 public:
  explicit WorldExecutor(WorldClock& clock) : clock_(clock) {}
  void post(std::function<void()> work) override { ready_.push_back(std::move(work)); }
  std::shared_ptr<void> after(Duration delay, std::function<void()> work) override;
  // Done at once, or, where it is held, when `finish_one` is told to.
  void offload(std::function<void()> work, std::function<void()> done) override;
  bool holds_offloaded = false;
  std::size_t offloaded() const { return beside_.size(); }
  void finish_one();

  // The next piece of work that is due; false where there is none.
  bool run_one();
  // How long until the next timer; nothing without one.
  std::optional<Duration> next_timer() const;
  void forget() {
    ready_.clear();
    timers_.clear();
    beside_.clear();
  }

 private:
  struct Timer {
    std::weak_ptr<void> token;
    std::function<void()> work;
  };
  WorldClock& clock_;
  std::deque<std::function<void()>> ready_;
  std::deque<std::pair<std::function<void()>, std::function<void()>>> beside_;
  std::multimap<std::int64_t, Timer> timers_;
};

// What a tool server was given, and how far the journal was synced at that moment.
struct Executed {
  std::string run, tool, arguments;
  std::uint64_t records = 0, synced = 0;
};

struct ToolServer {
  std::vector<Executed> executed;
  std::uint32_t cancels = 0;
  bool answers = true;  // at once; else each call stays until `answer`
  std::string result = R"({"content":[{"text":"done","type":"text"}]})";
  std::deque<Completion<Outcome>> waiting;
  std::function<void(const Executed&)> on_execute;

  void answer(Outcome outcome);
  std::size_t count(std::string_view tool) const;
};

// A coroutine that ends with its owner: a process that dies takes its calls with it.
class Running {
 public:
  struct promise_type {
    Running get_return_object() {
      return Running(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
  explicit Running(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Running(Running&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Running& operator=(Running&&) = delete;
  ~Running() {
    if (handle_) handle_.destroy();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

// One request of a client.
class Asked final : public Caller, public Upstream {
 public:
  struct Wanted {
    std::string run, tool, arguments = "{}";
    Duration patience = Duration::seconds(100'000);
    std::shared_ptr<const ToolDefinition> definition = {};
    PinState pin = PinState::none;
    ResolvePath resolve = {};
    std::string server = {};
    std::string resumes = {};  // the question of an earlier continuation
    bool own = false;          // a door made it out of a call of pawl's own tool
    std::shared_ptr<SubRunLimits> part = {};
    std::optional<ModelFact> model = {};  // of a request to a model
    std::optional<double> uses = {};      // this share of what it reserves; nothing: it is not said
  };
  Asked(ToolServer& server, Wanted wanted);

  Duration patience(Duration within) const override { return std::min(within, wanted_.patience); }
  void waiting(const std::string& approval, Duration, Duration) override;
  bool gone() const override { return gone_; }
  Task<Outcome> execute(std::string_view tool, std::string_view arguments) override;
  void cancel() override { ++server_.cancels; }
  void granted(const std::string&, const Verdict& verdict) override {
    spend_ = verdict.reservation.spend;
  }
  // What its end is charged at least, as far as the server told it.
  NanoUsd billed() const { return billed_; }

  void leave();
  bool done() const { return reply.has_value(); }
  const Wanted& wanted() const { return wanted_; }
  Proposal proposal();

  std::optional<Settled> reply;
  std::string approval;  // of the last sign of life
  std::uint32_t signs = 0;
  Journal* journal = nullptr;

 private:
  ToolServer& server_;
  Wanted wanted_;
  Outcome told(Outcome outcome);

  std::shared_ptr<const json::Document> arguments_;
  std::optional<Spend> spend_;
  NanoUsd billed_ = 0;
  bool gone_ = false;
};

// Runs the syncs of a journal at once, or, when `held`, when told to.
struct WorldSync {
  SyncTarget* target = nullptr;
  bool held = false;
  void run();
};

class World final : public Notifier {
 public:
  explicit World(std::string policy, std::uint64_t seed = 1);
  ~World() override;

  // A life of the node. `start` folds the journal, records the start, and recovers.
  Status try_start();
  void start();
  void stop();  // in order: calls are dropped, the journal is closed
  void kill();  // the process dies
  void power_cut();

  // Everything that is ready happens.
  void settle();
  // Moves time, stopping at every timer on the way.
  void advance(Duration by);

  std::string open(const std::string& key = "key", const std::string& sponsor = "sam");
  Asked& ask(Asked::Wanted wanted);
  Asked& ask(const std::string& tool, const std::string& arguments = "{}");
  // Asks, lets everything happen, and expects an answer.
  Settled call(const std::string& tool, const std::string& arguments = "{}");
  Status approve(const std::string& approval, const std::string& person = "ann");
  Status reject(const std::string& approval, const std::string& person = "ann");
  Status change(const std::string& approval, const std::string& arguments,
                const std::string& person = "ann");

  // All records of the journal, in order.
  std::vector<Record> records();
  std::size_t count(std::string_view type);
  std::shared_ptr<const Policy> load(const std::string& text) const;

  void question(const std::string& approval, const std::string& sentence) override;
  void news(const QuestionNews& news) override;
  void escalate(const std::string& run, const std::string& event,
                const std::string& sentence) override;
  void tell(const EscalationStep& step) override;
  void changed(const EscalationOpened& opened, const std::string& how) override;

  Random random;
  SimDisk disk;
  WorldClock clock;
  WorldExecutor executor;
  WorldSync sync;
  ToolServer server;
  GateLimits limits;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Gate> gate;
  std::shared_ptr<const Policy> policy;
  std::string run;  // the last one opened
  std::vector<std::string> questions;
  std::vector<std::string> told_news;    // `kind to`
  std::vector<std::string> escalations;  // events
  std::vector<EscalationStep> steps;     // asked for, in this life and in those before
  std::vector<std::string> changes;      // `how event`
  std::string unreachable;               // a way by which no person is reached
  bool ways_answer = true;               // how telling went is known at once
  std::map<std::string, std::vector<std::string>> groups = {
      {"ann", {"leads"}}, {"bob", {"leads"}}, {"sam", {"leads"}}, {"eve", {}}};
  std::uint64_t segment_bytes = 1UL << 20;
  std::uint64_t reserve_bytes = 64UL << 10;
  std::function<void(const Asked&)> on_reply;

  std::deque<Asked*> open_requests();  // without a reply yet

 private:
  struct Client {
    std::unique_ptr<Asked> asked;
    std::optional<Running> running;
  };
  JournalOptions options();
  void end();
  Running run_call(Asked& asked);

  std::deque<Client> clients_;
};

}  // namespace pawl::crash
