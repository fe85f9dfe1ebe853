// The interfaces of model providers that pawl reads: which one a request is for, by its path.
//
// A target is made of the path and the query alone, before the body is read: it says which reader
// the body needs, and for Gemini it holds the model and whether the answer is a stream. What goes
// upstream is `upstream_path`, written by us: never the path that came (threats, rule 29).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl {

enum class ModelApi : std::uint8_t {
  openai_chat,         // POST /v1/chat/completions
  openai_responses,    // POST /v1/responses
  openai_embeddings,   // POST /v1/embeddings
  anthropic_messages,  // POST /v1/messages
  gemini_generate,     // POST /v1beta/models/MODEL:generateContent, :streamGenerateContent?alt=sse
};
inline constexpr std::array all_model_apis{ModelApi::openai_chat, ModelApi::openai_responses,
                                           ModelApi::openai_embeddings,
                                           ModelApi::anthropic_messages, ModelApi::gemini_generate};

// `openai_chat`, as configuration and records spell it.
std::string_view to_string(ModelApi api);

struct ModelTarget {
  ModelApi api = ModelApi::openai_chat;
  std::string model;    // where the path names it: Gemini
  bool stream = false;  // where the path says so: Gemini
  bool beta = false;    // Anthropic's `?beta=true`; Gemini's `v1beta`
  friend bool operator==(const ModelTarget&, const ModelTarget&) = default;
};

// `path` begins with `/` and may have a query. ErrorKind::missing: not a path of these interfaces.
// ErrorKind::refused: one of them, with a query that its table does not have, a stream of Gemini's
// that is not asked for as events (`alt=sse`), or a model with characters that a path can bend.
// A key in the query (`?key=`) is refused: keys travel in headers.
Result<ModelTarget> read_model_target(std::string_view path);

// The path and query to send, below the provider's base address: `/v1/messages?beta=true`.
std::string upstream_path(const ModelTarget& target);

// The headers of a request that go on, next to those which the door writes itself (Host,
// Content-Length, Content-Type, `Accept-Encoding: identity`, the key). Names in small letters.
// ErrorKind::refused: the value names a beta, a version or an organisation that the table of the
// provider does not have. False: the header stays behind.
Result<bool> header_goes_on(ModelApi api, std::string_view name, std::string_view value);

}  // namespace pawl
