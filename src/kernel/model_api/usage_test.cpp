// Usage as providers write it, read by hand from their documentation.
#include "kernel/model_api/usage.h"

#include <gtest/gtest.h>

#include "kernel/model_api/testing.h"

namespace pawl {
namespace {

ModelRequest asked(ModelApi api, bool usage_asked = true) {
  ModelRequest request;
  request.api = api;
  request.stream = true;
  request.usage_asked = usage_asked;
  return request;
}

using Events = std::vector<std::string_view>;

// Feeds every event; all but the last reading is that of the reader.
AnswerUsage heard(ModelApi api, const Events& events, bool usage_asked = true) {
  UsageReader reader(asked(api, usage_asked));
  for (const std::string_view event : events) {
    const auto taken = reader.event("", event);
    EXPECT_TRUE(taken.has_value()) << event << ": " << taken.error().message;
  }
  return reader.read();
}

AnswerUsage answered(ModelApi api, std::string_view body, int status = 200) {
  UsageReader reader(asked(api));
  const Status taken = reader.answer(status, body);
  EXPECT_TRUE(taken.has_value()) << body;
  return reader.read();
}

void expect_measured(const AnswerUsage& read, const TokenUsage& usage) {
  EXPECT_TRUE(read.measured) << read.why;
  EXPECT_EQ(read.usage, usage) << read.usage.input << " " << read.usage.cache_read << " "
                               << read.usage.cache_write << " " << read.usage.cache_write_long
                               << " " << read.usage.output << " " << read.usage.reasoning;
}

TokenUsage tokens(std::uint64_t input, std::uint64_t cache_read, std::uint64_t output,
                  std::uint64_t reasoning) {
  TokenUsage usage;
  usage.input = input;
  usage.cache_read = cache_read;
  usage.output = output;
  usage.reasoning = reasoning;
  return usage;
}

constexpr std::string_view chat_text = R"({"id":"chatcmpl-1","object":"chat.completion.chunk",
  "model":"gpt-5-2025-08-07","service_tier":"default","choices":[{"index":0,
  "delta":{"role":"assistant","content":"Hello"},"finish_reason":null}],"usage":null})";
constexpr std::string_view chat_stop = R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{},
  "finish_reason":"stop"}],"usage":null})";
constexpr std::string_view chat_usage = R"({"id":"chatcmpl-1","choices":[],"usage":{
  "prompt_tokens":1200,"completion_tokens":34,"total_tokens":1234,
  "prompt_tokens_details":{"cached_tokens":1000,"audio_tokens":0},
  "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":0,
  "accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})";

TEST(ChatUsage, CachedIsAPartOfTheInputAndReasoningOfTheOutput) {
  const AnswerUsage read =
      heard(ModelApi::openai_chat, {chat_text, chat_stop, chat_usage, "[DONE]"});
  expect_measured(read, tokens(200, 1000, 14, 20));
  EXPECT_EQ(read.model, "gpt-5-2025-08-07");
  EXPECT_EQ(read.service_tier, "default");
  EXPECT_FALSE(read.failed);
}

TEST(ChatUsage, TheUsageEventIsDroppedWhereTheClientHadNotAsked) {
  for (const bool usage_asked : {true, false}) {
    UsageReader reader(asked(ModelApi::openai_chat, usage_asked));
    EXPECT_FALSE(reader.event("", chat_text)->drop);
    EXPECT_FALSE(reader.event("", chat_stop)->drop);
    // Azure begins with an empty list of choices and no usage: it is not ours to drop.
    EXPECT_FALSE(reader.event("", R"({"choices":[],"prompt_filter_results":[]})")->drop);
    EXPECT_EQ(reader.event("", chat_usage)->drop, !usage_asked);
    const auto last = reader.event("", "[DONE]");
    EXPECT_FALSE(last->drop);
    EXPECT_TRUE(last->last);
    EXPECT_TRUE(reader.read().measured);
  }
}

TEST(ChatUsage, WhatIsNotMeasuredSaysWhy) {
  struct Row {
    Events events;
    std::string_view why;
  };
  for (const Row& row : {
           Row{{}, "there was no answer"},
           Row{{chat_text}, "the answer was cut off"},
           Row{{chat_text, chat_stop, "[DONE]"}, "usage is missing"},
           Row{{chat_text, chat_usage}, "the answer was cut off"},
           Row{{chat_text, chat_stop, chat_usage, chat_text},
               "the answer went on behind its usage"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,
             "total_tokens":11}})"},
               "the usage does not fit: the total is 11, its parts are 12"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,
             "prompt_tokens_details":{"cached_tokens":11}}})"},
               "the usage does not fit: more tokens of caches than of input"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,
             "completion_tokens_details":{"reasoning_tokens":3}}})"},
               "the usage does not fit: more tokens of reasoning than of output"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":2}})"},
               "the usage does not fit: `prompt_tokens` is no count"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":"9","completion_tokens":2}})"},
               "the usage does not fit: `prompt_tokens` is no count"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":9}})"},
               "the usage does not fit: usage is missing"},
           Row{{chat_stop, R"({"choices":[],"usage":[]})"},
               "the usage does not fit: usage is not an object"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,
             "completion_tokens_details":{"audio_tokens":1}}})"},
               "the usage does not fit: tokens that are no text have no price here"},
           Row{{chat_usage, chat_stop,
                R"({"choices":[],"usage":{"prompt_tokens":1200,"completion_tokens":33}})"},
               "the usage does not fit: `completion_tokens` went from 34 to 33"},
           Row{{chat_stop, R"({"choices":[],"usage":{"prompt_tokens":18446744073709551615,
             "completion_tokens":18446744073709551615,"total_tokens":1}})"},
               "the usage does not fit: the total is 1, its parts are 18446744073709551615"},
           Row{{chat_text, R"({"error":{"message":"overloaded"}})"},
               "the provider ended the answer with an error"},
       }) {
    const AnswerUsage read = heard(ModelApi::openai_chat, row.events);
    EXPECT_FALSE(read.measured) << row.why;
    EXPECT_EQ(read.why, row.why);
  }
}

// Servers that send totals with every chunk, and one that counts reasoning on top of the output.
TEST(ChatUsage, OtherServersOfTheInterface) {
  expect_measured(heard(ModelApi::openai_chat,
                        {R"({"choices":[{"delta":{"content":"a"}}],
                 "usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}})",
                         R"({"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}],
                 "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})",
                         "[DONE]"}),
                  tokens(5, 0, 2, 0));
  expect_measured(answered(ModelApi::openai_chat, R"({"choices":[{"message":{"content":"a"}}],
    "usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":106,
    "completion_tokens_details":{"reasoning_tokens":100}}})"),
                  tokens(5, 0, 1, 100));
}

TEST(ChatUsage, ToolCallsOfAStreamComeInPieces) {
  const AnswerUsage read = heard(
      ModelApi::openai_chat,
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function",
           "function":{"name":"read","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function",
           "function":{"name":"write","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})",
       chat_usage, "[DONE]"});
  EXPECT_EQ(read.tool_calls, (std::vector<ToolCallAsked>{{"call_1", "read"}, {"call_2", "write"}}));
  const AnswerUsage whole = answered(ModelApi::openai_chat, R"({"choices":[{"message":{
    "content":null,"tool_calls":[{"id":"call_3","type":"function","function":
    {"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
    "usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})");
  EXPECT_EQ(whole.tool_calls, (std::vector<ToolCallAsked>{{"call_3", "f"}}));
  expect_measured(whole, tokens(7, 0, 3, 0));
}

// Ambiguous framing: what a client makes of these cannot be told.
TEST(UsageReader, StreamsThatMustBeCut) {
  struct Row {
    ModelApi api;
    Events before;
    std::string_view name;
    std::string_view event;
  };
  for (const Row& row : {
           Row{ModelApi::openai_chat, {}, "", R"({"choices":[)"},
           Row{ModelApi::openai_chat, {}, "", R"({"choices":[],"choices":[]})"},
           Row{ModelApi::openai_chat, {}, "", R"([])"},
           Row{ModelApi::openai_chat, {chat_stop, chat_usage, "[DONE]"}, "", chat_usage},
           Row{ModelApi::openai_chat, {"[DONE]"}, "", "[DONE]"},
           Row{ModelApi::anthropic_messages, {}, "message_stop", R"({"type":"ping"})"},
           Row{ModelApi::anthropic_messages, {}, "", R"({})"},
           Row{ModelApi::anthropic_messages,
               {R"({"type":"message_stop"})"},
               "",
               R"({"type":"message_delta","usage":{"output_tokens":1}})"},
           Row{ModelApi::anthropic_messages,
               {R"({"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1}}})"},
               "",
               R"({"type":"message_start","message":{"id":"msg_2","usage":{"input_tokens":1}}})"},
           Row{ModelApi::anthropic_messages, {}, "", "[DONE]"},
           Row{ModelApi::openai_responses,
               {},
               "response.completed",
               R"({"type":"response.created"})"},
           Row{ModelApi::openai_responses,
               {R"({"type":"response.completed","response":{"status":"completed"}})"},
               "",
               R"({"type":"response.output_text.delta","delta":"more"})"},
           Row{ModelApi::openai_embeddings, {}, "", R"({})"},
           Row{ModelApi::gemini_generate, {}, "", R"([{"candidates":[]}])"},
       }) {
    UsageReader reader(asked(row.api));
    for (const std::string_view event : row.before) ASSERT_TRUE(reader.event("", event)) << event;
    const auto taken = reader.event(row.name, row.event);
    ASSERT_FALSE(taken.has_value()) << row.event;
    EXPECT_EQ(taken.error().fault, ErrorKind::corrupt);
  }
}

constexpr std::string_view response_created = R"({"type":"response.created","sequence_number":0,
  "response":{"id":"resp_1","model":"gpt-5-codex","status":"in_progress"}})";

TEST(ResponsesUsage, ComesWithTheEnd) {
  UsageReader reader(asked(ModelApi::openai_responses));
  ASSERT_TRUE(reader.event("response.created", response_created));
  ASSERT_TRUE(reader.event("", R"({"type":"response.output_text.delta","sequence_number":4,
    "delta":"Hi"})"));
  EXPECT_EQ(reader.place().sequence, 5U);
  EXPECT_EQ(reader.place().id, "resp_1");
  ASSERT_TRUE(reader.event("", R"({"type":"response.output_item.done","item":{
    "type":"function_call","id":"fc_1","call_id":"call_1","name":"shell","arguments":"{}"}})"));
  ASSERT_TRUE(reader.event("", R"({"type":"response.output_item.done","item":{
    "type":"local_shell_call","call_id":"call_2","action":{}}})"));
  ASSERT_TRUE(reader.event("", R"({"type":"response.output_item.done","item":{
    "type":"web_search_call","id":"ws_1","action":{"type":"search","query":"q"}}})"));
  EXPECT_EQ(reader.read().why, "the answer was cut off");
  const auto last = reader.event("response.completed", R"({"type":"response.completed",
    "sequence_number":9,"response":{"id":"resp_1","status":"completed","service_tier":"priority",
    "output":[{"type":"function_call","call_id":"call_1","name":"shell"}],
    "usage":{"input_tokens":81,"input_tokens_details":{"cached_tokens":60,
    "cache_write_tokens":11},"output_tokens":1035,
    "output_tokens_details":{"reasoning_tokens":832},"total_tokens":1116}}})");
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(last->last);
  const AnswerUsage read = reader.read();
  TokenUsage usage = tokens(10, 60, 203, 832);
  usage.cache_write = 11;
  usage.searches = 1;
  expect_measured(read, usage);
  EXPECT_EQ(read.service_tier, "priority");
  EXPECT_EQ(read.tool_calls,
            (std::vector<ToolCallAsked>{{"call_1", "shell"}, {"call_2", "local_shell_call"}}));
}

TEST(ResponsesUsage, AnswersThatDidNotEndWell) {
  const std::string failed =
      R"({"type":"response.failed","response":{"status":"failed","usage":null}})";
  const AnswerUsage read = heard(ModelApi::openai_responses, {response_created, failed});
  EXPECT_FALSE(read.measured);
  EXPECT_TRUE(read.failed);
  EXPECT_EQ(read.why, "usage is missing");
  expect_measured(
      heard(ModelApi::openai_responses,
            {response_created, R"({"type":"response.incomplete","response":{"status":"incomplete",
              "usage":{"input_tokens":5,"output_tokens":16,"total_tokens":21}}})"}),
      tokens(5, 0, 16, 0));
  EXPECT_EQ(answered(ModelApi::openai_responses, R"({"id":"resp_1","status":"queued"})").why,
            "the answer was cut off");
}

// From the page on streaming: counts of message_delta are totals.
TEST(AnthropicUsage, CountsAreTotalsAndCachesComeOnTop) {
  const AnswerUsage read = heard(
      ModelApi::anthropic_messages,
      {R"({"type":"message_start","message":{"id":"msg_1","type":"message",
           "model":"claude-opus-4-6","stop_reason":null,"usage":{"input_tokens":13,
           "cache_creation_input_tokens":500,"cache_read_input_tokens":2290,
           "cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":400},
           "output_tokens":1,"service_tier":"standard"}}})",
       R"({"type":"ping"})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use",
           "id":"toolu_1","name":"Bash","input":{}}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",
           "partial_json":"{\"command\": \"ls\"}"}})",
       R"({"type":"content_block_stop","index":0})",
       R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":20}})",
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":13,
           "cache_creation_input_tokens":500,"cache_read_input_tokens":2290,"output_tokens":47,
           "output_tokens_details":{"thinking_tokens":7},
           "server_tool_use":{"web_search_requests":2}}})",
       R"({"type":"message_stop"})"});
  TokenUsage usage = tokens(13, 2290, 40, 7);
  usage.cache_write = 100;
  usage.cache_write_long = 400;
  usage.searches = 2;
  expect_measured(read, usage);
  EXPECT_EQ(usage.into(), 2803U);
  EXPECT_EQ(read.tool_calls, (std::vector<ToolCallAsked>{{"toolu_1", "Bash"}}));
  EXPECT_EQ(read.service_tier, "standard");
}

TEST(AnthropicUsage, WhatIsNotMeasured) {
  constexpr std::string_view start = R"({"type":"message_start","message":{"id":"msg_1",
    "usage":{"input_tokens":100,"output_tokens":4}}})";
  constexpr std::string_view stop = R"({"type":"message_stop"})";
  struct Row {
    Events events;
    std::string_view why;
  };
  for (const Row& row : {
           Row{{start}, "the answer was cut off"},
           Row{{start, stop}, "the answer was cut off"},
           Row{{start, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},
             "usage":{"output_tokens":9}})"},
               "the answer was cut off"},
           Row{{start, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},
             "usage":{"output_tokens":3}})",
                stop},
               "the usage does not fit: `output_tokens` went from 4 to 3"},
           Row{{start, R"({"type":"error","error":{"type":"overloaded_error"}})"},
               "the provider ended the answer with an error"},
           Row{{start, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},
             "usage":{"output_tokens":9,"iterations":[{"type":"message"},
             {"type":"compaction","input_tokens":900}]}})",
                stop},
               "the usage does not fit: other rounds were made for this answer"},
       }) {
    const AnswerUsage read = heard(ModelApi::anthropic_messages, row.events);
    EXPECT_FALSE(read.measured);
    EXPECT_EQ(read.why, row.why);
  }
}

TEST(AnthropicUsage, WholeAnswers) {
  TokenUsage usage = tokens(10, 0, 25, 0);
  usage.cache_write = 8;
  expect_measured(answered(ModelApi::anthropic_messages, R"({"id":"msg_1","type":"message",
    "content":[{"type":"text","text":"Hi!"}],"stop_reason":"end_turn","usage":{
    "input_tokens":10,"cache_creation_input_tokens":8,"output_tokens":25}})"),
                  usage);
  // More was written than its parts say: what is left counts as the dearer one.
  usage.cache_write = 3;
  usage.cache_write_long = 5;
  expect_measured(answered(ModelApi::anthropic_messages, R"({"content":[],"usage":{
    "input_tokens":10,"cache_creation_input_tokens":8,"output_tokens":25,
    "cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":0}}})"),
                  usage);
}

TEST(GeminiUsage, ThoughtsAndToolsComeOnTopAndCachedDoesNot) {
  const AnswerUsage read =
      heard(ModelApi::gemini_generate,
            {R"({"candidates":[{"content":{"parts":[{"text":"thinking","thought":true}]}}],
           "usageMetadata":{"promptTokenCount":100,"totalTokenCount":100},
           "modelVersion":"gemini-3-pro","responseId":"r1"})",
             R"({"candidates":[{"content":{"parts":[{"text":"Hi"},{"functionCall":{"name":"f",
           "args":{"a":1}}}],"role":"model"},"finishReason":"STOP",
           "groundingMetadata":{"webSearchQueries":["q1","q2"]}}],
           "usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,
           "candidatesTokenCount":10,"thoughtsTokenCount":30,"toolUsePromptTokenCount":5,
           "totalTokenCount":145,"promptTokensDetails":[{"modality":"TEXT","tokenCount":100}]}})"});
  TokenUsage usage = tokens(45, 60, 10, 30);
  usage.searches = 2;
  expect_measured(read, usage);
  EXPECT_EQ(read.tool_calls, (std::vector<ToolCallAsked>{{"", "f"}}));
  EXPECT_EQ(read.model, "gemini-3-pro");
}

TEST(GeminiUsage, WhatIsNotMeasured) {
  EXPECT_EQ(
      heard(ModelApi::gemini_generate, {R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}],
    "usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":1,"totalTokenCount":6}})"})
          .why,
      "the answer was cut off");
  EXPECT_EQ(answered(ModelApi::gemini_generate, R"({"candidates":[],"usageMetadata":{
    "promptTokenCount":5,"candidatesTokenCount":1,"totalTokenCount":9}})")
                .why,
            "the usage does not fit: the total is 9, its parts are 6");
  EXPECT_EQ(answered(ModelApi::gemini_generate, R"({"candidates":[],"usageMetadata":{
    "promptTokenCount":5,"candidatesTokenCount":1,"totalTokenCount":6,
    "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1}]}})")
                .why,
            "the usage does not fit: tokens that are no text have no price here");
  // Blocked: nothing was made, and the input is charged.
  expect_measured(answered(ModelApi::gemini_generate, R"({"promptFeedback":{"blockReason":"SAFETY"},
    "usageMetadata":{"promptTokenCount":5,"totalTokenCount":5}})"),
                  tokens(5, 0, 0, 0));
}

TEST(EmbeddingsUsage, InputAlone) {
  expect_measured(answered(ModelApi::openai_embeddings, R"({"object":"list","data":[],
    "model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}})"),
                  tokens(8, 0, 0, 0));
}

// Rule 32: usage below what the bytes imply.
TEST(UsageReader, UsageBelowItsBytesIsNotBelieved) {
  std::string text;
  for (int i = 0; i < 1280; ++i) text += i % 2 == 0 ? 'a' : 'b';
  const auto said = [&text](int out) {
    return answered(ModelApi::openai_chat,
                    R"({"choices":[{"message":{"content":")" + text +
                        R"("}}],"usage":{"prompt_tokens":1,"completion_tokens":)" +
                        std::to_string(out) + "}}");
  };
  EXPECT_TRUE(said(20).measured);
  EXPECT_EQ(said(19).why, "19 tokens of output are said, its 1280 bytes are at least 20");
  ModelRequest request = asked(ModelApi::openai_chat);
  request.input_least = 10;
  UsageReader reader(request);
  ASSERT_TRUE(reader.answer(200, R"({"choices":[],"usage":{"prompt_tokens":9,
    "completion_tokens":1}})"));
  EXPECT_EQ(reader.read().why, "9 tokens of input are said, its texts are at least 10");
}

TEST(UsageReader, BytesOfAStreamAreCountedAsTheyCome) {
  UsageReader reader(asked(ModelApi::openai_chat));
  EXPECT_EQ(reader.output_tokens_least(), 0U);
  ASSERT_TRUE(reader.event("", R"({"choices":[{"delta":{"content":"\ud83d\ude00 "}}]})"));
  EXPECT_EQ(reader.output_bytes(), 5U);
  EXPECT_EQ(reader.output_tokens_least(), 1U);
  const std::string run =
      R"({"choices":[{"delta":{"content":")" + std::string(6400, ' ') + R"("}}]})";
  ASSERT_TRUE(reader.event("", run));
  EXPECT_EQ(reader.output_bytes(), 6405U);
  EXPECT_EQ(reader.output_tokens_least(), 1U);
}

TEST(UsageReader, AnErrorInsteadOfAnAnswerCostsNothing) {
  for (const std::string_view body :
       {R"({"error":{"message":"Rate limit"}})", "<html>Bad gateway</html>", ""}) {
    const AnswerUsage read = answered(ModelApi::openai_chat, body, 429);
    expect_measured(read, TokenUsage());
    EXPECT_TRUE(read.failed);
  }
  // With an answer in it, it is one.
  EXPECT_FALSE(
      answered(ModelApi::openai_chat, R"({"choices":[{"message":{"content":"free?"}}]})", 500)
          .measured);
  UsageReader reader(asked(ModelApi::openai_chat));
  EXPECT_FALSE(reader.answer(200, "<html>").has_value());
  EXPECT_FALSE(answered(ModelApi::openai_chat, R"({"error":{"message":"x"}})").measured);
}

TEST(UsageReader, NamesAndCallsAreBounded) {
  UsageReader reader(asked(ModelApi::openai_chat));
  const std::string name(10'000, 'n');
  const std::string call = R"({"choices":[{"delta":{"tool_calls":[{"id":")" + name +
                           R"(","function":{"name":")" + name + R"("}}]}}]})";
  for (std::size_t i = 0; i < tool_calls_max + 5; ++i) ASSERT_TRUE(reader.event("", call));
  const AnswerUsage read = reader.read();
  EXPECT_EQ(read.tool_calls.size(), tool_calls_max);
  EXPECT_EQ(read.tool_calls.back().name.size(), 256U);
}

}  // namespace
}  // namespace pawl
