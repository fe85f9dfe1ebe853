// People and the switch, at the gate on a real disk: how long after an answer the call is at its
// server, how long after the switch the last effect was let through, what a hundred thousand held
// calls take, and how soon a node that died with them is back.
//
//   bench_people DIRECTORY answer CALLS | kill TIMES | held CALLS [RECORDS] | reopen
//
// `held` dies with its calls and leaves the directory for `reopen`; a snapshot is written after so
// many RECORDS (without: as often as a node does). Both have the activity that a node has, with
// what people are shown of these calls. Prints one JSON object. Durations are wall time
// from the moment at which the gate has the proven answer, with the syncs of the disk; memory is
// what the kernel says is resident, before and after.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "gate_node.h"
#include "views/activity.h"

namespace pawl::bench {
namespace {

// Remembers when it was last given a call.
class TimedServer final : public Upstream {
 public:
  Task<Outcome> execute(std::string_view, std::string_view) override {
    at_ns = clock_ns(CLOCK_MONOTONIC);
    co_return Outcome{Outcome::Kind::result, R"({"content":[],"isError":false})", {}};
  }
  void cancel() override {}
  std::int64_t at_ns = 0;
};

struct HeldCall {
  NullServer server;
  Client client;
};

// Not in the coroutine: what is only moved into the call has no room in the frame that waits.
Task<Settled> ask(Node& node, HeldCall& call) {
  return node.gate->calls.handle(proposal(node, "send_mail", arguments()), call.server,
                                 call.client);
}

Task<void> hold(Node& node, HeldCall& call, std::uint64_t& over) {
  Task<Settled> asked = ask(node, call);
  (void)co_await asked;
  ++over;
}

// What a node remembers for people.
Hearing told_to(views::ActivityFeed& activity) {
  return [&activity](const Record& record, const State& state) { activity.note(record, state); };
}

// Memory of the node's gate, state and activity: the clients' messages are one document for all.
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
}

class AskingClient final : public Caller {
 public:
  Duration patience(Duration) const override { return Duration::seconds(100'000); }
  void waiting(const std::string& approval, Duration, Duration) override { question = approval; }
  bool gone() const override { return false; }
  std::string question;
};

Task<void> call_once(Node& node, std::string_view tool, TimedServer& server, Caller& client,
                     std::optional<Settled>& reply) {
  reply.emplace(
      co_await node.gate->calls.handle(proposal(node, tool, arguments()), server, client));
}

void print_times(std::string_view what, std::vector<std::int64_t>& each_ns) {
  std::ranges::sort(each_ns);
  const auto at = [&](std::size_t percent) {
    return static_cast<double>(each_ns[(each_ns.size() - 1) * percent / 100]) / 1e3;
  };
  fmt::print(R"({{"bench":"{}","times":{},"p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f}}})"
             "\n",
             what, each_ns.size(), at(50), at(99), at(100));
}

void measure_answers(Node& node, std::uint64_t calls) {
  std::vector<std::int64_t> each_ns;
  for (std::uint64_t i = 0; i < calls; ++i) {
    TimedServer server;
    AskingClient client;
    std::optional<Settled> reply;
    spawn(call_once(node, "send_mail", server, client, reply));
    while (client.question.empty() && !reply) node.loop.turn();
    if (reply) give_up("not held: " + reply->text);
    const std::int64_t began = clock_ns(CLOCK_MONOTONIC);
    const Status answered = node.gate->approvals.answer(client.question, "ann", {"leads"}, true,
                                                        "fine", "bench", "sha256:shown", true);
    if (!answered) give_up(answered.error().message);
    while (!reply) node.loop.turn();
    if (server.at_ns == 0) give_up("not executed: " + reply->text);
    each_ns.push_back(server.at_ns - began);
  }
  print_times("answer to execution", each_ns);
}

Task<void> work_until_stopped(Node& node, TimedServer& server, std::uint32_t& running) {
  Client client;
  bool stopped = false;
  while (!stopped) {
    const Settled reply =
        co_await node.gate->calls.handle(proposal(node, "put_note", arguments()), server, client);
    stopped = reply.kind != Settled::Kind::result;
  }
  --running;
}

// Sixty-four effects are under way whenever the switch is thrown.
void measure_kills(Node& node, std::uint64_t times) {
  constexpr std::uint32_t callers = 64;
  std::vector<std::int64_t> each_ns;
  for (std::uint64_t i = 0; i < times; ++i) {
    TimedServer server;
    std::uint32_t running = callers;
    for (std::uint32_t n = 0; n < callers; ++n) spawn(work_until_stopped(node, server, running));
    for (int turns = 0; turns < 50; ++turns) node.loop.turn();
    const std::int64_t began = clock_ns(CLOCK_MONOTONIC);
    if (const auto stopped =
            node.gate->kill_switch.kill("all", "", "ann", "bench", KillAlarm::none);
        !stopped) {
      give_up(stopped.error().message);
    }
    while (running > 0) node.loop.turn();
    each_ns.push_back(std::max<std::int64_t>(0, server.at_ns - began));
    if (const Status back = node.gate->kill_switch.resume("all", "", "ann", "bench"); !back) {
      give_up(back.error().message);
    }
  }
  print_times("kill to the last effect", each_ns);
}

void reopen(const std::string& directory) {
  const std::uint64_t before = resident_bytes();
  const std::int64_t began = clock_ns(CLOCK_MONOTONIC);
  views::ActivityFeed activity;
  const Node node(directory, 1ULL << 40, told_to(activity));
  const std::int64_t took = clock_ns(CLOCK_MONOTONIC) - began;
  std::uint64_t open = 0;
  for (const auto& [id, approval] : node.gate->state().approvals()) {
    open += approval.phase == ApprovalPhase::open ? 1 : 0;
  }
  fmt::print(R"({{"bench":"reopen","open":{},"ms":{:.0f},"resident_before_mb":{:.1f},)"
             R"("resident_after_mb":{:.1f}}})"
             "\n",
             open, static_cast<double>(took) / 1e6, static_cast<double>(before) / 1e6,
             static_cast<double>(resident_bytes()) / 1e6);
}

int run(int count, char** words) {
  if (count < 3) give_up("bench_people DIRECTORY answer | kill | held | reopen …");
  const std::string directory = words[1];
  const std::string_view what = words[2];
  const std::uint64_t number = count > 3 ? std::strtoull(words[3], nullptr, 10) : 0;
  if (what == "reopen") {
    reopen(directory);
    std::filesystem::remove_all(directory);
    return 0;
  }
  std::filesystem::remove_all(directory);
  const std::uint64_t snapshots =
      count > 4 ? std::strtoull(words[4], nullptr, 10) : GateLimits{}.snapshot_records;
  views::ActivityFeed activity;
  Node node(directory, what == "held" ? snapshots : 1ULL << 40,
            what == "held" ? told_to(activity) : Hearing());
  if (what == "answer") {
    measure_answers(node, number);
  } else if (what == "kill") {
    measure_kills(node, number);
  } else if (what == "held") {
    measure_held(node, number);
    std::fflush(stdout);
    _exit(0);  // as a process that dies
  } else {
    give_up("unknown: " + std::string(what));
  }
  node.gate.reset();
  (void)node.journal->close();
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace pawl::bench

int main(int count, char** words) {
  return pawl::bench::run(count, words);
}
