#include "kernel/model_api/rewrite.h"

#include <gtest/gtest.h>

#include "kernel/model_api/testing.h"

namespace pawl {
namespace {

struct Row {
  std::string_view path;
  std::string_view before;
  std::string_view after;
  std::uint64_t cap = 100;
};

Result<std::string> edited(std::string_view path, std::string_view body, std::uint64_t cap,
                           bool ask_usage) {
  const auto target = read_model_target(path);
  const auto document = json::parse(body, model_request_limits);
  PAWL_TRY(target);
  PAWL_TRY(document);
  const auto request = read_model_request(*target, document->root());
  PAWL_TRY(request);
  return edited_request(*request, body, document->root(),
                        {.output_cap = cap, .ask_usage = ask_usage});
}

void expect_edited(const Row& row, bool ask_usage = false) {
  const auto now = edited(row.path, row.before, row.cap, ask_usage);
  ASSERT_TRUE(now.has_value()) << row.before << ": " << now.error().message;
  EXPECT_EQ(*now, row.after);
  const auto again = read_model_request_text(row.path, *now);
  ASSERT_TRUE(again.has_value()) << *now << ": " << again.error().message;
  EXPECT_LE(again->output_asked, row.cap);
}

TEST(EditedRequest, WritesTheCapWhereItIsStatedAndElseWhereTheProviderReadsIt) {
  for (const Row& row : {
           Row{chat_path, R"({"model":"m","messages":[]})",
               R"({"max_completion_tokens":100,"model":"m","messages":[]})"},
           Row{chat_path, R"({ "model":"m" ,"max_tokens" : 500, "messages":[ ] })",
               R"({ "model":"m" ,"max_tokens" : 100, "messages":[ ] })"},
           // One small and one large: what is large is lowered, the other stays (litellm 34223).
           Row{chat_path,
               R"({"model":"m","max_tokens":1,"max_completion_tokens":738,"messages":[]})",
               R"({"model":"m","max_tokens":1,"max_completion_tokens":100,"messages":[]})"},
           Row{chat_path,
               R"({"model":"m","max_tokens":900,"max_completion_tokens":800,"messages":[]})",
               R"({"model":"m","max_tokens":100,"max_completion_tokens":100,"messages":[]})"},
           Row{chat_path, R"({"model":"m","max_tokens":60,"messages":[]})",
               R"({"model":"m","max_tokens":60,"messages":[]})"},
           Row{chat_path, R"({"model":"m","max_completion_tokens":null,"messages":[]})",
               R"({"model":"m","max_completion_tokens":100,"messages":[]})"},
           Row{chat_path, R"({"model":"m","max_tokens":null,"messages":[]})",
               R"({"max_completion_tokens":100,"model":"m","max_tokens":null,"messages":[]})"},
           // A name in escapes is the same name; a number in another spelling the same number.
           Row{chat_path, R"({"model":"m","max_\u0074okens":1e3,"messages":[]})",
               R"({"model":"m","max_\u0074okens":100,"messages":[]})"},
           Row{responses_path, R"({"model":"m","input":"\"max_output_tokens\":9"})",
               R"({"max_output_tokens":100,"model":"m","input":"\"max_output_tokens\":9"})"},
           Row{messages_path, R"({"model":"m","max_tokens":64000,"messages":[]})",
               R"({"model":"m","max_tokens":100,"messages":[]})"},
           Row{messages_path, R"({"model":"m","messages":[]})",
               R"({"max_tokens":100,"model":"m","messages":[]})"},
           Row{gemini_path, R"({"contents":[]})",
               R"({"generationConfig":{"maxOutputTokens":100},"contents":[]})"},
           Row{gemini_path, R"({"contents":[],"generationConfig":{ }})",
               R"({"contents":[],"generationConfig":{"maxOutputTokens":100 }})"},
           Row{gemini_path, R"({"contents":[],"generationConfig":null})",
               R"({"contents":[],"generationConfig":{"maxOutputTokens":100}})"},
           Row{gemini_path, R"({"contents":[],"generation_config":{"topK":3}})",
               R"({"contents":[],"generation_config":{"maxOutputTokens":100,"topK":3}})"},
           Row{gemini_path, R"({"contents":[],"generationConfig":{"max_output_tokens":8192}})",
               R"({"contents":[],"generationConfig":{"max_output_tokens":100}})"},
           Row{embeddings_path, R"({"model":"m","input":"a"})", R"({"model":"m","input":"a"})"},
           Row{chat_path, R"({"model":"m","max_tokens":18446744073709551615,"messages":[]})",
               R"({"model":"m","max_tokens":18446744073709551614,"messages":[]})",
               18446744073709551614U},
       }) {
    expect_edited(row);
  }
}

TEST(EditedRequest, AsksForTheUsageOfAStream) {
  for (const Row& row : {
           Row{chat_path, R"({"model":"m","stream":true,"max_tokens":5,"messages":[]})",
               R"({"stream_options":{"include_usage":true},"model":"m","stream":true,)"
               R"("max_tokens":5,"messages":[]})"},
           Row{chat_path,
               R"({"stream":true,"max_tokens":5,"stream_options":null,"model":"m","messages":[]})",
               R"({"stream":true,"max_tokens":5,"stream_options":{"include_usage":true},)"
               R"("model":"m","messages":[]})"},
           Row{chat_path,
               R"({"stream":true,"max_tokens":5,"stream_options":{"include_usage" : false},)"
               R"("model":"m","messages":[]})",
               R"({"stream":true,"max_tokens":5,"stream_options":{"include_usage" : true},)"
               R"("model":"m","messages":[]})"},
           Row{chat_path,
               R"({"stream":true,"stream_options":{"include_obfuscation":false},"model":"m",)"
               R"("messages":[]})",
               R"({"max_completion_tokens":100,"stream":true,"stream_options":)"
               R"({"include_usage":true,"include_obfuscation":false},"model":"m","messages":[]})"},
           // Asked for, and no stream: nothing to ask.
           Row{chat_path,
               R"({"stream":true,"max_tokens":5,"stream_options":{"include_usage":true},)"
               R"("model":"m","messages":[]})",
               R"({"stream":true,"max_tokens":5,"stream_options":{"include_usage":true},)"
               R"("model":"m","messages":[]})"},
           Row{chat_path, R"({"model":"m","max_tokens":5,"messages":[]})",
               R"({"model":"m","max_tokens":5,"messages":[]})"},
           Row{messages_path, R"({"model":"m","stream":true,"max_tokens":5,"messages":[]})",
               R"({"model":"m","stream":true,"max_tokens":5,"messages":[]})"},
       }) {
    expect_edited(row, true);
  }
}

TEST(EditedRequest, ACapBelowWhatTheRequestNeedsIsARefusal) {
  const auto thinking = edited(messages_path, R"({"model":"m","messages":[],"max_tokens":5000,
    "thinking":{"type":"enabled","budget_tokens":2000}})",
                               2000, false);
  ASSERT_FALSE(thinking.has_value());
  EXPECT_EQ(thinking.error().fault, ErrorKind::refused);
  EXPECT_EQ(thinking.error().message, "a cap of 2000 tokens is left, and the request needs 2001");
  EXPECT_FALSE(edited(responses_path, R"({"model":"m","input":"a"})", 15, false).has_value());
  EXPECT_TRUE(edited(responses_path, R"({"model":"m","input":"a"})", 16, false).has_value());
}

TEST(EditedRequest, EveryOtherByteStays) {
  const std::string body =
      "{\r\n\t\"messages\" : [ {\"role\":\"user\",\"content\":\"\\u00e9\\ud83d\\ude00"
      " \xC3\xA9 \\/ 1.0e+2\"} ],\"temperature\":1.0e0, \"model\":\"m\"}\n";
  const auto now = edited(chat_path, body, 7, true);
  ASSERT_TRUE(now.has_value()) << now.error().message;
  EXPECT_EQ(*now, "{\"max_completion_tokens\":7," + body.substr(1));
  EXPECT_EQ(*edited(chat_path, body, 0, true), body);
}

}  // namespace
}  // namespace pawl
