#include "kernel/model_api/refusal.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/json.h"

namespace pawl {
namespace {

ModelRefusal of(RefusalKind kind) {
  return {.kind = kind,
          .code = "ceiling_reached",
          .message = "the run has spent $5.00 of $5.00",
          .run = "run_1",
          .retry_after = Duration::milliseconds(2500)};
}

std::string header(const RefusalAnswer& answer, std::string_view name) {
  const auto at =
      std::ranges::find(answer.headers, name, &std::pair<std::string, std::string>::first);
  return at == answer.headers.end() ? "" : at->second;
}

TEST(ModelRefusal, StatusAndRetryOfEachKind) {
  struct Row {
    RefusalKind kind;
    int status;
    const char* retry;
    const char* after;
  };
  for (const Row row :
       {Row{RefusalKind::spent, 403, "false", ""}, Row{RefusalKind::busy, 429, "true", "3"},
        Row{RefusalKind::denied, 403, "false", ""}, Row{RefusalKind::invalid, 400, "false", ""},
        Row{RefusalKind::unavailable, 503, "true", "3"}}) {
    for (const ModelApi api : all_model_apis) {
      const RefusalAnswer answer = refusal_answer(api, of(row.kind));
      EXPECT_EQ(answer.status, row.status);
      EXPECT_EQ(header(answer, "X-Should-Retry"), row.retry);
      EXPECT_EQ(header(answer, "Retry-After"), row.after);
      EXPECT_EQ(header(answer, "X-Pawl-Code"), "ceiling_reached");
      EXPECT_TRUE(json::parse(answer.body).has_value()) << answer.body;
    }
  }
}

TEST(ModelRefusal, BodiesInTheWordsOfTheProvider) {
  EXPECT_EQ(refusal_answer(ModelApi::openai_chat, of(RefusalKind::spent)).body,
            R"({"error":{"message":"pawl: the run has spent $5.00 of $5.00",)"
            R"("type":"insufficient_quota","param":null,"code":"insufficient_quota"}})");
  EXPECT_EQ(refusal_answer(ModelApi::anthropic_messages, of(RefusalKind::busy)).body,
            R"({"type":"error","error":{"type":"rate_limit_error",)"
            R"("message":"pawl: the run has spent $5.00 of $5.00; please try again in 3s"}})");
  EXPECT_EQ(refusal_answer(ModelApi::gemini_generate, of(RefusalKind::spent)).body,
            R"({"error":{"code":403,"message":"pawl: the run has spent $5.00 of $5.00",)"
            R"("status":"PERMISSION_DENIED","details":[{"@type":)"
            R"("type.googleapis.com/google.rpc.ErrorInfo","reason":"ceiling_reached",)"
            R"("domain":"pawl"}]}})");
}

TEST(ModelRefusal, AStreamEndsInAnEventOfItsInterface) {
  const StreamPlace place{.id = "resp_7", .model = "gpt-5", .sequence = 12};
  const ModelRefusal spent = of(RefusalKind::spent);
  EXPECT_TRUE(
      refusal_events(ModelApi::openai_chat, spent, place).starts_with(R"(data: {"error":)"));
  EXPECT_TRUE(refusal_events(ModelApi::gemini_generate, spent, place)
                  .starts_with(R"(data: {"error":{"code":403)"));
  EXPECT_TRUE(refusal_events(ModelApi::anthropic_messages, spent, place)
                  .starts_with("event: error\ndata: {\"type\":\"error\""));
  const std::string failed = refusal_events(ModelApi::openai_responses, spent, place);
  const std::string_view head = "event: response.failed\ndata: ";
  ASSERT_TRUE(failed.starts_with(head));
  const auto event = json::parse(std::string_view(failed).substr(head.size()));
  ASSERT_TRUE(event.has_value()) << failed;
  EXPECT_EQ(event->root()["sequence_number"].integer(), 12);
  EXPECT_EQ(event->root()["response"].text("id"), "resp_7");
  EXPECT_EQ(event->root()["response"]["error"].text("code"), "insufficient_quota");
  for (const ModelApi api : all_model_apis) {
    const std::string events = refusal_events(api, spent, place);
    EXPECT_TRUE(events.ends_with("\n\n"));
  }
}

// A message cannot begin an event or a header of its own.
TEST(ModelRefusal, LineBreaksStayInside) {
  ModelRefusal refusal = of(RefusalKind::denied);
  refusal.message = "a\n\ndata: {}\r\n";
  for (const ModelApi api : all_model_apis) {
    const std::string events =
        refusal_events(api, refusal, {.id = "\n\n", .model = "\r", .sequence = 0});
    EXPECT_EQ(events.find("\n\n"), events.size() - 2);
    EXPECT_EQ(events.find('\r'), std::string::npos);
  }
}

}  // namespace
}  // namespace pawl
