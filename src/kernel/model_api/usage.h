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
#include "kernel/model_api/byte_runs.h"
#include "kernel/model_api/request.h"
#include "kernel/model_api/usage_counters.h"
#include "model/spend.h"

namespace pawl {

inline constexpr std::size_t tool_calls_max = 1024;      // of one answer that are kept
inline constexpr std::size_t tool_call_bytes_max = 256;  // of an id or a name that are kept
inline constexpr std::size_t answer_bytes_max = 64UL << 20;
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
    bool last = false;  // the answer is complete; nothing but `[DONE]` may come behind it
  };

  explicit UsageReader(const ModelRequest& request);

  // One event of a stream, as it was split: `name` may be empty. ErrorKind::corrupt: the stream
  // must be cut, because what a client makes of it cannot be told: the event is not JSON, has a
  // member twice, contradicts its name, or comes behind the end.
  Result<Heard> event(std::string_view name, std::string_view text);

  // The whole answer that is no stream. An error (status 400 and above) with no usage costs
  // nothing. ErrorKind::corrupt as above: it must not be passed on.
  Status answer(int status, std::string_view body);

  // Bytes that the model has made so far: texts, thoughts, names and arguments of calls.
  std::uint64_t output_bytes() const { return output_.bytes(); }
  // Tokens that those bytes cannot be fewer than (`token_bytes_most`). Above choices x cap: the
  // provider does not keep to the cap; cut the stream.
  std::uint64_t output_tokens_least() const;

  const StreamPlace& place() const { return place_; }

  // What is known by now. Asked before the last event it is not measured: cut off.
  AnswerUsage read() const;

 private:
  Result<Heard> chat_event(json::View event);
  Result<Heard> responses_event(json::View event);
  Result<Heard> anthropic_event(json::View event);
  Result<Heard> gemini_event(json::View event);
  void chat_choice(json::View choice, std::string_view message);
  void gemini_candidate(json::View candidate);
  void response_item(json::View item);
  void response_end(json::View response);
  void anthropic_block(json::View block);
  void whole_answer(json::View answer);

  void made(json::View text);
  void made(std::string_view text);
  void called(json::View id, json::View name);
  void claim(json::View usage);
  void distrust(std::string why);
  void keep(std::string& into, json::View text);

  ModelApi api_;
  bool usage_asked_;
  std::uint64_t input_least_;
  json::Parser parser_;
  json::Document document_;

  ByteRuns output_;
  UsageCounters counters_;
  StreamPlace place_;
  AnswerUsage so_far_;
  std::string distrust_;        // why the claim is not believed; the first reason
  std::uint64_t searches_ = 0;  // seen as calls, where usage does not count them
  bool began_ = false;
  bool stopped_ = false;  // the model has stopped: what is behind is usage
  bool claimed_ = false;  // the last claim covers what came until now
  bool refused_ = false;  // an error instead of an answer: costs nothing
  bool last_ = false;     // nothing may come any more
};

}  // namespace pawl
