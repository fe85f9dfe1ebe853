#include "kernel/model_api/api.h"

#include <gtest/gtest.h>

namespace pawl {
namespace {

TEST(ModelTarget, PathsOfTheInterfaces) {
  for (const std::string_view path :
       {"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages",
        "/v1/messages?beta=true", "/v1beta/models/gemini-3-pro:generateContent",
        "/v1/models/gemini-2.5-flash:generateContent",
        "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"}) {
    const auto target = read_model_target(path);
    ASSERT_TRUE(target.has_value()) << path << ": " << target.error().message;
    EXPECT_EQ(upstream_path(*target), path);
  }
  const auto stream =
      read_model_target("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(stream->model, "gemini-3-pro");
  EXPECT_TRUE(stream->stream);
}

TEST(ModelTarget, WhatIsNotPassedOn) {
  for (const std::string_view path :
       {"/", "", "/v1/files", "/v1/responses/resp_1", "/v1/chat/completions/", "/v1/Messages",
        "/v1beta/models/gemini-3-pro", "/v1beta/models/gemini-3-pro:batchGenerateContent",
        "/v1beta/models/m:"}) {
    const auto target = read_model_target(path);
    ASSERT_FALSE(target.has_value()) << path;
    EXPECT_EQ(target.error().fault, ErrorKind::missing) << path;
  }
  for (const std::string_view path :
       {"/v1/chat/completions?key=1", "/v1/messages?beta=true&beta=true",
        "/v1beta/models/m:streamGenerateContent", "/v1beta/models/m:generateContent?key=x",
        "/v1beta/models/m:streamGenerateContent?alt=sse&key=x",
        "/v1beta/models/../files:generateContent", "/v1beta/models/..:generateContent",
        "/v1beta/models/a%2fb:generateContent", "/v1beta/models/:generateContent"}) {
    const auto target = read_model_target(path);
    ASSERT_FALSE(target.has_value()) << path;
    EXPECT_EQ(target.error().fault, ErrorKind::refused) << path;
  }
}

TEST(ModelHeaders, OnlyKnownBetasAndVersionsGoOn) {
  constexpr ModelApi claude = ModelApi::anthropic_messages;
  EXPECT_TRUE(*header_goes_on(claude, "anthropic-version", "2023-06-01"));
  EXPECT_TRUE(*header_goes_on(claude, "anthropic-beta",
                              "claude-code-20250219, interleaved-thinking-2025-05-14"));
  EXPECT_FALSE(
      header_goes_on(claude, "anthropic-beta", "claude-code-20250219,new-2027").has_value());
  EXPECT_FALSE(
      header_goes_on(claude, "anthropic-beta", "server-side-fallback-2026-06-01").has_value());
  EXPECT_FALSE(header_goes_on(claude, "anthropic-version", "2024-01-01").has_value());
  EXPECT_FALSE(*header_goes_on(claude, "x-api-key", "secret"));
  EXPECT_FALSE(*header_goes_on(ModelApi::openai_chat, "openai-organization", "org"));
  EXPECT_TRUE(*header_goes_on(ModelApi::openai_responses, "openai-beta", "responses=experimental"));
  for (const ModelApi api : all_model_apis) {
    EXPECT_FALSE(header_goes_on(api, "content-encoding", "gzip").has_value());
    EXPECT_FALSE(*header_goes_on(api, "content-encoding", "identity"));
    EXPECT_FALSE(*header_goes_on(api, "authorization", "Bearer x"));
  }
}

}  // namespace
}  // namespace pawl
