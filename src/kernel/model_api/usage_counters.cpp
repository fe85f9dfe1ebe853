#include "kernel/model_api/usage_counters.h"

#include <span>

#include <fmt/format.h>

#include "base/sum.h"
#include "base/text.h"

namespace pawl {
namespace {

struct CounterRow {
  UsageCounter counter;
  std::string_view name;
  std::string_view within = {};  // the object that holds it; empty: the usage itself
};

std::span<const CounterRow> counter_rows(ModelApi api) {
  using enum UsageCounter;
  static constexpr CounterRow chat[] = {
      {input, "prompt_tokens"},
      {cached, "cached_tokens", "prompt_tokens_details"},
      {written, "cache_write_tokens", "prompt_tokens_details"},
      {audio, "audio_tokens", "prompt_tokens_details"},
      {output, "completion_tokens"},
      {reasoning, "reasoning_tokens", "completion_tokens_details"},
      {audio, "audio_tokens", "completion_tokens_details"},
      {total, "total_tokens"},
  };
  static constexpr CounterRow responses[] = {
      {input, "input_tokens"},
      {cached, "cached_tokens", "input_tokens_details"},
      {written, "cache_write_tokens", "input_tokens_details"},
      {output, "output_tokens"},
      {reasoning, "reasoning_tokens", "output_tokens_details"},
      {total, "total_tokens"},
  };
  static constexpr CounterRow anthropic[] = {
      {input, "input_tokens"},
      {cached, "cache_read_input_tokens"},
      {written, "cache_creation_input_tokens"},
      {written_short, "ephemeral_5m_input_tokens", "cache_creation"},
      {written_long, "ephemeral_1h_input_tokens", "cache_creation"},
      {output, "output_tokens"},
      {reasoning, "thinking_tokens", "output_tokens_details"},
      {searches, "web_search_requests", "server_tool_use"},
  };
  static constexpr CounterRow gemini[] = {
      {input, "promptTokenCount"},
      {cached, "cachedContentTokenCount"},
      {output, "candidatesTokenCount"},
      {reasoning, "thoughtsTokenCount"},
      {tool_input, "toolUsePromptTokenCount"},
      {total, "totalTokenCount"},
  };
  switch (api) {
    case ModelApi::openai_chat:
    case ModelApi::openai_embeddings:
      return chat;
    case ModelApi::openai_responses:
      return responses;
    case ModelApi::anthropic_messages:
      return anthropic;
    case ModelApi::gemini_generate:
      break;
  }
  return gemini;
}

std::unexpected<Error> unfit(std::string message) {
  return fail(ErrorKind::invalid, std::move(message));
}

}  // namespace

Status UsageCounters::take(json::View usage) {
  if (!usage.is_object()) return unfit("usage is not an object");
  any_ = true;
  for (const CounterRow& row : counter_rows(api_)) {
    const json::View owner = row.within.empty() ? usage : usage[row.within];
    const json::View stated = owner[row.name];
    if (!stated.exists() || stated.is_null()) continue;
    const bool whole =
        stated.kind() == json::Kind::natural || (stated.is_integer() && stated.integer() >= 0);
    if (!whole) return unfit(fmt::format("`{}` is no count", row.name));
    std::optional<std::uint64_t>& now = at(row.counter);
    if (row.counter == UsageCounter::audio) {
      now = std::max(now.value_or(0), stated.natural());
      continue;
    }
    if (now && stated.natural() < *now) {
      return unfit(fmt::format("`{}` went from {} to {}", row.name, *now, stated.natural()));
    }
    now = stated.natural();
  }
  // Rounds of other models, and those that rewrite the conversation, are not in the sums.
  for (const json::View round : usage["iterations"].elements()) {
    if (round.text("type") != "message") return unfit("other rounds were made for this answer");
  }
  return modalities(usage);
}

// Gemini counts by kind: pictures and sounds that are made, and sounds that are heard, have prices
// of their own.
Status UsageCounters::modalities(json::View usage) {
  if (api_ != ModelApi::gemini_generate) return {};
  for (const std::string_view list : {"promptTokensDetails", "candidatesTokensDetails",
                                      "toolUsePromptTokensDetails", "cacheTokensDetails"}) {
    for (const json::View row : usage[list].elements()) {
      const auto kind = row.text("modality");
      const json::View count = row["tokenCount"];
      const bool made = list.starts_with("candidates");
      const bool other = kind == "AUDIO" || (made && kind != "TEXT");
      if (other && count.is_integer() && count.integer() != 0) at(UsageCounter::audio) = 1;
    }
  }
  return {};
}

Result<TokenUsage> UsageCounters::tokens() const {
  if (!any_ || !has(UsageCounter::input)) return unfit("usage is missing");
  if (value(UsageCounter::audio) != 0) return unfit("tokens that are no text have no price here");
  switch (api_) {
    case ModelApi::openai_chat:
    case ModelApi::openai_responses:
      if (!has(UsageCounter::output)) return unfit("usage is missing");
      return parts_of_input_and_output();
    case ModelApi::openai_embeddings:
      return parts_of_input_and_output();
    case ModelApi::anthropic_messages:
      if (!has(UsageCounter::output)) return unfit("usage is missing");
      return caches_on_top();
    case ModelApi::gemini_generate:
      break;
  }
  return thoughts_on_top();
}

// OpenAI. Some who build on its interface count reasoning on top of the output: the total tells.
Result<TokenUsage> UsageCounters::parts_of_input_and_output() const {
  using enum UsageCounter;
  const std::uint64_t kept = sum_of(value(cached), value(written));
  if (kept > value(input)) return unfit("more tokens of caches than of input");
  const std::uint64_t sum = sum_of(value(input), value(output));
  const bool on_top = has(total) && value(reasoning) != 0 && value(total) != sum &&
                      value(total) == sum_of(sum, value(reasoning));
  if (has(total) && !on_top && value(total) != sum) {
    return unfit(fmt::format("the total is {}, its parts are {}", value(total), sum));
  }
  if (!on_top && value(reasoning) > value(output)) {
    return unfit("more tokens of reasoning than of output");
  }
  TokenUsage usage;
  usage.input = value(input) - kept;
  usage.cache_read = value(cached);
  usage.cache_write = value(written);
  usage.reasoning = value(reasoning);
  usage.output = on_top ? value(output) : value(output) - value(reasoning);
  return usage;
}

// Anthropic. What was written to a cache and is in neither part counts as the dearer one.
Result<TokenUsage> UsageCounters::caches_on_top() const {
  using enum UsageCounter;
  const std::uint64_t split = sum_of(value(written_short), value(written_long));
  if (split > value(written) && has(written)) {
    return unfit(
        fmt::format("{} tokens were written to caches, their parts are {}", value(written), split));
  }
  if (value(reasoning) > value(output)) return unfit("more tokens of thinking than of output");
  TokenUsage usage;
  usage.input = value(input);
  usage.cache_read = value(cached);
  const bool parted = has(written_short) || has(written_long);
  usage.cache_write = parted ? value(written_short) : value(written);
  usage.cache_write_long =
      parted ? sum_of(value(written_long), has(written) ? value(written) - split : 0) : 0;
  usage.output = value(output) - value(reasoning);
  usage.reasoning = value(reasoning);
  usage.searches = value(searches);
  return usage;
}

// Gemini. A count that is not there is zero.
Result<TokenUsage> UsageCounters::thoughts_on_top() const {
  using enum UsageCounter;
  const std::uint64_t into = sum_of(value(input), value(tool_input));
  if (value(cached) > value(input)) return unfit("more tokens of caches than of input");
  const std::uint64_t sum = sum_of(into, sum_of(value(output), value(reasoning)));
  if (has(total) && value(total) != sum) {
    return unfit(fmt::format("the total is {}, its parts are {}", value(total), sum));
  }
  TokenUsage usage;
  usage.input = into - value(cached);
  usage.cache_read = value(cached);
  usage.output = value(output);
  usage.reasoning = value(reasoning);
  return usage;
}

}  // namespace pawl
