#include "doors/mcp/protocol/tasks.h"

#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

std::optional<ServerTask> task_in(std::string_view text) {
  const auto document = json::parse(text);
  return document ? read_server_task(document->root()) : std::nullopt;
}

TEST(ServerTasks, HasAnIdAndAStatusOfTheProtocol) {
  const auto task = task_in(R"({"taskId":"t","status":"input_required","pollIntervalMs":250})");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->id, "t");
  EXPECT_EQ(task->status, TaskStatus::input_required);
  EXPECT_EQ(task->poll, Duration::milliseconds(250));
  EXPECT_FALSE(task_in(R"({"status":"working"})"));
  EXPECT_FALSE(task_in(R"({"taskId":"","status":"working"})"));
  EXPECT_FALSE(task_in(R"({"taskId":7,"status":"working"})"));
  EXPECT_FALSE(task_in(R"({"taskId":"t","status":"done"})"));
  EXPECT_FALSE(task_in(R"({"taskId":")" + std::string(2000, 'x') + R"(","status":"working"})"));
}

TEST(ServerTasks, IsAskedNeitherWithoutEndNorHardlyEver) {
  EXPECT_EQ(task_in(R"({"taskId":"t","status":"working"})")->poll, Duration::seconds(1));
  EXPECT_EQ(task_in(R"({"taskId":"t","status":"working","pollInterval":0})")->poll,
            server_task_poll_min);
  EXPECT_EQ(task_in(R"({"taskId":"t","status":"working","pollInterval":99999999999})")->poll,
            server_task_poll_max);
  EXPECT_EQ(task_in(R"({"taskId":"t","status":"working","pollIntervalMs":-5})")->poll,
            Duration::seconds(1));
}

TEST(ServerTasks, OfTheOlderEraStandsInItsResult) {
  EXPECT_TRUE(read_made_task(R"({"task":{"taskId":"t","status":"working"}})"));
  EXPECT_FALSE(read_made_task(R"({"content":[],"structuredContent":{"task":1}})"));
  EXPECT_FALSE(read_made_task(R"({"taskId":"t","status":"working"})"));
}

TEST(ServerTasks, DefinitionsSayWhetherAToolKnowsThem) {
  EXPECT_EQ(task_support(R"({"name":"x","execution":{"taskSupport":"required"}})"), "required");
  EXPECT_EQ(task_support(R"({"name":"x","description":"taskSupport"})"), "");
}

TEST(ServerTasks, AResultDoesNotNameTheServersOwnTask) {
  constexpr std::string_view said =
      R"({"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"},"a":1},"b":[]})";
  EXPECT_EQ(without_related_task(said), R"({"_meta":{"a":1},"b":[]})");
  EXPECT_EQ(without_related_task(R"({"content":[]})"), R"({"content":[]})");
}

}  // namespace
}  // namespace pawl::mcp
