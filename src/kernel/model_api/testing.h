// Requests and answers in tests. A test reads a body as the door would.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "kernel/model_api/api.h"
#include "kernel/model_api/request.h"

namespace pawl {

inline constexpr std::string_view chat_path = "/v1/chat/completions";
inline constexpr std::string_view responses_path = "/v1/responses";
inline constexpr std::string_view embeddings_path = "/v1/embeddings";
inline constexpr std::string_view messages_path = "/v1/messages";
inline constexpr std::string_view gemini_path = "/v1beta/models/gemini-3-pro:generateContent";
inline constexpr std::string_view gemini_stream_path =
    "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse";

inline Result<ModelRequest> read_model_request_text(std::string_view path, std::string_view body) {
  const auto target = read_model_target(path);
  PAWL_TRY(target);
  const auto document = json::parse(body, model_request_limits);
  PAWL_TRY(document);
  return read_model_request(*target, document->root());
}

}  // namespace pawl
