#include "kernel/model_api/usage.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t said_bytes_max = 256;  // of ids and names of models that are kept

constexpr json::ParseLimits answer_limits{.bytes_max = answer_bytes_max,
                                          .depth_max = 128,
                                          .duplicate_keys = json::DuplicateKeys::refuse_exact_only};

std::unexpected<Error> unreadable(std::string message) {
  return fail(ErrorKind::corrupt, std::move(message));
}

bool is_there(json::View value) {
  return value.exists() && !value.is_null();
}

}  // namespace

UsageReader::UsageReader(const ModelRequest& request)
    : api_(request.api),
      usage_asked_(request.usage_asked),
      input_least_(request.input_least),
      counters_(request.api) {}

Result<UsageReader::Heard> UsageReader::event(std::string_view name, std::string_view text) {
  const bool done = text == "[DONE]";
  if (last_) return unreadable("an event behind the end of the answer");
  if (done) {
    if (api_ != ModelApi::openai_chat && api_ != ModelApi::openai_responses) {
      return unreadable("`[DONE]` is no event of this interface");
    }
    last_ = true;
    return Heard{.drop = false, .last = true};
  }
  if (text.size() > answer_event_bytes_max) return unreadable("an event is too long");
  if (const Status read = parser_.parse(text, document_, answer_limits); !read) {
    return unreadable("an event cannot be read: " + read.error().message);
  }
  const json::View event = document_.root();
  if (!event.is_object()) return unreadable("an event is not an object");
  began_ = true;
  const auto type = event.text("type");
  const bool typed = api_ == ModelApi::openai_responses || api_ == ModelApi::anthropic_messages;
  if (typed && !type) return unreadable("an event without a type");
  if (typed && !name.empty() && name != *type) {
    return unreadable(fmt::format("an event that is called {} says that it is {}",
                                  in_backticks(name), in_backticks(*type)));
  }
  switch (api_) {
    case ModelApi::openai_chat:
      return chat_event(event);
    case ModelApi::openai_responses:
      return responses_event(event);
    case ModelApi::openai_embeddings:
      return unreadable("embeddings are no stream");
    case ModelApi::anthropic_messages:
      return anthropic_event(event);
    case ModelApi::gemini_generate:
      break;
  }
  return gemini_event(event);
}

void UsageReader::made(std::string_view text) {
  if (text.empty()) return;
  output_.add(text);
  claimed_ = false;
}

void UsageReader::made(json::View text) {
  if (text.is_string()) made(text.string());
}

void UsageReader::called(json::View id, json::View name) {
  if (!name.is_string() || name.string().empty()) return;
  made(name);
  if (so_far_.tool_calls.size() >= tool_calls_max) return;
  ToolCallAsked& call = so_far_.tool_calls.emplace_back();
  keep(call.id, id);
  keep(call.name, name);
}

void UsageReader::keep(std::string& into, json::View text) {
  if (text.is_string()) into = text.string().substr(0, said_bytes_max);
}

void UsageReader::distrust(std::string why) {
  if (distrust_.empty()) distrust_ = std::move(why);
}

void UsageReader::claim(json::View usage) {
  if (!is_there(usage)) return;
  if (const Status taken = counters_.take(usage); !taken) distrust(taken.error().message);
  claimed_ = true;
  keep(so_far_.service_tier, usage["service_tier"]);
}

// Chat Completions.

// `message` is `delta` in a stream, and `message` in a whole answer.
void UsageReader::chat_choice(json::View choice, std::string_view message) {
  const json::View said = choice[message];
  for (const std::string_view text : {"content", "reasoning_content", "reasoning", "refusal"}) {
    made(said[text]);
  }
  for (const json::View call : said["tool_calls"].elements()) {
    for (const json::View what : {call["function"], call["custom"]}) {
      called(call["id"], what["name"]);
      made(what["arguments"]);
      made(what["input"]);
    }
  }
  called({}, said["function_call"]["name"]);
  made(said["function_call"]["arguments"]);
  if (is_there(choice["finish_reason"])) stopped_ = true;
}

Result<UsageReader::Heard> UsageReader::chat_event(json::View event) {
  if (is_there(event["error"])) so_far_.failed = true;
  keep(place_.id, event["id"]);
  keep(place_.model, event["model"]);
  keep(so_far_.service_tier, event["service_tier"]);
  for (const json::View choice : event["choices"].elements()) chat_choice(choice, "delta");
  claim(event["usage"]);
  const bool usage_alone =
      event["usage"].is_object() && event["choices"].is_array() && event["choices"].size() == 0;
  return Heard{.drop = usage_alone && !usage_asked_, .last = false};
}

// Responses.

void UsageReader::response_item(json::View item) {
  const auto type = item.text("type").value_or("");
  if (type == "function_call" || type == "custom_tool_call") {
    return called(item["call_id"], item["name"]);
  }
  if (type == "web_search_call") {
    const auto action = item["action"].text("type");
    if (!action || *action == "search") ++searches_;
    return;
  }
  constexpr std::array at_client{
      std::string_view("local_shell_call"), std::string_view("shell_call"),
      std::string_view("apply_patch_call"), std::string_view("computer_call")};
  if (std::ranges::find(at_client, type) != at_client.end()) called(item["call_id"], item["type"]);
}

void UsageReader::response_end(json::View response) {
  const auto status = response.text("status").value_or("");
  so_far_.failed = status == "failed" || status == "cancelled";
  stopped_ = status == "completed" || status == "incomplete" || so_far_.failed;
  keep(place_.id, response["id"]);
  keep(place_.model, response["model"]);
  keep(so_far_.service_tier, response["service_tier"]);
  claim(response["usage"]);
}

Result<UsageReader::Heard> UsageReader::responses_event(json::View event) {
  if (stopped_) return unreadable("an event behind the end of the answer");
  const std::string_view type = event["type"].string();
  if (event["sequence_number"].is_integer() && event["sequence_number"].integer() >= 0) {
    place_.sequence = event["sequence_number"].natural() + 1;
  }
  if (type == "response.created") {
    keep(place_.id, event["response"]["id"]);
    keep(place_.model, event["response"]["model"]);
  } else if (type == "response.output_text.delta" || type == "response.refusal.delta" ||
             type == "response.reasoning_text.delta" ||
             type == "response.function_call_arguments.delta" ||
             type == "response.custom_tool_call_input.delta") {
    made(event["delta"]);
  } else if (type == "response.output_item.done") {
    response_item(event["item"]);
  } else if (type == "response.completed" || type == "response.incomplete" ||
             type == "response.failed") {
    if (so_far_.tool_calls.empty()) {
      for (const json::View item : event["response"]["output"].elements()) response_item(item);
    }
    response_end(event["response"]);
    stopped_ = true;  // by its name, whatever else it says
    so_far_.failed = so_far_.failed || type == "response.failed";
    return Heard{.drop = false, .last = true};
  } else if (type == "error") {
    so_far_.failed = true;
  }
  return Heard{};
}

// Anthropic.

void UsageReader::anthropic_block(json::View block) {
  made(block["text"]);
  if (block.text("type") != "tool_use") return;
  called(block["id"], block["name"]);
  if (block["input"].is_object() && block["input"].size() != 0) {
    made(json::write(block["input"]));
  }
}

Result<UsageReader::Heard> UsageReader::anthropic_event(json::View event) {
  const std::string_view type = event["type"].string();
  if (type == "message_start") {
    if (!place_.id.empty() || is_there(event["message"]["stop_reason"])) {
      return unreadable("a second beginning of the answer");
    }
    keep(place_.id, event["message"]["id"]);
    keep(place_.model, event["message"]["model"]);
    claim(event["message"]["usage"]);
  } else if (type == "content_block_start") {
    anthropic_block(event["content_block"]);
  } else if (type == "content_block_delta") {
    // Thoughts may be a summary, which another model wrote.
    made(event["delta"]["text"]);
    made(event["delta"]["partial_json"]);
  } else if (type == "message_delta") {
    if (is_there(event["delta"]["stop_reason"])) stopped_ = true;
    claim(event["usage"]);
  } else if (type == "message_stop") {
    last_ = true;
  } else if (type == "error") {
    so_far_.failed = true;
    last_ = true;
  }
  return Heard{.drop = false, .last = last_};
}

// Gemini.

void UsageReader::gemini_candidate(json::View candidate) {
  for (const json::View part : candidate["content"]["parts"].elements()) {
    const json::View call = part["functionCall"];
    if (!part["thought"].exists()) made(part["text"]);
    called(call["id"], call["name"]);
    if (is_there(call["args"])) made(json::write(call["args"]));
  }
  if (is_there(candidate["finishReason"])) stopped_ = true;
  const json::View queries = candidate["groundingMetadata"]["webSearchQueries"];
  searches_ = std::max<std::uint64_t>(searches_, queries.size());
}

Result<UsageReader::Heard> UsageReader::gemini_event(json::View event) {
  if (is_there(event["error"])) so_far_.failed = true;
  keep(place_.id, event["responseId"]);
  keep(place_.model, event["modelVersion"]);
  for (const json::View candidate : event["candidates"].elements()) gemini_candidate(candidate);
  if (is_there(event["promptFeedback"]["blockReason"])) stopped_ = true;
  claim(event["usageMetadata"]);
  return Heard{};
}

// Whole answers.

void UsageReader::whole_answer(json::View answer) {
  switch (api_) {
    case ModelApi::openai_chat:
      for (const json::View choice : answer["choices"].elements()) chat_choice(choice, "message");
      stopped_ = true;
      break;
    case ModelApi::openai_responses:
      for (const json::View item : answer["output"].elements()) {
        response_item(item);
        made(item["arguments"]);
        made(item["input"]);
        for (const json::View part : item["content"].elements()) made(part["text"]);
      }
      return response_end(answer);
    case ModelApi::openai_embeddings:
      stopped_ = true;
      break;
    case ModelApi::anthropic_messages:
      for (const json::View block : answer["content"].elements()) anthropic_block(block);
      stopped_ = true;
      last_ = true;
      break;
    case ModelApi::gemini_generate:
      for (const json::View one : answer["candidates"].elements()) gemini_candidate(one);
      keep(place_.id, answer["responseId"]);
      keep(place_.model, answer["modelVersion"]);
      stopped_ = true;
      return claim(answer["usageMetadata"]);
  }
  keep(place_.id, answer["id"]);
  keep(place_.model, answer["model"]);
  keep(so_far_.service_tier, answer["service_tier"]);
  claim(answer["usage"]);
}

Status UsageReader::answer(int status, std::string_view body) {
  if (const Status read = parser_.parse(body, document_, answer_limits); !read) {
    // The page of a proxy in between is an error as good as any.
    if (status >= 400) {
      so_far_.failed = refused_ = true;
      return {};
    }
    return unreadable("the answer cannot be read: " + read.error().message);
  }
  began_ = true;
  const json::View answer = document_.root();
  whole_answer(answer);
  if (status >= 400 || is_there(answer["error"])) so_far_.failed = true;
  refused_ = status >= 400 && !counters_.any() && output_.bytes() == 0;
  return {};
}

std::uint64_t UsageReader::output_tokens_least() const {
  return output_.tokens_least();
}

AnswerUsage UsageReader::read() const {
  AnswerUsage out = so_far_;
  out.model = place_.model;
  if (refused_) {
    out.measured = true;
    return out;
  }
  const auto claimed = counters_.tokens();
  if (claimed) {
    out.usage = *claimed;
    out.usage.searches = std::max(out.usage.searches, searches_);
  }
  const bool ended = stopped_ && (api_ != ModelApi::anthropic_messages || last_);
  if (!began_) {
    out.why = "there was no answer";
  } else if (!ended) {
    out.why = out.failed ? "the provider ended the answer with an error" : "the answer was cut off";
  } else if (!distrust_.empty()) {
    out.why = "the usage does not fit: " + distrust_;
  } else if (!claimed) {
    out.why = counters_.any() ? "the usage does not fit: " + claimed.error().message
                              : claimed.error().message;
  } else if (!claimed_) {
    out.why = "the answer went on behind its usage";
  } else if (out.usage.out() < output_.tokens_least()) {
    out.why = fmt::format("{} tokens of output are said, its {} bytes are at least {}",
                          out.usage.out(), output_.bytes(), output_.tokens_least());
  } else if (out.usage.into() < input_least_) {
    out.why = fmt::format("{} tokens of input are said, its texts are at least {}",
                          out.usage.into(), input_least_);
  }
  out.measured = out.why.empty();
  return out;
}

}  // namespace pawl
