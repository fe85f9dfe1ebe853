#include "lang/jose/attenuation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::jose {
namespace {

struct LimitName {
  Limit limit;
  std::string_view name;
};
constexpr std::array<LimitName, 7> limit_names = {{{Limit::steps, "steps"},
                                                   {Limit::denials, "denials"},
                                                   {Limit::tokens, "tokens"},
                                                   {Limit::cost_nano_usd, "cost_nano_usd"},
                                                   {Limit::wall_clock_ms, "wall_clock_ms"},
                                                   {Limit::calls, "calls"},
                                                   {Limit::records, "records"}}};

constexpr std::string_view claim = "claims.attenuation";

bool is_glob(std::string_view name) {
  return name.find_first_of("*?") != std::string_view::npos;
}

bool inside(std::string_view tool, const std::vector<std::string>& outer) {
  return std::ranges::any_of(outer, [&](const std::string& one) {
    return one == tool || (!is_glob(tool) && glob_match(one, tool));
  });
}

std::unexpected<Refusal> wrong(std::string_view at, std::string message) {
  return refuse(Flaw::claim, fmt::format("{}{}", claim, at), std::move(message));
}

Checked<std::vector<std::string>> read_tools(json::View value) {
  if (!value.is_array() || value.size() > attenuated_tools_max) {
    return wrong(".tools", fmt::format("not a list of at most {} tools", attenuated_tools_max));
  }
  std::vector<std::string> tools;
  for (const json::View one : value.elements()) {
    if (!one.is_string() || one.string().empty() || one.string().size() > tool_bytes_max ||
        has_hidden_characters(one.string())) {
      return wrong(".tools", "holds what is not the name of a tool");
    }
    tools.emplace_back(one.string());
  }
  return tools;
}

Checked<std::map<Limit, std::uint64_t>> read_limits(json::View value) {
  if (!value.is_object()) return wrong(".limits", "not an object");
  std::map<Limit, std::uint64_t> limits;
  for (const auto& [name, amount] : value.members()) {
    const auto limit = limit_named(name);
    if (!limit) return wrong(".limits", fmt::format("{} is not a ceiling", quoted(name)));
    if (!amount.is_integer() || amount.integer() < 0 || amount.natural() > limit_value_max) {
      return wrong(".limits", fmt::format("`{}` is not a whole number up to 2^53-1", name));
    }
    limits[*limit] = amount.natural();
  }
  return limits;
}

}  // namespace

std::string_view name_of(Limit limit) {
  for (const LimitName& row : limit_names) {
    if (row.limit == limit) return row.name;
  }
  return {};
}

std::optional<Limit> limit_named(std::string_view name) {
  for (const LimitName& row : limit_names) {
    if (row.name == name) return row.limit;
  }
  return std::nullopt;
}

Checked<Attenuation> narrow(const Attenuation& outer, const Attenuation& wanted) {
  Attenuation narrowed = wanted;
  if (!narrowed.tools) narrowed.tools = outer.tools;
  if (narrowed.tools) {
    if (narrowed.tools->size() > attenuated_tools_max) {
      return wrong(".tools", fmt::format("not a list of at most {} tools", attenuated_tools_max));
    }
    std::ranges::sort(*narrowed.tools);
    const auto duplicate_keys = std::ranges::unique(*narrowed.tools);
    narrowed.tools->erase(duplicate_keys.begin(), duplicate_keys.end());
  }
  if (outer.tools && narrowed.tools) {
    for (const std::string& tool : *narrowed.tools) {
      if (!inside(tool, *outer.tools)) {
        return refuse(Flaw::wider, fmt::format("{}.tools", claim),
                      fmt::format("{} is not a tool of the run that asks", quoted(tool)));
      }
    }
  }
  for (const auto& [limit, most] : outer.limits) {
    const auto [at, fresh] = narrowed.limits.try_emplace(limit, most);
    if (at->second > most) {
      return refuse(Flaw::wider, fmt::format("{}.limits.{}", claim, name_of(limit)),
                    fmt::format("{} is more than the {} of the run that asks", at->second, most));
    }
  }
  return narrowed;
}

void write(const Attenuation& attenuation, json::Writer& out) {
  out.object();
  if (!attenuation.limits.empty()) {
    out.key("limits").object();
    for (const auto& [limit, amount] : attenuation.limits) out.key(name_of(limit)).natural(amount);
    out.end();
  }
  if (attenuation.tools) {
    out.key("tools").array();
    for (const std::string& tool : *attenuation.tools) out.string(tool);
    out.end();
  }
  out.end();
}

Checked<Attenuation> read_attenuation(json::View value) {
  if (!value.is_object()) return wrong("", "not an object");
  Attenuation attenuation;
  for (const auto& [name, member] : value.members()) {
    if (name == "tools") {
      auto tools = read_tools(member);
      PAWL_TRY(tools);
      attenuation.tools = *std::move(tools);
    } else if (name == "limits") {
      auto limits = read_limits(member);
      PAWL_TRY(limits);
      attenuation.limits = *std::move(limits);
    } else {
      return wrong("", fmt::format("{} cannot be enforced here", quoted(name)));
    }
  }
  return attenuation;
}

}  // namespace pawl::jose
