// The decision on a parsed call with a policy of 500 tools, and from the bytes of a message to it.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "kernel/admit/admit.h"
#include "kernel/policy/policy.h"

namespace pawl {
namespace {

constexpr int tools = 500;
constexpr std::size_t message_bytes = 500;

std::string policy_text() {
  std::string text =
      "version: 1\n"
      "agent: {id: bench, identity: bench@myco.iam, owner: owner@myco.example}\n"
      "execution: {max_steps: 1000000000, max_denials: 1000000, max_wall_clock_seconds: 86400}\n"
      "tools:\n"
      "  blocked: [delete_customer_record, access_payment_raw, bulk_send_email]\n"
      "  allowed:\n";
  for (int i = 0; i < tools; ++i) {
    text += "    - name: update_order_" + std::to_string(i) +
            "\n"
            "      class: reversible small\n"
            "      args:\n"
            "        status: {in: [cancelled, refunded, processing]}\n"
            "        order: {prefix: \"ORD-\", max_length: 20}\n"
            "        count: {min: 1, max: 100}\n";
  }
  return text;
}

// A tools/call of 500 bytes whose arguments meet three constraints.
std::string message() {
  std::string text =
      R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"update_order_317",)"
      R"("arguments":{"status":"refunded","order":"ORD-123456","count":7,"note":")";
  const std::string tail = R"("}}})";
  text.append(message_bytes - text.size() - tail.size(), 'n');
  return text + tail;
}

// Whether arguments are checked against the tool's own schema too, as every call of a server is.
enum class Schema : std::uint8_t { ignored, checked };

struct World {
  std::shared_ptr<const Policy> policy;
  State state;
  BoundTool tool;
  Facts facts;
  Instant now{1'800'000'000'000'000'000};

  explicit World(Schema checked = Schema::checked) {
    Loaded loaded = load_policy(policy_text(), "bench.yaml", {});
    for (const Error& error : loaded.errors) std::fprintf(stderr, "%s\n", to_string(error).c_str());
    if (!loaded.policy) std::exit(1);
    policy = loaded.policy;
    RunOpened opened;
    opened.run = opened.key = "r-7k2m9xq4";
    opened.agent = policy->agent;
    opened.identity = policy->identity;
    opened.sponsor = "first.lastname";
    if (!state.apply({0, now, 0, opened})) std::exit(1);
    facts.pin = PinState::accepted;
    const auto text =
        json::parse(R"({"type":"object","required":["status","order","count"],"properties":{)"
                    R"("status":{"type":"string"},"order":{"type":"string"},)"
                    R"("count":{"type":"integer"},"note":{"type":"string"}}})");
    auto definition = definition_of("", "update_order_317", text->root(), {});
    if (!definition || !definition->validator) std::exit(1);
    if (checked == Schema::ignored) definition->validator = nullptr;
    tool = bind(*policy, *policy->find("", "update_order_317"),
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

// Finding the entry, looking for a block, three constraints, the unnamed argument, every stage.
void decide(benchmark::State& loop, const World& world) {
  const auto document = json::parse(message());
  const json::View params = document->root()["params"];
  const Call call{"", params["name"].string(), params["arguments"]};
  if (!world.decide(call).runs()) loop.SkipWithError("the call is not allowed");
  for (auto _ : loop) {
    const Verdict verdict = world.decide(call);
    benchmark::DoNotOptimize(verdict.effect);
  }
}
void decide_parsed_call(benchmark::State& loop) {
  decide(loop, World(Schema::ignored));
}
BENCHMARK(decide_parsed_call);

void decide_with_schema(benchmark::State& loop) {
  decide(loop, World(Schema::checked));
}
BENCHMARK(decide_with_schema);

void deny_constraint(benchmark::State& loop) {
  const World world;
  const auto document = json::parse(R"({"status":"shipped","order":"ORD-1","count":7})");
  const Call call{"", "update_order_317", document->root()};
  if (world.decide(call).reason.code != Code::constraint) loop.SkipWithError("another code");
  for (auto _ : loop) {
    const Verdict verdict = world.decide(call);
    benchmark::DoNotOptimize(verdict.effect);
  }
}
BENCHMARK(deny_constraint);

void bytes_to_verdict(benchmark::State& loop) {
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
BENCHMARK(bytes_to_verdict);

}  // namespace
}  // namespace pawl
