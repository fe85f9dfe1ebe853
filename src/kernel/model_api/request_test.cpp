#include "kernel/model_api/request.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "kernel/model_api/testing.h"

namespace pawl {
namespace {

using Texts = std::vector<std::string>;

ModelRequest read(std::string_view path, std::string_view body) {
  auto request = read_model_request_text(path, body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  return request ? std::move(*request) : ModelRequest();
}

struct Refused {
  std::string_view path;
  std::string_view body;
  std::string_view message;
  ErrorKind kind = ErrorKind::refused;
};

void expect_refused(const Refused& row) {
  const auto request = read_model_request_text(row.path, row.body);
  ASSERT_FALSE(request.has_value()) << row.body;
  EXPECT_EQ(request.error().message, row.message);
  EXPECT_EQ(request.error().fault, row.kind) << row.body;
}

TEST(ModelRequest, Chat) {
  const ModelRequest request = read(chat_path, R"({
    "model": "gpt-5", "stream": true, "n": 2, "max_tokens": 1, "max_completion_tokens": 800,
    "service_tier": "priority",
    "messages": [
      {"role": "system", "content": "You are terse."},
      {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
      {"role": "tool", "tool_call_id": "call_1", "content": "42"}],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d",
      "parameters": {"type": "object", "properties": {"a": {}, "A": {}}}}},
      {"type": "custom", "custom": {"name": "patch"}}]})");
  EXPECT_EQ(request.model, "gpt-5");
  EXPECT_TRUE(request.stream);
  EXPECT_FALSE(request.usage_asked);
  EXPECT_EQ(request.choices, 2U);
  EXPECT_EQ(request.output_asked, 800U);
  EXPECT_EQ(request.output_least, 1U);
  EXPECT_EQ(request.service_tier, "priority");
  EXPECT_EQ(request.tools, (Texts{"f", "patch"}));
  EXPECT_EQ(request.effects, Texts());
  EXPECT_EQ(request.references, Texts());
  EXPECT_EQ(request.input_unbounded, "");
  EXPECT_EQ(request.prefixes.size(), 5U);
  EXPECT_EQ(request.prefixes.back().tokens_after, 0U);
}

TEST(ModelRequest, WhetherTheClientHearsUsage) {
  EXPECT_TRUE(read(chat_path, R"({"model":"m","messages":[]})").usage_asked);
  EXPECT_FALSE(read(chat_path, R"({"model":"m","messages":[],"stream":true,
    "stream_options":{"include_usage":false}})")
                   .usage_asked);
  EXPECT_TRUE(read(chat_path, R"({"model":"m","messages":[],"stream":true,
    "stream_options":{"include_usage":true}})")
                  .usage_asked);
  EXPECT_TRUE(read(messages_path, R"({"model":"m","messages":[],"stream":true})").usage_asked);
}

TEST(ModelRequest, Responses) {
  const ModelRequest request = read(responses_path, R"({
    "model": "gpt-5-codex", "stream": true, "store": false, "max_output_tokens": 5000,
    "instructions": "Be brief.", "reasoning": {"effort": "high", "summary": "auto"},
    "include": ["reasoning.encrypted_content"], "parallel_tool_calls": false,
    "prompt_cache_key": "k", "tool_choice": "auto",
    "input": [
      {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
      {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}],
       "content": null, "encrypted_content": "gAAA"},
      {"type": "function_call", "call_id": "call_1", "name": "shell", "arguments": "{}"},
      {"type": "function_call_output", "call_id": "call_1", "output": "ok"},
      {"role": "user", "content": "go on"},
      {"type": "additional_tools", "role": "developer", "tools": [
        {"type": "function", "name": "late", "parameters": {}, "strict": false}]}],
    "tools": [
      {"type": "function", "name": "shell", "parameters": {"type": "object"}, "strict": false},
      {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}},
      {"type": "namespace", "name": "ns", "description": "d", "tools": [
        {"type": "function", "name": "inner"}]},
      {"type": "local_shell"}]})");
  EXPECT_EQ(request.output_asked, 5000U);
  EXPECT_EQ(request.output_least, 16U);
  EXPECT_EQ(request.tools, (Texts{"shell", "apply_patch", "inner", "local_shell", "late"}));
  EXPECT_EQ(request.effects, Texts());
  EXPECT_EQ(request.input_unbounded, "");
  EXPECT_EQ(request.prefixes.size(), 7U);
  EXPECT_TRUE(request.usage_asked);
}

TEST(ModelRequest, AnthropicWithThinkingAndCacheMarks) {
  const ModelRequest request = read(messages_path, R"({
    "model": "claude-opus-4-6", "max_tokens": 32000, "stream": true,
    "thinking": {"type": "enabled", "budget_tokens": 31999},
    "metadata": {"user_id": "u"}, "speed": "fast", "inference_geo": "us",
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "messages": [
      {"role": "user", "content": "Hi"},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "t", "signature": "c2ln"},
        {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"x": 1, "X": 2}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [
          {"type": "text", "text": "out"},
          {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                       "data": "aGk="}}],
         "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}],
    "tools": [{"name": "Bash", "description": "d", "input_schema": {"type": "object"}},
              {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}]})");
  EXPECT_EQ(request.output_asked, 32000U);
  EXPECT_EQ(request.output_least, 32000U);
  EXPECT_EQ(request.speed, "fast");
  EXPECT_EQ(request.geography, "us");
  EXPECT_EQ(request.tools, (Texts{"Bash", "str_replace_based_edit_tool"}));
  EXPECT_EQ(request.effects, Texts());
  EXPECT_EQ(request.input_unbounded, "");
  EXPECT_GE(request.input_most, 4784U + 2048U);
}

TEST(ModelRequest, GeminiInBothSpellings) {
  for (const std::string_view body : {R"({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
            "systemInstruction": {"parts": [{"text": "s"}]},
            "generationConfig": {"maxOutputTokens": 4096, "candidateCount": 2,
              "thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": true}},
            "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {}}]}]})",
                                      R"({"contents": {"role": "user", "parts": {"text": "Hi"}},
            "system_instruction": {"parts": {"text": "s"}},
            "generation_config": {"max_output_tokens": 4096, "candidate_count": 2,
              "thinking_config": {"thinking_budget": 1024, "include_thoughts": true}},
            "tools": {"function_declarations": [{"name": "f", "parameters_json_schema": {}}]}})"}) {
    const ModelRequest request = read(gemini_stream_path, body);
    EXPECT_EQ(request.model, "gemini-3-pro");
    EXPECT_TRUE(request.stream);
    EXPECT_EQ(request.output_asked, 4096U);
    EXPECT_EQ(request.output_least, 1025U);
    EXPECT_EQ(request.choices, 2U);
    EXPECT_EQ(request.tools, Texts{"f"});
    EXPECT_EQ(request.prefixes.size(), 2U);
  }
  // Off, and left to the model.
  for (const std::string_view budget : {"0", "-1"}) {
    const std::string body =
        std::string(R"({"contents":[],"generationConfig":{"thinkingConfig":)") +
        R"({"thinkingBudget":)" + std::string(budget) + "}}}";
    EXPECT_EQ(read(gemini_path, body).output_least, 1U);
  }
}

TEST(ModelRequest, Embeddings) {
  const ModelRequest texts =
      read(embeddings_path, R"({"model":"text-embedding-3-small","input":["one","two"]})");
  EXPECT_EQ(texts.output_least, 0U);
  EXPECT_EQ(texts.choices, 1U);
  EXPECT_EQ(texts.prefixes.size(), 1U);
  const std::uint64_t none = read(embeddings_path, R"({"model":"m","input":[]})").input_most;
  EXPECT_EQ(read(embeddings_path, R"({"model":"m","input":[1,2,3]})").input_most, none + 3);
  EXPECT_EQ(read(embeddings_path, R"({"model":"m","input":[[1,2],[3]]})").input_most,
            none + 3 + 16);
  expect_refused({embeddings_path, R"({"model":"m","input":[[1,-2]]})",
                  "/input: must be a list of tokens", ErrorKind::invalid});
  expect_refused({embeddings_path, R"({"model":"m","input":"a","max_tokens":3})",
                  "/max_tokens: unknown member"});
}

// Rule 29: what the tables do not have is refused, at any depth, with its place.
TEST(ModelRequest, MembersOutsideOfTheTables) {
  for (const Refused& row : {
           Refused{chat_path, R"({"model":"m","messages":[],"Max_Tokens":1})",
                   "/Max_Tokens: unknown member"},
           Refused{chat_path, R"({"model":"m","messages":[],"best_of":9})",
                   "/best_of: unknown member"},
           Refused{chat_path, R"({"model":"m","messages":[{"role":"user","content":[
             {"type":"text","text":"a"},{"type":"text","text":"b","x/y":1}]}]})",
                   "/messages/0/content/1/x~1y: unknown member"},
           Refused{chat_path, R"({"model":"m","messages":[],"tools":[{"type":"new"}]})",
                   "/tools/0: unknown type: `new`"},
           Refused{responses_path, R"({"model":"m","input":"a","reasoning":{"mode":"pro"}})",
                   "/reasoning/mode: unknown member"},
           Refused{messages_path, R"({"model":"m","messages":[],"fallbacks":"default"})",
                   "/fallbacks: unknown member"},
           Refused{messages_path, R"({"model":"m","messages":[],"tools":[
             {"type":"advisor_20260301","name":"advisor","model":"x"}]})",
                   "/tools/0: unknown type: `advisor_20260301`"},
           Refused{gemini_path, R"({"contents":[],"model":"models/other"})",
                   "/model: unknown member"},
           Refused{gemini_path, R"({"contents":[],"generationConfig":{"maxOutputTokens":1,
             "max_output_tokens":999}})",
                   "/generationConfig/max_output_tokens: this member stands twice, in two "
                   "spellings"},
           Refused{gemini_path, R"({"contents":[],"generationConfig":{},"generation_config":{}})",
                   "/generation_config: this member stands twice, in two spellings"},
       }) {
    expect_refused(row);
  }
  // Twice in one spelling: at any depth the parser says so.
  EXPECT_FALSE(json::parse(R"({"a":[{"x":1,"x":2}]})", model_request_limits).has_value());
}

TEST(ModelRequest, CapsThatAreNone) {
  for (const std::string_view cap : {"0", "-1", "1.5", "\"100\"", "true", "[]", "{}"}) {
    const std::string value(cap);
    const bool number = cap.find_first_not_of("-.0123456789") == std::string_view::npos;
    const std::string_view message =
        number ? "must be a whole number above zero" : "must be a number";
    const auto expect = [&](std::string_view path, std::string body, std::string_view pointer) {
      const std::string said = std::string(pointer) + ": " + std::string(message);
      expect_refused({path, body, said, ErrorKind::invalid});
    };
    expect(chat_path, R"({"model":"m","messages":[],"max_tokens":)" + value + "}", "/max_tokens");
    expect(chat_path,
           R"({"model":"m","messages":[],"max_tokens":5,"max_completion_tokens":)" + value + "}",
           "/max_completion_tokens");
    expect(chat_path, R"({"model":"m","messages":[],"n":)" + value + "}", "/n");
    expect(responses_path, R"({"model":"m","max_output_tokens":)" + value + "}",
           "/max_output_tokens");
    expect(messages_path, R"({"model":"m","messages":[],"max_tokens":)" + value + "}",
           "/max_tokens");
    expect(gemini_path, R"({"contents":[],"generationConfig":{"maxOutputTokens":)" + value + "}}",
           "/generationConfig/maxOutputTokens");
  }
  EXPECT_EQ(read(chat_path, R"({"model":"m","messages":[],"max_tokens":null})").output_asked, 0U);
  EXPECT_EQ(read(chat_path, R"({"model":"m","messages":[],"max_tokens":18446744073709551615})")
                .output_asked,
            18446744073709551615U);
}

TEST(ModelRequest, ThinkingBudgetsLieBelowTheCap) {
  expect_refused({messages_path, R"({"model":"m","messages":[],"max_tokens":2000,
    "thinking":{"type":"enabled","budget_tokens":2000}})",
                  "/thinking/budget_tokens: a thinking budget of 2000 does not fit below the cap "
                  "of 2000"});
  expect_refused({messages_path, R"({"model":"m","messages":[],"max_tokens":2000,
    "thinking":{"type":"enabled","budget_tokens":-5}})",
                  "/thinking/budget_tokens: must be a whole number above zero",
                  ErrorKind::invalid});
  EXPECT_EQ(read(messages_path, R"({"model":"m","messages":[],"max_tokens":2001,
    "thinking":{"type":"enabled","budget_tokens":2000}})")
                .output_least,
            2001U);
  // At the edge of the integers nothing turns round.
  EXPECT_EQ(read(messages_path, R"({"model":"m","messages":[],
    "thinking":{"type":"enabled","budget_tokens":18446744073709551615}})")
                .output_least,
            18446744073709551615U);
}

TEST(ModelRequest, TypesOfMembers) {
  for (const Refused& row : {
           Refused{chat_path, R"([])", "a request must be a JSON object"},
           Refused{chat_path, R"({"model":"m"})", ": `messages` is missing"},
           Refused{chat_path, R"({"messages":[]})", "/model: must be a text"},
           Refused{chat_path, R"({"model":"m","messages":[],"stream":"true"})",
                   "/stream: must be true or false"},
           Refused{chat_path, R"({"model":"m","messages":[],"stream":1})",
                   "/stream: must be true or false"},
           Refused{chat_path, R"({"model":"m","messages":{}})", "/messages: must be a list"},
           Refused{chat_path, R"({"model":"m","messages":[null]})",
                   "/messages/0: must be an object"},
           Refused{messages_path, R"({"model":"m","messages":[{"role":"user","content":7}]})",
                   "/messages/0/content: must be a text or a list"},
           Refused{responses_path, R"({"model":"m","input":[{"id":"msg_1"}]})",
                   "/input/0: `role` is missing"},
       }) {
    Refused invalid = row;
    invalid.kind = ErrorKind::invalid;
    expect_refused(invalid);
  }
}

// Rule 30: what the provider would do by itself, and what it would look up, has a name.
struct EffectRow {
  std::string_view path;
  std::string_view body;
  Texts effects, references;
};

void expect_effects(std::initializer_list<EffectRow> rows) {
  for (const EffectRow& row : rows) {
    const ModelRequest request = read(row.path, row.body);
    EXPECT_EQ(request.effects, row.effects) << row.body;
    EXPECT_EQ(request.references, row.references) << row.body;
  }
}

TEST(ModelRequest, EffectsAndReferencesOfChat) {
  expect_effects({
      EffectRow{
          chat_path, R"({"model":"m","messages":[],"web_search_options":{}})", {"web_search"}, {}},
      EffectRow{chat_path, R"({"model":"m","messages":[],"store":true})", {"stored"}, {}},
      EffectRow{chat_path, R"({"model":"m","messages":[],"store":false})", {}, {}},
      EffectRow{chat_path,
                R"({"model":"m","messages":[],"modalities":["text","audio"],
             "audio":{"voice":"alloy","format":"wav"}})",
                {"audio_output"},
                {}},
      EffectRow{chat_path,
                R"({"model":"m","messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"https://evil.example:8443/a?b"}},
             {"type":"file","file":{"file_id":"file-1"}}]}]})",
                {"url:evil.example:8443"},
                {"file:file-1"}},
      EffectRow{chat_path,
                R"({"model":"m","messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]}]})",
                {},
                {}},
      EffectRow{chat_path,
                R"({"model":"m","messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"https://good.example@evil.example/"}}]}]})",
                {"url:unreadable"},
                {}},
  });
}

TEST(ModelRequest, EffectsAndReferencesOfResponses) {
  expect_effects({
      EffectRow{responses_path, R"({"model":"m","input":"a"})", {"stored"}, {}},
      EffectRow{responses_path,
                R"({"model":"m","store":false,"background":true,"input":"a",
             "previous_response_id":"resp_1","prompt":{"id":"pmpt_1"},"conversation":{"id":"c"}})",
                {"background"},
                {"conversation:c", "previous_response_id:resp_1", "prompt:pmpt_1"}},
      EffectRow{responses_path,
                R"({"model":"m","store":false,"input":[
             {"type":"item_reference","id":"msg_1"},
             {"role":"user","content":[{"type":"input_file","file_url":"https://a.example/x.pdf"},
              {"type":"input_image","image_url":"http://b.example/x.png","detail":"low"}]}]})",
                {"url:a.example", "url:b.example"},
                {"item:msg_1"}},
      EffectRow{
          responses_path,
          R"({"model":"m","store":false,"input":"a","tools":[
             {"type":"web_search"},{"type":"file_search","vector_store_ids":["vs_1","vs_2"]},
             {"type":"code_interpreter","container":{"type":"auto","file_ids":["file-2"]}},
             {"type":"image_generation"},
             {"type":"mcp","server_label":"l","server_url":"https://mcp.example/sse",
              "authorization":"t","require_approval":"never"},
             {"type":"mcp","server_label":"l","connector_id":"connector_gmail"},
             {"type":"shell","environment":{"type":"container_auto"}}]})",
          {"code_execution", "file_search", "hosted_mcp:mcp.example", "image_generation",
           "web_search"},
          {"connector:connector_gmail", "file:file-2", "vector_store:vs_1", "vector_store:vs_2"}},
  });
}

TEST(ModelRequest, EffectsAndReferencesOfOthers) {
  expect_effects({
      EffectRow{messages_path,
                R"({"model":"m","messages":[],"tools":[
             {"type":"web_search_20250305","name":"web_search"},
             {"type":"web_fetch_20250910","name":"web_fetch"},
             {"type":"code_execution_20250825","name":"code_execution"},
             {"type":"mcp_toolset","mcp_server_name":"s"}],
             "mcp_servers":[{"type":"url","name":"s","url":"https://mcp.example/"}],
             "container":{"id":"container_1","skills":[{"type":"anthropic","skill_id":"pptx"}]},
             "context_management":{"edits":[{"type":"compact_20260112"}]}})",
                {"code_execution", "compaction", "hosted_mcp:mcp.example", "skill", "web_fetch",
                 "web_search"},
                {"container:container_1"}},
      EffectRow{messages_path,
                R"({"model":"m","messages":[{"role":"user","content":[
             {"type":"document","source":{"type":"url","url":"https://a.example/x.pdf"}},
             {"type":"image","source":{"type":"file","file_id":"file_1"}}]}]})",
                {"url:a.example"},
                {"file:file_1"}},
      EffectRow{
          gemini_path,
          R"({"contents":[{"parts":[
             {"fileData":{"fileUri":"https://www.youtube.com/watch?v=1"}},
             {"file_data":{"file_uri":
               "https://generativelanguage.googleapis.com/v1beta/files/abc"}}]}],
             "tools":[{"google_search":{}},{"urlContext":{}},{"codeExecution":{}}],
             "cachedContent":"cachedContents/1",
             "generationConfig":{"responseModalities":["TEXT","IMAGE"]}})",
          {"code_execution", "image_output", "url:www.youtube.com", "web_fetch", "web_search"},
          {"cache:cachedContents/1",
           "file:https://generativelanguage.googleapis.com/v1beta/files/abc"}},
  });
}

TEST(ModelRequest, InputWithoutABoundSaysWhy) {
  EXPECT_EQ(read(messages_path, R"({"model":"m","messages":[{"role":"user","content":[
    {"type":"document","source":{"type":"base64","media_type":"application/pdf",
    "data":"JVBE"}}]}]})")
                .input_unbounded,
            "/messages/0/content/0/source/data: the pages of a PDF");
  EXPECT_EQ(read(chat_path, R"({"model":"m","messages":[{"role":"user","content":[
    {"type":"input_audio","input_audio":{"data":"aGk=","format":"wav"}}]}]})")
                .input_unbounded,
            "/messages/0/content/0: what `input_audio` adds to the input");
  EXPECT_EQ(read(gemini_path, R"({"contents":[{"parts":[
    {"inlineData":{"mimeType":"video/mp4","data":"aGk="}}]}]})")
                .input_unbounded,
            "/contents/0/parts/0/inlineData/data: the size of a file that is no image");
  EXPECT_EQ(read(gemini_path, R"({"contents":[{"parts":[
    {"inlineData":{"data":"aGk=","mimeType":"image/png"}}]}]})")
                .input_unbounded,
            "");
}

// A token has a byte of its own: of the text after its escapes, and after NFKC where that is
// longer.
TEST(ModelRequest, InputIsBoundedByBytes) {
  const auto most = [](std::string_view text) {
    return read(messages_path, R"({"model":"m","messages":[{"role":"user","content":")" +
                                   std::string(text) + "\"}]}")
        .input_most;
  };
  const std::uint64_t none = most("");
  EXPECT_EQ(most("abcd"), none + 4);
  EXPECT_EQ(most("\\u0041"), none + 1);
  EXPECT_EQ(most("\\ud83d\\ude00"), none + 4);  // a surrogate pair is four bytes
  EXPECT_EQ(most("\\ufdfa"), none + 33);        // one letter that NFKC writes as eighteen
  EXPECT_EQ(most(std::string(1000, 'a')), none + 1000);
}

TEST(ModelRequest, InputHasALeast) {
  std::string words;
  for (int i = 0; i < 640; ++i) words += i % 2 == 0 ? 'a' : 'b';
  const auto least = [](std::string_view text, std::string_view more) {
    return read(responses_path,
                R"({"model":"m","input":")" + std::string(text) + "\"" + std::string(more) + "}")
        .input_least;
  };
  EXPECT_EQ(least(words, ""), 10U);
  EXPECT_EQ(least(std::string(640, ' '), ""), 1U);  // a run can be one token
  EXPECT_EQ(least(words, R"(,"truncation":"auto")"), 0U);
}

TEST(ModelRequest, PrefixesChainAndIgnoreWhatChangesNoInput) {
  const auto body = [](std::string_view top, std::string_view messages) {
    return R"({"model":"m",)" + std::string(top) + R"("messages":[)" + std::string(messages) + "]}";
  };
  const std::string one = R"({"role":"user","content":[
      {"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]})";
  const std::string one_unmarked = R"({"role":"user","content":[{"type":"text","text":"a"}]})";
  const std::string two = R"({"role":"assistant","content":"b"})";
  const ModelRequest first = read(messages_path, body(R"("max_tokens":10,)", one));
  const ModelRequest second =
      read(messages_path,
           body(R"("max_tokens":99,"stream":true,"metadata":{"user_id":"u"},)", one + "," + two));
  ASSERT_EQ(first.prefixes.size(), 2U);
  ASSERT_EQ(second.prefixes.size(), 3U);
  EXPECT_EQ(first.prefixes[0].digest, second.prefixes[0].digest);
  EXPECT_EQ(first.prefixes[1].digest, second.prefixes[1].digest);
  EXPECT_EQ(second.prefixes[1].tokens_after, 1U + 2 * 8 + 16);
  EXPECT_EQ(second.prefixes[2].tokens_after, 0U);
  EXPECT_NE(first.prefixes[1].digest, second.prefixes[2].digest);
  // Marks move from message to message; the text stays the same.
  const ModelRequest unmarked = read(messages_path, body("", one_unmarked));
  EXPECT_EQ(unmarked.prefixes[1].digest, first.prefixes[1].digest);
  // What can change the input changes the whole chain.
  for (const std::string_view top :
       {R"("system":"s",)", R"("tools":[{"name":"t","input_schema":{}}],)",
        R"("thinking":{"type":"adaptive"},)", R"("output_config":{"effort":"low"},)"}) {
    EXPECT_NE(read(messages_path, body(top, one)).prefixes[0].digest, first.prefixes[0].digest);
  }
  EXPECT_NE(read(messages_path, body("", two)).prefixes[1].digest, first.prefixes[1].digest);
}

// Arguments of tools are the tool's own: a member there that is called like a mark counts.
TEST(ModelRequest, MarksInsideOfArgumentsAreText) {
  const auto digest = [](std::string_view input) {
    return read(messages_path,
                R"({"model":"m","messages":[{"role":"assistant","content":[
                {"type":"tool_use","id":"t","name":"n","input":{)" +
                    std::string(input) + "}}]}]}")
        .prefixes.back()
        .digest;
  };
  EXPECT_NE(digest(""), digest(R"("cache_control":"a long text")"));
  EXPECT_NE(digest(R"("metadata":1)"), digest(R"("metadata":2)"));
}

}  // namespace
}  // namespace pawl
