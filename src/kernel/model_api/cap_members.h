// The members of a request that state how many tokens an answer may have. Private to the room.
#pragma once

#include <span>
#include <string_view>

#include "kernel/model_api/api.h"

namespace pawl {

struct CapMember {
  std::string_view owner;  // the object of the body that holds it; empty: the body itself
  std::string_view name;
  std::string_view pointer;
};

// The first one is put in where a request states none.
inline std::span<const CapMember> cap_members(ModelApi api) {
  static constexpr CapMember chat[] = {
      {"", "max_completion_tokens", "/max_completion_tokens"},
      {"", "max_tokens", "/max_tokens"},
  };
  static constexpr CapMember responses[] = {{"", "max_output_tokens", "/max_output_tokens"}};
  static constexpr CapMember anthropic[] = {{"", "max_tokens", "/max_tokens"}};
  static constexpr CapMember gemini[] = {
      {"generationConfig", "maxOutputTokens", "/generationConfig/maxOutputTokens"}};
  switch (api) {
    case ModelApi::openai_chat:
      return chat;
    case ModelApi::openai_responses:
      return responses;
    case ModelApi::openai_embeddings:
      return {};
    case ModelApi::anthropic_messages:
      return anthropic;
    case ModelApi::gemini_generate:
      break;
  }
  return gemini;
}

}  // namespace pawl
