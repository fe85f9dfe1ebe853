#include "kernel/metering/litellm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "model/sum.h"

namespace pawl {

namespace {

struct Member {
  std::string_view theirs, ours;
};
constexpr std::array<Member, 5> kMembers = {{
    {"input_cost_per_token", "input"},
    {"cache_read_input_token_cost", "cache_read"},
    {"cache_creation_input_token_cost", "cache_write"},
    {"cache_creation_input_token_cost_above_1hr", "cache_write_long"},
    {"output_cost_per_token", "output"},
}};

using Prices = std::map<std::string_view, Amount>;  // by our names

// Dollars for a million tokens of dollars for one: the same digits, six places on.
std::optional<Amount> per_million(json::View value) {
  if (!value.is_number()) return std::nullopt;
  std::string text = json::write(value);
  const std::size_t e = text.find_first_of("eE");
  int power = 0;
  if (e != std::string::npos) {
    const char* from = text.data() + e + 1 + (text[e + 1] == '+' ? 1 : 0);
    const auto read = std::from_chars(from, text.data() + text.size(), power);
    if (read.ec != std::errc()) return std::nullopt;
    text.resize(e);
  }
  return parse_amount(fmt::format("{}e{}", text, power + 6));
}

// The tier of a member such as `input_cost_per_token_above_200k_tokens`; nothing: it is in none.
std::optional<std::uint64_t> tier_of(std::string_view name, std::string_view base) {
  constexpr std::string_view begins = "_above_", ends = "k_tokens";
  if (!name.starts_with(base)) return std::nullopt;
  name.remove_prefix(base.size());
  if (!name.starts_with(begins) || !name.ends_with(ends)) return std::nullopt;
  name = name.substr(begins.size(), name.size() - begins.size() - ends.size());
  std::uint64_t thousands = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), thousands);
  const bool whole = read.ec == std::errc() && read.ptr == name.data() + name.size();
  return whole && thousands > 0 && thousands < 1'000'000 ? std::optional(thousands * 1000)
                                                         : std::nullopt;
}

struct Line {
  Prices usual, above, priority;
  std::optional<std::uint64_t> limit;
  std::string mistake;

  void take(std::string_view name, json::View value) {
    for (const Member& member : kMembers) {
      Prices* into = name == member.theirs ? &usual : nullptr;
      const auto tier = tier_of(name, member.theirs);
      if (tier) into = &above;
      if (name == fmt::format("{}_priority", member.theirs)) into = &priority;
      if (into == nullptr || value.kind() == json::Kind::null) continue;
      const auto amount = per_million(value);
      if (!amount) {
        mistake = fmt::format("`{}` is not a price", name);
        return;
      }
      if (tier) limit = std::min(limit.value_or(*tier), *tier);
      Amount& known = (*into)[member.ours];
      known = std::max(known, *amount);
      return;
    }
  }
};

void put(const Prices& prices, std::string& out) {
  std::string_view between;
  for (const Member& member : kMembers) {
    const auto found = prices.find(member.ours);
    if (found == prices.end()) continue;
    out += fmt::format("{}{}: {}", between, member.ours, to_string(found->second));
    between = ", ";
  }
}

// What a tier or a class does not say is as it is without it.
Prices filled(Prices prices, const Prices& usual) {
  prices.insert(usual.begin(), usual.end());
  return prices;
}

bool known_kind(json::View one) {
  const std::string_view mode = one.text("mode").value_or("chat");
  return mode == "chat" || mode == "completion" || mode == "responses" || mode == "embedding";
}

bool known_provider(std::string_view provider) {
  return provider == "openai" || provider == "anthropic" || provider == "gemini";
}

bool plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == ':' || c == '/';
  });
}

std::string spelled(const Line& line, json::View one, std::string_view about) {
  std::string out = "{";
  put(line.usual, out);
  if (line.limit) {
    out += fmt::format(", above: {{tokens: {}, ", *line.limit);
    put(filled(line.above, line.usual), out);
    out += "}";
  }
  if (!line.priority.empty()) {
    out += ", services: {priority: {";
    put(filled(line.priority, line.usual), out);
    out += "}}";
  }
  const json::View most = one["max_output_tokens"];
  if (most.is_integer() && most.integer() > 0) {
    out += fmt::format(", output_most: {}", most.integer());
  }
  return out + fmt::format(", {}}}", about);
}

}  // namespace

Result<ImportedPrices> import_litellm(std::string_view text, std::string_view source,
                                      std::string_view date) {
  json::ParseLimits limits;
  limits.bytes_max = litellm_bytes_max;
  limits.duplicate_keys = json::DuplicateKeys::refuse_exact_only;
  const auto document = json::parse(text, limits);
  PAWL_TRY(document);
  if (!document->root().is_object()) {
    return fail(ErrorKind::invalid, "expected an object with a member for each model");
  }
  ImportedPrices out;
  out.yaml = "version: 1\nprices:\n";
  json::Writer quoted;
  quoted.string(source);
  const std::string about = fmt::format("date: {}, source: {}", date, quoted.text());
  for (const auto [name, one] : document->root().members()) {
    const std::string_view provider =
        one.is_object() ? one.text("litellm_provider").value_or("") : "";
    if (!known_provider(provider) || !known_kind(one)) {
      ++out.others;
      continue;
    }
    std::string_view model = name;
    if (model.starts_with(provider) && model.substr(provider.size()).starts_with('/')) {
      model.remove_prefix(provider.size() + 1);
    }
    Line line;
    for (const auto [member, value] : one.members()) line.take(member, value);
    if (line.mistake.empty() && !plain_name(model)) line.mistake = "it has no plain name";
    if (line.mistake.empty() && !line.usual.contains("input")) {
      line.mistake = "it has no `input_cost_per_token`";
    }
    if (!line.mistake.empty()) {
      out.unreadable.push_back(fmt::format("{}: {}", escape_untrusted(name), line.mistake));
      continue;
    }
    line.usual.try_emplace("output", Amount{});
    out.yaml += fmt::format("  {}/{}: {}\n", provider, model, spelled(line, one, about));
    ++out.lines;
  }
  if (out.lines == 0) {
    return fail(ErrorKind::invalid, "it has no price of a model of OpenAI, Anthropic or Gemini");
  }
  return out;
}

}  // namespace pawl
