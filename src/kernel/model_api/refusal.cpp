#include "kernel/model_api/refusal.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace pawl {
namespace {

// One kind of refusal in the words of each provider.
struct Words {
  int status;
  // OpenAI's `type` and `code`. Codex gives up on `insufficient_quota` and `invalid_prompt` in a
  // stream, and takes other codes for something to try again.
  std::string_view openai_type, openai_code;
  std::string_view anthropic_type;
  std::string_view google_status;
};

const Words& words_of(RefusalKind kind) {
  static constexpr Words spent{403, "insufficient_quota", "insufficient_quota", "permission_error",
                               "PERMISSION_DENIED"};
  static constexpr Words busy{429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error",
                              "RESOURCE_EXHAUSTED"};
  static constexpr Words denied{403, "invalid_request_error", "invalid_prompt", "permission_error",
                                "PERMISSION_DENIED"};
  static constexpr Words invalid{400, "invalid_request_error", "invalid_prompt",
                                 "invalid_request_error", "INVALID_ARGUMENT"};
  static constexpr Words unavailable{503, "server_error", "server_error", "overloaded_error",
                                     "UNAVAILABLE"};
  switch (kind) {
    case RefusalKind::spent:
      return spent;
    case RefusalKind::busy:
      return busy;
    case RefusalKind::denied:
      return denied;
    case RefusalKind::invalid:
      return invalid;
    case RefusalKind::unavailable:
      break;
  }
  return unavailable;
}

bool again(RefusalKind kind) {
  return kind == RefusalKind::busy || kind == RefusalKind::unavailable;
}

std::int64_t seconds_of(const ModelRefusal& refusal) {
  return std::max<std::int64_t>(1, (refusal.retry_after.ns + 999'999'999) / 1'000'000'000);
}

// Clients that read only the message read when to try again there (Codex: `try again in 3s`).
std::string said(const ModelRefusal& refusal) {
  std::string out = "pawl: " + refusal.message;
  if (refusal.kind == RefusalKind::busy) {
    out += fmt::format("; please try again in {}s", seconds_of(refusal));
  }
  return out;
}

void write_openai_error(const ModelRefusal& refusal, json::Writer& out) {
  const Words& words = words_of(refusal.kind);
  out.object();
  out.key("message").string(said(refusal)).key("type").string(words.openai_type);
  out.key("param").null().key("code").string(words.openai_code).end();
}

void write_google_details(const ModelRefusal& refusal, json::Writer& out) {
  out.key("details").array().object();
  out.key("@type").string("type.googleapis.com/google.rpc.ErrorInfo");
  out.key("reason").string(refusal.code).key("domain").string("pawl").end();
  if (again(refusal.kind)) {
    out.object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
    out.key("retryDelay").string(fmt::format("{}s", seconds_of(refusal))).end();
  }
  out.end();
}

std::string error_body(ModelApi api, const ModelRefusal& refusal) {
  const Words& words = words_of(refusal.kind);
  json::Writer out;
  out.object();
  switch (api) {
    case ModelApi::openai_chat:
    case ModelApi::openai_responses:
    case ModelApi::openai_embeddings:
      out.key("error");
      write_openai_error(refusal, out);
      break;
    case ModelApi::anthropic_messages:
      out.key("type").string("error").key("error").object();
      out.key("type").string(words.anthropic_type).key("message").string(said(refusal)).end();
      break;
    case ModelApi::gemini_generate:
      out.key("error").object().key("code").integer(words.status);
      out.key("message").string(said(refusal)).key("status").string(words.google_status);
      write_google_details(refusal, out);
      out.end();
      break;
  }
  return out.end().take();
}

// Codex, the SDKs and what is built on them read the error out of the response itself.
std::string failed_response(const ModelRefusal& refusal, const StreamPlace& place) {
  json::Writer out;
  out.object().key("type").string("response.failed");
  out.key("sequence_number").natural(place.sequence).key("response").object();
  out.key("id").string(place.id.empty() ? "resp_pawl" : place.id);
  out.key("object").string("response").key("created_at").integer(0);
  out.key("status").string("failed").key("error").object();
  out.key("code").string(words_of(refusal.kind).openai_code);
  out.key("message").string(said(refusal)).end();
  out.key("incomplete_details").null().key("instructions").null();
  out.key("model").string(place.model).key("output").array().end();
  out.key("parallel_tool_calls").boolean(true).key("tools").array().end();
  out.key("tool_choice").string("auto").key("metadata").object().end();
  out.key("usage").null().end().end();
  return out.take();
}

}  // namespace

RefusalAnswer refusal_answer(ModelApi api, const ModelRefusal& refusal) {
  RefusalAnswer answer{.status = words_of(refusal.kind).status,
                       .headers = {{"Content-Type", "application/json"},
                                   {"Cache-Control", "no-store"},
                                   {"X-Should-Retry", again(refusal.kind) ? "true" : "false"},
                                   {"X-Pawl-Code", refusal.code}},
                       .body = error_body(api, refusal)};
  if (again(refusal.kind)) {
    answer.headers.emplace_back("Retry-After", std::to_string(seconds_of(refusal)));
  }
  if (!refusal.run.empty()) answer.headers.emplace_back("X-Pawl-Run", refusal.run);
  return answer;
}

std::string refusal_events(ModelApi api, const ModelRefusal& refusal, const StreamPlace& place) {
  switch (api) {
    case ModelApi::openai_chat:
    case ModelApi::openai_embeddings:
    case ModelApi::gemini_generate:
      return "data: " + error_body(api, refusal) + "\n\n";
    case ModelApi::openai_responses:
      return "event: response.failed\ndata: " + failed_response(refusal, place) + "\n\n";
    case ModelApi::anthropic_messages:
      return "event: error\ndata: " + error_body(api, refusal) + "\n\n";
  }
  return {};
}

}  // namespace pawl
