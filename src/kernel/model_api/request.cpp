#include "kernel/model_api/request.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/model_api/cap_members.h"
#include "kernel/model_api/request_walk.h"

namespace pawl {
namespace {

constexpr std::uint64_t choices_max = 128;
constexpr std::uint64_t responses_cap_least = 16;
// What every request has around its texts, and what tools bring along.
constexpr std::uint64_t tokens_of_request = 256;
constexpr std::uint64_t tokens_of_tools = 2048;

std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorKind::invalid, std::move(message));
}

// A whole number above zero, or nothing where the member is not there.
Result<std::optional<std::uint64_t>> positive(json::View value, std::string_view pointer) {
  if (!value.exists() || value.is_null()) return std::nullopt;
  const bool whole = value.kind() == json::Kind::integer || value.kind() == json::Kind::natural;
  if (!whole || (value.is_integer() && value.integer() <= 0)) {
    return invalid(fmt::format("{}: must be a whole number above zero", pointer));
  }
  return value.natural();
}

bool set_true(json::View value) {
  return value.exists() && value.kind() == json::Kind::boolean && value.boolean();
}

std::string text_of(json::View value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

class RequestReader {
 public:
  RequestReader(const ModelTarget& target, json::View body)
      : target_(target), body_(body), walk_(target.api) {
    request_.api = target.api;
  }

  Result<ModelRequest> read();

 private:
  Status model_and_stream();
  Status output();
  Status thinking_budget(json::View budget, std::string_view pointer);
  void marks();
  void price_marks();
  void tools();
  void add_tools(json::View list);
  void input();
  void prefixes();
  json::View member(std::string_view name) const { return walk_.member(body_, name); }

  const ModelTarget& target_;
  json::View body_;
  RequestWalk walk_;
  ModelRequest request_;
};

Result<ModelRequest> RequestReader::read() {
  PAWL_TRY(walk_.walk(body_));
  PAWL_TRY(model_and_stream());
  PAWL_TRY(output());
  marks();
  price_marks();
  tools();
  input();
  prefixes();
  request_.effects.assign(walk_.effects.begin(), walk_.effects.end());
  request_.references.assign(walk_.references.begin(), walk_.references.end());
  return std::move(request_);
}

Status RequestReader::model_and_stream() {
  if (target_.api == ModelApi::gemini_generate) {
    request_.model = target_.model;
    request_.stream = target_.stream;
    return {};
  }
  const json::View model = body_["model"];
  if (!model.is_string() || model.string().empty()) return invalid("/model: must be a text");
  request_.model = model.string();
  request_.stream = set_true(body_["stream"]);
  if (target_.api == ModelApi::openai_embeddings) return {};
  if (target_.api == ModelApi::openai_chat) {
    request_.usage_asked = !request_.stream || set_true(body_["stream_options"]["include_usage"]);
  }
  return {};
}

Status RequestReader::output() {
  if (target_.api == ModelApi::openai_embeddings) {
    request_.output_least = 0;
    return {};
  }
  for (const CapMember& cap : cap_members(target_.api)) {
    const json::View owner = cap.owner.empty() ? body_ : member(cap.owner);
    const auto stated = positive(walk_.member(owner, cap.name), cap.pointer);
    PAWL_TRY(stated);
    request_.output_asked = std::max(request_.output_asked, stated->value_or(0));
  }
  if (target_.api == ModelApi::openai_responses) request_.output_least = responses_cap_least;
  if (target_.api == ModelApi::anthropic_messages) {
    return thinking_budget(body_["thinking"]["budget_tokens"], "/thinking/budget_tokens");
  }
  const bool gemini = target_.api == ModelApi::gemini_generate;
  const json::View settings = member("generationConfig");
  const auto choices = positive(gemini ? walk_.member(settings, "candidateCount") : body_["n"],
                                gemini ? "/generationConfig/candidateCount" : "/n");
  PAWL_TRY(choices);
  request_.choices = choices->value_or(1);
  if (request_.choices > choices_max) {
    return fail(ErrorKind::refused, fmt::format("at most {} answers of one request", choices_max));
  }
  if (!gemini) return {};
  const json::View budget =
      walk_.member(walk_.member(settings, "thinkingConfig"), "thinkingBudget");
  // Zero turns thinking off, and minus one leaves it to the model: there is no budget.
  if (budget.is_integer() && (budget.integer() == 0 || budget.integer() == -1)) return {};
  return thinking_budget(budget, "/generationConfig/thinkingConfig/thinkingBudget");
}

Status RequestReader::thinking_budget(json::View budget, std::string_view pointer) {
  const auto tokens = positive(budget, pointer);
  PAWL_TRY(tokens);
  if (!*tokens) return {};
  request_.output_least = sum_of(**tokens, 1);
  if (request_.output_asked == 0 || request_.output_asked >= request_.output_least) return {};
  return fail(ErrorKind::refused,
              fmt::format("{}: a thinking budget of {} does not fit below the cap of {}", pointer,
                          **tokens, request_.output_asked));
}

// What is an effect by more than being there.
void RequestReader::marks() {
  if (target_.api == ModelApi::openai_responses) {
    const json::View store = body_["store"];
    if (!store.exists() || store.is_null() || set_true(store)) walk_.effects.insert("stored");
  }
  const bool gemini = target_.api == ModelApi::gemini_generate;
  const json::View modalities =
      gemini ? walk_.member(member("generationConfig"), "responseModalities") : body_["modalities"];
  for (const json::View one : modalities.elements()) {
    const std::string modality = lower_ascii(text_of(one));
    if (modality != "text") walk_.effects.insert(modality + "_output");
  }
}

void RequestReader::price_marks() {
  request_.service_tier =
      text_of(member(target_.api == ModelApi::gemini_generate ? "serviceTier" : "service_tier"));
  request_.speed = text_of(body_["speed"]);
  request_.geography = text_of(body_["inference_geo"]);
}

void RequestReader::tools() {
  add_tools(member("tools"));
  add_tools(member("functions"));
  if (target_.api != ModelApi::openai_responses) return;
  for (const json::View item : body_["input"].elements()) add_tools(item["tools"]);
}

// Tools are nested in lists of their own (`namespace`, `functionDeclarations`), as deep as the
// parser permits.
void RequestReader::add_tools(json::View list) {
  const auto add = [this](json::View tool) {
    const json::View functions = walk_.member(tool, "functionDeclarations");
    const json::View inner = tool["tools"];
    if (functions.exists() || inner.is_array()) {
      add_tools(functions.exists() ? functions : inner);
      return;
    }
    for (const json::View named : {tool, tool["function"], tool["custom"]}) {
      if (named["name"].is_string()) return request_.tools.push_back(text_of(named["name"]));
    }
    if (tool["type"].is_string()) request_.tools.push_back(text_of(tool["type"]));
  };
  if (list.is_object()) add(list);
  for (const json::View tool : list.elements()) add(tool);
}

void RequestReader::input() {
  request_.input_most = sum_of(walk_.tokens(), tokens_of_request);
  if (!request_.tools.empty()) request_.input_most = sum_of(request_.input_most, tokens_of_tools);
  request_.input_unbounded = walk_.unbounded();
  // What may be left out before the model sees it bounds nothing from below.
  const bool cut = body_["context_management"].exists() || body_["truncation"].exists();
  if (!cut && target_.api != ModelApi::openai_embeddings) {
    request_.input_least = walk_.said_tokens_least();
  }
}

// Members that change nothing of the input, wherever they stand in the first levels.
bool beside_the_input(std::string_view name) {
  constexpr std::array names{std::string_view("cache_control"),
                             std::string_view("max_completion_tokens"),
                             std::string_view("max_output_tokens"),
                             std::string_view("max_tokens"),
                             std::string_view("maxOutputTokens"),
                             std::string_view("metadata"),
                             std::string_view("client_metadata"),
                             std::string_view("prompt_cache_breakpoint"),
                             std::string_view("prompt_cache_key"),
                             std::string_view("safety_identifier"),
                             std::string_view("stream"),
                             std::string_view("stream_options"),
                             std::string_view("user")};
  return std::ranges::find(names, name) != names.end();
}

// Canonical, without such members of the first levels; deeper ones are the tools' own.
void write_plain(json::View value, int levels, std::string& out) {
  if (levels == 0 || (!value.is_object() && !value.is_array())) return json::write(value, out);
  out += value.is_object() ? '{' : '[';
  for (const auto [name, inner] : value.members()) {
    if (beside_the_input(name)) continue;
    json::write_string(name, out);
    out += ':';
    write_plain(inner, levels - 1, out);
    out += ',';
  }
  for (const json::View inner : value.elements()) {
    write_plain(inner, levels - 1, out);
    out += ',';
  }
  out += value.is_object() ? '}' : ']';
}

// A chain: each digest is over the one before and one message.
void RequestReader::prefixes() {
  const std::string_view messages = request_table(target_.api).messages;
  std::string text = fmt::format("{} {}\n", to_string(target_.api), request_.model);
  for (const auto [name, value] : body_.members()) {
    if (name == messages || beside_the_input(name)) continue;
    json::write_string(name, text);
    write_plain(value, 2, text);
  }
  std::uint64_t after = 0;
  for (const std::uint64_t tokens : walk_.message_tokens()) after = sum_of(after, tokens);
  request_.prefixes.push_back({.digest = sha256(text), .tokens_after = after});
  std::size_t at = 0;
  const auto add = [&](json::View message) {
    text.clear();
    write_plain(message, 3, text);
    after -= walk_.message_tokens()[at++];
    const Digest before = request_.prefixes.back().digest;
    request_.prefixes.push_back(
        {.digest = sha256({bytes_of(before), text}), .tokens_after = after});
  };
  const json::View list = messages.empty() ? json::View() : member(messages);
  if (list.exists() && !list.is_array() && !list.is_null()) add(list);
  for (const json::View message : list.elements()) add(message);
}

}  // namespace

std::string_view model_request_tables(ModelApi api) {
  return request_table(api).version;
}

Result<ModelRequest> read_model_request(const ModelTarget& target, json::View body) {
  return RequestReader(target, body).read();
}

}  // namespace pawl
