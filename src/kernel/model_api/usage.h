// What an answer says it used, read beside the bytes that go on to the client.
//
//   UsageReader reader(request);
//   stream:  for each server-sent event:  reader.event(name, text)    an error: cut the stream
//   else:    reader.answer(status, body)
//   then     reader.read()    however it ended
//
// Usage is a claim (threats, rule 32). It is not measured, and says why, where it is missing or cut
// off, where its parts do not fit each other or an earlier event, where it is below what the bytes
// imply, and where it counts what has no price here (audio). Counters are made disjoint:
//
//   Chat, Responses   cached tokens are a part of the input, reasoning of the output
//   Anthropic         caches come on top of the input; counts of `message_delta` are totals so far
//   Gemini            cached is a part of the prompt; thoughts and results of tools come on top
//
// Threads: one. Memory is bounded: counters, and at most `tool_calls_max` names and ids.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "kernel/model_api/api.h"
#include "kernel/model_api/request.h"
#include "model/spend.h"

namespace pawl {

inline constexpr std::size_t tool_calls_max = 1024;      // of one answer that are kept
inline constexpr std::size_t tool_call_bytes_max = 256;  // of an id or a name that are kept
inline constexpr std::size_t answer_event_bytes_max = 16UL << 20;

// A call that the model asks its client to make. Evidence, not authority.
struct ToolCallAsked {
  std::string id;  // empty: the provider gives none (Gemini)
  std::string name;
  friend bool operator==(const ToolCallAsked&, const ToolCallAsked&) = default;
};

struct AnswerUsage {
  TokenUsage usage;
  // False: charge the reservation. `why` then says why, and `usage` is what was claimed until then.
  bool measured = false;
  std::string why;
  std::string model;         // that answered, by its own word
  std::string service_tier;  // served; empty: not said
  std::vector<ToolCallAsked> tool_calls;
  bool failed = false;  // the provider ended it with an error
};

// What a stream is in the middle of; an event that ends it early needs it (refusal.h).
struct StreamPlace {
  std::string id;  // of the answer
  std::string model;
  std::uint64_t sequence = 0;  // of the next event: Responses
};

class UsageReader {
 public:
  struct Heard {
    bool drop = false;  // the usage event that the client had not asked for: not to be passed on
    bool last = false;  // the answer is complete; nothing may come behind it
  };

  explicit UsageReader(const ModelRequest& request);

  // One event of a stream, as it was split: `name` may be empty. ErrorKind::corrupt: the stream
  // must be cut, because what a client makes of it cannot be told: the event is not JSON, has a
  // member twice, contradicts its name, or comes behind the end.
  Result<Heard> event(std::string_view name, std::string_view text);

  // The whole answer that is no stream, whatever its status was: below 300 it has to have usage.
  // ErrorKind::corrupt as above: it must not be passed on.
  Status answer(int status, std::string_view body);

  // Bytes that the model has made so far: texts, thoughts, names and arguments of calls.
  std::uint64_t output_bytes() const { return output_.bytes; }
  // Tokens that those bytes cannot be fewer than. Above choices x cap: the provider does not keep
  // to the cap; cut the stream.
  std::uint64_t output_tokens_least() const;

  const StreamPlace& place() const { return place_; }

  // What is known by now. Asked before the last event it is not measured: cut off.
  AnswerUsage read() const;

 private:
  struct Text {
    std::uint64_t bytes = 0;
    std::uint64_t runs = 0;  // bytes that differ from the one before
    void add(std::string_view text);
  };
  struct Claim;

  Result<Heard> chat_event(std::string_view name, json::View event);
  Result<Heard> responses_event(std::string_view name, json::View event);
  Result<Heard> anthropic_event(std::string_view name, json::View event);
  Result<Heard> gemini_event(json::View event);
  void chat_answer(json::View answer);
  void responses_answer(json::View response);
  void anthropic_answer(json::View message);

  ModelApi api_;
  bool usage_asked_;
  std::uint64_t input_least_;
  Text output_;
  StreamPlace place_;
  AnswerUsage so_far_;
  json::Parser parser_;
  json::Document document_;
};

}  // namespace pawl
