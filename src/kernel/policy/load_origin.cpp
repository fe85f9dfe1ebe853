// Where values come from: `from`, `or_from` and `else` of an argument, `source` of an entry.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "kernel/constraint/origin_check.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

constexpr std::size_t sources_max = 16;  // of one argument

std::optional<OriginSource> read_one(Build& build, const yaml::Node& node, std::string_view key) {
  if (node.is_scalar() && node.text == user_source) return OriginSource{};
  const yaml::Entry* result = node.is_map() ? node.entry("result") : nullptr;
  if (result == nullptr || node.entries.size() != 1) {
    build.reading.mistake(
        node.at,
        fmt::format(
            "`{}` has {}, expected `user`, `{{result: tool.field}}` or a `$name` of `sources`", key,
            node.described()));
    return std::nullopt;
  }
  const auto written = build.reading.text(result->value, "result");
  if (!written) return std::nullopt;
  auto source = parse_result_source(*written);
  if (!source) {
    build.reading.mistake(
        result->value.at,
        fmt::format("`result` is `{}`: {}", escape_untrusted(*written), source.error().message));
    return std::nullopt;
  }
  return *std::move(source);
}

std::vector<OriginSource> read_all(Build& build, const yaml::Entry& key) {
  std::vector<OriginSource> out;
  const auto add = [&](const yaml::Node& node) {
    auto source = read_one(build, node, key.key);
    if (!source) return;
    const bool known = std::ranges::find(out, *source) != out.end();
    // Sets may share some.
    if (known &&
        std::ranges::find(key.value.items, node.at, &yaml::Node::at) != key.value.items.end()) {
      build.reading.mistake(node.at, fmt::format("`{}` names `{}` twice", key.key,
                                                 escape_untrusted(to_string(*source))));
    }
    if (!known) out.push_back(*std::move(source));
  };
  const std::function<void(const yaml::Node&)> each = [&](const yaml::Node& node) {
    follow_name(build, node, Shared::sources, [&](const yaml::Node& found) {
      if (found.is_sequence()) {
        build.reading.items(found, key.key, each);
      } else {
        add(found);
      }
    });
  };
  each(key.value);
  if (out.size() > sources_max) {
    build.reading.mistake(key.value.at,
                          fmt::format("`{}` has more than {} sources", key.key, sources_max));
  }
  return out;
}

bool may_stand_in(const Check& check) {
  return traits(check.kind).stands_in;
}

// The entries that decide calls of a tool a rule refers to: those that write its name out, else
// those with a glob for it.
std::vector<const ToolRule*> entries_of(const Build& build, const OriginSource& source) {
  std::vector<const ToolRule*> exact, globs;
  for (const ToolRule& tool : build.policy.tools) {
    for (const std::string& name : tool.names) {
      const auto pattern = parse_name(name);
      if (!pattern || !pattern->tool.matches(source.tool)) continue;
      const bool server =
          source.server.empty() || pattern->any_server || pattern->server.matches(source.server);
      if (server) (pattern->glob() ? globs : exact).push_back(&tool);
    }
  }
  return exact.empty() ? globs : exact;
}

void check_source(Build& build, const OriginSource& source, const Rule& rule) {
  if (source.user()) return;
  const auto entries = entries_of(build, source);
  if (entries.empty()) {
    std::vector<std::string> known;
    for (const ToolRule& tool : build.policy.tools) {
      known.insert(known.end(), tool.names.begin(), tool.names.end());
    }
    const std::string near = closest_match(source.tool, known);
    build.reading.mistake(
        rule.at, fmt::format("no entry grants `{}`, so no value can come from its results{}",
                             escape_untrusted(source.tool),
                             near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
  }
  for (const ToolRule* entry : entries) {
    if (!entry->untrusted) continue;
    build.reading.mistake(rule.at,
                          fmt::format("`{}` is `source: untrusted` in line {}, so no "
                                      "value can come from its results",
                                      escape_untrusted(source.tool), entry->source_rule.at.line));
    break;
  }
  auto& sources = build.policy.sources;
  if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
}

}  // namespace

void read_from(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  argument.from = read_all(build, key);
  argument.from_rule = {argument.rule.path + "/" + key.key, key.key_at};
}

void read_or_from(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  argument.or_from = read_all(build, key);
  argument.or_from_rule = {argument.rule.path + "/" + key.key, key.key_at};
}

void read_failing(Build& build, ArgumentRule& argument, const yaml::Entry& key) {
  const auto word =
      build.reading.word(key.value, key.key, {"deny", "hold"}, {"allow", "notify", "contain"});
  argument.otherwise = word == 1U ? Effect::hold : Effect::deny;
}

void check_origin(Build& build, const ArgumentRule& argument) {
  if (!argument.from.empty() && !argument.or_from.empty()) {
    build.reading.mistake(argument.or_from_rule.at,
                          "`from` and `or_from` exclude each other: `from` is a condition of its "
                          "own, `or_from` widens `in` and the like");
  }
  if (argument.or_from.empty() || std::ranges::any_of(argument.checks, may_stand_in)) return;
  build.reading.mistake(
      argument.or_from_rule.at,
      "`or_from` needs `in`, `email_domain`, `cidr`, `url`, `hosts_in` or `under` "
      "beside it; alone it is `from`");
}

void read_source(Build& build, ToolRule& rule, const yaml::Entry& key) {
  const auto word = build.reading.word(key.value, key.key, {"untrusted"});
  rule.untrusted = word.has_value();
  rule.source_rule = {rule.rule.path + "/source", key.key_at};
}

void check_sources_of(Build& build, const ArgumentRule& argument) {
  for (const OriginSource& source : argument.from) {
    check_source(build, source, argument.from_rule);
  }
  for (const OriginSource& source : argument.or_from) {
    check_source(build, source, argument.or_from_rule);
  }
  const bool asks = !argument.from.empty() || !argument.or_from.empty();
  build.policy.asks_origin = build.policy.asks_origin || asks;
}

void check_sources(Build& build) {
  const Position* words = nullptr;
  for (const ToolRule& tool : build.policy.tools) {
    for (const ArgumentRule& argument : tool.arguments) {
      check_sources_of(build, argument);
      const auto user = [](const OriginSource& source) { return source.user(); };
      if (words == nullptr && std::ranges::any_of(argument.from, user)) {
        words = &argument.from_rule.at;
      }
      if (words == nullptr && std::ranges::any_of(argument.or_from, user)) {
        words = &argument.or_from_rule.at;
      }
    }
  }
  for (const ToolRule& tool : build.policy.tools) {
    for (const Case& one : tool.cases.list) {
      for (const ArgumentRule& argument : one.arguments) check_sources_of(build, argument);
    }
  }
  if (words == nullptr) return;
  build.note(Finding::Weight::note, *words,
             "values may come from the sponsor's own words, which `pawl mcp` has only with a task "
             "file (`--task`); without one no value does");
}

}  // namespace pawl
