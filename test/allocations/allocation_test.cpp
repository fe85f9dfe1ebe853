// An allowed call costs no memory: neither the decision nor, with a parser that has seen a message
// before, the way from its bytes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "kernel/admit/admit.h"
#include "kernel/policy/policy.h"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

// Counts for this whole test program, which is the only way to see what libraries do.
void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace pawl {
namespace {

constexpr std::string_view policy_text =
    "version: 1\n"
    "agent: {id: bench, identity: bench@myco.iam, owner: owner@myco.example}\n"
    "execution: {max_steps: 1000, max_denials: 100, max_wall_clock_seconds: 86400}\n"
    "tools:\n"
    "  blocked: [delete_customer_record, access_payment_raw, bulk_send_email]\n"
    "  allowed:\n"
    "    - name: update_order_status\n"
    "      class: reversible small\n"
    "      args:\n"
    "        status: {in: [cancelled, refunded, processing]}\n"
    "        order: {prefix: \"ORD-\", max_length: 20}\n"
    "        count: {min: 1, max: 100}\n";

constexpr std::string_view schema_text =
    R"({"type":"object","required":["status","order","count"],"properties":{)"
    R"("status":{"type":"string"},"order":{"type":"string"},)"
    R"("count":{"type":"integer"},"note":{"type":"string"}}})";

constexpr std::string_view message =
    R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"update_order_status",)"
    R"("arguments":{"status":"refunded","order":"ORD-123456","count":7,)"
    R"("note":"the customer returned the goods, see the note that came with them"}}})";

TEST(AllocationTest, AnAllowedCallCostsNoMemory) {
  const Loaded loaded = load_policy(policy_text, "policy.yaml", {});
  ASSERT_TRUE(loaded.policy) << (loaded.errors.empty() ? "" : loaded.errors.front().message);
  const Policy& policy = *loaded.policy;
  State state;
  RunOpened opened;
  opened.run = opened.key = "r-7k2m9xq4";
  opened.agent = policy.agent;
  opened.identity = policy.identity;
  opened.sponsor = "first.lastname";
  const Instant now{1'800'000'000'000'000'000};
  ASSERT_TRUE(state.apply({0, now, 0, opened}));
  const auto schema = json::parse(schema_text);
  ASSERT_TRUE(schema);
  auto definition = definition_of("", "update_order_status", schema->root(), {});
  ASSERT_TRUE(definition);
  const BoundTool tool = bind(policy, *policy.find("", "update_order_status"),
                              std::make_shared<const ToolDefinition>(std::move(*definition)), now);
  ASSERT_TRUE(tool.misfits.empty());
  Facts facts;
  facts.pin = PinState::accepted;

  json::Parser parser;
  json::Document document;
  for (const bool warm : {false, true}) {
    const std::size_t before = allocations;
    ASSERT_TRUE(parser.parse(message, document));
    const json::View params = document.root()["params"];
    const Call call{"", params["name"].string(), params["arguments"]};
    const std::size_t parsed = allocations;
    const Verdict verdict =
        admit({.policy = policy,
               .state = state,
               .run = *state.run("r-7k2m9xq4"),
               .call = call,
               .tool = policy.find("", call.tool) == tool.entry ? &tool : nullptr,
               .facts = facts,
               .now = now});
    EXPECT_TRUE(verdict.runs()) << verdict.reason.says;
    EXPECT_EQ(allocations, parsed) << "by the decision";
    if (warm) {
      EXPECT_EQ(parsed, before) << "by the parser";
    } else {
      EXPECT_GT(parsed, before) << "the counter does not count";
    }
  }
}

}  // namespace
}  // namespace pawl
