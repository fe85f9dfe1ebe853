// Decisions by expressions: three conditions on parsed arguments, from the bytes of a message with
// the tool's schema, and loading a policy of 200 tools with an expression each.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "kernel/admit/admit.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr int tools = 200;
constexpr std::size_t message_bytes = 500;

std::string policy_text(bool matches) {
  std::string text =
      "version: 1\n"
      "agent: {id: bench, identity: bench@myco.iam, owner: owner@myco.example}\n"
      "execution: {max_steps: 1000000000, max_denials: 1000000, max_wall_clock_seconds: 86400}\n"
      "tools:\n  allowed:\n";
  for (int i = 0; i < tools; ++i) {
    text += "    - name: update_order_" + std::to_string(i) +
            "\n      class: reversible small\n"
            "      cases:\n"
            "        - if: args.status != \"cancelled\" && args.count <= 10 && "
            "args.order.startsWith(\"ORD-\")";
    if (matches) text += " && args.order.matches(\"^ORD-[0-9]{6}$\")";
    text += "\n";
  }
  return text;
}

std::string message() {
  std::string text =
      R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"update_order_117",)"
      R"("arguments":{"status":"refunded","order":"ORD-123456","count":7,"note":")";
  const std::string tail = R"("}}})";
  text.append(message_bytes - text.size() - tail.size(), 'n');
  return text + tail;
}

struct World {
  std::shared_ptr<const Policy> policy;
  State state;
  BoundTool tool;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};

  explicit World(bool matches = false) {
    Loaded loaded = load_policy(policy_text(matches), "bench.yaml", {});
    for (const Error& error : loaded.errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
    if (!loaded.policy) std::exit(1);
    policy = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r-7k2m9xq4";
    opened.agent = policy->agent;
    opened.identity = policy->identity;
    if (!state.apply({0, now, 0, opened})) std::exit(1);
    facts.pin = PinState::accepted;
    const auto text =
        json::parse(R"({"type":"object","required":["status","order","count"],"properties":{)"
                    R"("status":{"enum":["cancelled","refunded"]},"order":{"type":"string"},)"
                    R"("count":{"type":"integer"},"note":{"type":"string"}}})");
    auto definition = definition_of("", "update_order_117", text->root(), {});
    if (!definition || !definition->validator) std::exit(1);
    tool = bind(*policy, *policy->find("", "update_order_117"),
                std::make_shared<const ToolDefinition>(std::move(*definition)), now);
    for (const Error& error : tool.misfits) std::fprintf(stderr, "%s\n", error.message.c_str());
  }

  Verdict decide(const Call& call) const {
    const bool granted = policy->find(call.server, call.tool) == tool.entry;
    return admit({.policy = *policy,
                  .state = state,
                  .run = *state.run("r-7k2m9xq4"),
                  .call = call,
                  .tool = granted ? &tool : nullptr,
                  .facts = facts,
                  .now = now});
  }
};

void decide_parsed(benchmark::State& loop, bool matches) {
  const World world(matches);
  const auto document = json::parse(message());
  const json::View params = document->root()["params"];
  const Call call{"", params["name"].string(), params["arguments"]};
  if (!world.decide(call).runs()) loop.SkipWithError("the call is not allowed");
  for (auto _ : loop) {
    const Verdict verdict = world.decide(call);
    benchmark::DoNotOptimize(verdict.effect);
  }
}
void decide_three_conditions(benchmark::State& loop) {
  decide_parsed(loop, false);
}
BENCHMARK(decide_three_conditions);

void decide_with_a_pattern(benchmark::State& loop) {
  decide_parsed(loop, true);
}
BENCHMARK(decide_with_a_pattern);

void bytes_to_verdict_by_conditions(benchmark::State& loop) {
  const World world;
  const std::string text = message();
  json::Parser parser;
  json::Document document;
  for (auto _ : loop) {
    if (!parser.parse(text, document)) loop.SkipWithError("not JSON");
    const json::View params = document.root()["params"];
    const Call call{"", params["name"].string(), params["arguments"]};
    const Verdict verdict = world.decide(call);
    benchmark::DoNotOptimize(verdict.effect);
  }
}
BENCHMARK(bytes_to_verdict_by_conditions);

void load_200_tools(benchmark::State& loop) {
  const std::string text = policy_text(false);
  for (auto _ : loop) {
    const Loaded loaded = load_policy(text, "bench.yaml", {});
    benchmark::DoNotOptimize(loaded.policy.get());
  }
}
BENCHMARK(load_200_tools)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pawl
