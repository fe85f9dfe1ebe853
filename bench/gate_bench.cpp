// The gate on a real disk, with a tool server that does nothing: what a call costs, and how many
// calls with effects pass a second.
//
//   bench_gate DIRECTORY [effect CALLS CONCURRENCY | commit CALLS CONCURRENCY | read CALLS]...
//
// `commit` is the bare group commit under such calls: the two records of each, with payloads of the
// sizes that scripts/bench calls with, each synced, and no gate.
// Prints one JSON object a line. Durations are wall time.
#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "gate_node.h"

namespace pawl::bench {
namespace {

struct Times {
  std::uint64_t left = 0;
  std::uint32_t running = 0;
  std::vector<std::int64_t> each_ns;
};

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
        co_await node.gate->calls.handle(proposal(node, tool, arguments()), server, client);
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
}  // namespace pawl::bench

int main(int count, char** words) {
  return pawl::bench::run(count, words);
}
