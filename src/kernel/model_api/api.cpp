#include "kernel/model_api/api.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::string_view stream_method = "streamGenerateContent";

// Betas that change nothing which the tables of request.h do not see: what they let into a body is
// still judged there. Those that let another model answer, or keep things at the provider, are not
// in it. `@anthropic-ai/sdk` 1.14.0, and what Claude Code sends.
constexpr std::array anthropic_betas{
    std::string_view("advanced-tool-use-2025-11-20"),
    std::string_view("claude-code-20250219"),
    std::string_view("code-execution-2025-05-22"),
    std::string_view("code-execution-2025-08-25"),
    std::string_view("compact-2026-01-12"),
    std::string_view("computer-use-2024-10-22"),
    std::string_view("computer-use-2025-01-24"),
    std::string_view("computer-use-2025-11-24"),
    std::string_view("context-1m-2025-08-07"),
    std::string_view("context-management-2025-06-27"),
    std::string_view("effort-2025-11-24"),
    std::string_view("extended-cache-ttl-2025-04-11"),
    std::string_view("fast-mode-2026-02-01"),
    std::string_view("files-api-2025-04-14"),
    std::string_view("fine-grained-tool-streaming-2025-05-14"),
    std::string_view("interleaved-thinking-2025-05-14"),
    std::string_view("mcp-client-2025-04-04"),
    std::string_view("mcp-client-2025-11-20"),
    std::string_view("mid-conversation-system-2026-04-07"),
    std::string_view("model-context-window-exceeded-2025-08-26"),
    std::string_view("oauth-2025-04-20"),
    std::string_view("output-128k-2025-02-19"),
    std::string_view("output-300k-2026-03-24"),
    std::string_view("pdfs-2024-09-25"),
    std::string_view("prompt-caching-2024-07-31"),
    std::string_view("prompt-caching-scope-2026-01-05"),
    std::string_view("redact-thinking-2026-02-12"),
    std::string_view("skills-2025-10-02"),
    std::string_view("structured-outputs-2025-11-13"),
    std::string_view("structured-outputs-2025-12-15"),
    std::string_view("thinking-display-updates-2026-08-18"),
    std::string_view("thinking-token-count-2026-05-13"),
    std::string_view("token-counting-2024-11-01"),
    std::string_view("token-efficient-tools-2025-02-19"),
    std::string_view("tool-examples-2025-10-29"),
    std::string_view("web-fetch-2025-09-10"),
};
constexpr std::array openai_betas{std::string_view("responses=experimental")};

std::unexpected<Error> refused(std::string message) {
  return fail(ErrorKind::refused, std::move(message));
}

bool plain_model(std::string_view model) {
  const auto plain = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  };
  return !model.empty() && model.size() <= 128 && std::ranges::all_of(model, plain) &&
         model.find_first_not_of('.') != std::string_view::npos;
}

// `models/MODEL:METHOD`, with the query of a stream.
Result<ModelTarget> gemini_target(std::string_view rest, std::string_view query, bool beta) {
  ModelTarget target;
  target.api = ModelApi::gemini_generate;
  target.beta = beta;
  const auto colon = rest.rfind(':');
  const std::string_view model = rest.substr(0, colon);
  const std::string_view method =
      colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  if (method != "generateContent" && method != stream_method) {
    return fail(ErrorKind::missing,
                "not a method that is passed on: " + in_backticks(method) +
                    "; there are `generateContent` and `streamGenerateContent?alt=sse`");
  }
  if (!plain_model(model)) return refused("not the name of a model: " + in_backticks(model));
  target.model = model;
  target.stream = method == stream_method;
  if (target.stream && query != "alt=sse") {
    return refused(query.empty() ? std::string("a stream must be asked for with `alt=sse`")
                                 : "unknown query: expected `alt=sse` and nothing else");
  }
  if (!target.stream && !query.empty() && query != "alt=json") {
    return refused("unknown query: expected none");
  }
  return target;
}

Result<bool> known_betas(std::string_view value, std::span<const std::string_view> table) {
  for (const std::string_view part : split(value, ',')) {
    const std::string_view beta = trim(part);
    if (beta.empty() || std::ranges::find(table, beta) != table.end()) continue;
    return refused("unknown beta: " + in_backticks(beta));
  }
  return true;
}

}  // namespace

std::string_view to_string(ModelApi api) {
  switch (api) {
    case ModelApi::openai_chat:
      return "openai_chat";
    case ModelApi::openai_responses:
      return "openai_responses";
    case ModelApi::openai_embeddings:
      return "openai_embeddings";
    case ModelApi::anthropic_messages:
      return "anthropic_messages";
    case ModelApi::gemini_generate:
      return "gemini_generate";
  }
  return {};
}

Result<ModelTarget> read_model_target(std::string_view path) {
  const auto mark = path.find('?');
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
  const std::string_view place = path.substr(0, mark);
  for (const bool beta : {true, false}) {
    const std::string_view models = beta ? "/v1beta/models/" : "/v1/models/";
    if (place.starts_with(models)) return gemini_target(place.substr(models.size()), query, beta);
  }
  ModelTarget target;
  if (place == "/v1/messages") {
    target.api = ModelApi::anthropic_messages;
    target.beta = query == "beta=true";
    if (target.beta || query.empty()) return target;
    return refused("unknown query: expected `beta=true` or none");
  }
  if (place == "/v1/responses") {
    target.api = ModelApi::openai_responses;
  } else if (place == "/v1/embeddings") {
    target.api = ModelApi::openai_embeddings;
  } else if (place != "/v1/chat/completions") {
    return fail(ErrorKind::missing, "not a path that is passed on: " + in_backticks(place));
  }
  if (!query.empty()) return refused("unknown query: expected none");
  return target;
}

std::string upstream_path(const ModelTarget& target) {
  switch (target.api) {
    case ModelApi::openai_chat:
      return "/v1/chat/completions";
    case ModelApi::openai_responses:
      return "/v1/responses";
    case ModelApi::openai_embeddings:
      return "/v1/embeddings";
    case ModelApi::anthropic_messages:
      return target.beta ? "/v1/messages?beta=true" : "/v1/messages";
    case ModelApi::gemini_generate:
      return fmt::format("/{}/models/{}:{}", target.beta ? "v1beta" : "v1", target.model,
                         target.stream ? "streamGenerateContent?alt=sse" : "generateContent");
  }
  return {};
}

Result<bool> header_goes_on(ModelApi api, std::string_view name, std::string_view value) {
  if (name == "content-encoding" && trim(value) != "identity") {
    return refused("the body of a request must not be compressed: `content-encoding`");
  }
  switch (api) {
    case ModelApi::openai_chat:
    case ModelApi::openai_responses:
    case ModelApi::openai_embeddings:
      if (name == "openai-beta") return known_betas(value, openai_betas);
      return false;
    case ModelApi::anthropic_messages:
      if (name == "anthropic-beta") return known_betas(value, anthropic_betas);
      if (name != "anthropic-version") return false;
      // That of the API's documentation, and that of its SDK from 1.14 on.
      if (trim(value) == "2023-06-01" || trim(value) == "2026-10-21") return true;
      return refused("unknown version: " + in_backticks(value) + "; expected `2023-06-01` or " +
                     "`2026-10-21`");
    case ModelApi::gemini_generate:
      return false;
  }
  return false;
}

}  // namespace pawl
