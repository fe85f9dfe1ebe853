// `counters` of the file and of entries (rule 5).
//
//   counters: {refunds: {add: args.amount_usd, per: args.customer_id, window: 1d, max: 500}}
//   counters: [{add: args.amount_usd, per: run, max: 200.00}, refunds]
//
// `per` says what has one sum: the run, a length of time, the agent, or every value of an argument.
// What it leaves open stands beside it: `by` the argument next to a length of time, `window` the
// length of time next to an argument.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

bool identifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !letter(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// `args.a.b`, `args.items[].amount`; nothing for every other expression.
std::optional<ArgumentPath> named_argument(std::string_view text) {
  if (!text.starts_with("args.")) return std::nullopt;
  const auto path = parse_argument_path(text.substr(5));
  if (!path) return std::nullopt;
  for (const Step& step : *path) {
    if (!step.each && !identifier(step.name)) return std::nullopt;
  }
  return *path;
}

bool one_value(const ArgumentPath& path) {
  return std::ranges::none_of(path, [](const Step& step) { return step.each; });
}

constexpr std::string_view kAdd = "add";
constexpr std::string_view kWindow = "window";
constexpr std::string_view kCounterTools = "tools";

class CounterReader {
 public:
  // `rule` is the entry that keeps the expressions; `of_file` whether `tools` may stand there.
  CounterReader(Build& build, const yaml::Node& node, ToolRule& rule, std::string path,
                bool of_file)
      : build_(build), node_(node), rule_(rule), of_file_(of_file) {
    counter_.rule = {std::move(path), node.at};
  }

  // Nothing where something is wrong with it.
  std::optional<CounterRule> read();

  void read_add(const yaml::Entry& key) {
    if (!key.value.is_scalar() || key.value.as_number()) {
      const auto units = build_.reading.count(key.value, key.key, {1, limits::calls_max});
      if (units) counter_.whole = Amount{*units * nano_per_unit};
      return;
    }
    if (auto path = named_argument(trim(key.value.text))) {
      counter_.add = std::move(*path);
      return;
    }
    counter_.add_by =
        add_condition(rule_.conditions, read_expression(build_, key, counter_.rule.path + "/add",
                                                        Polarity::stops, cel::TypeKind::integer));
  }

  void read_per(const yaml::Entry& key) {
    const yaml::Node& node = key.value;
    per_at_ = node.at;
    if (node.is_scalar() && node.text == "run") {
      per_ = Per::run;
    } else if (node.is_scalar() && node.text == "agent") {
      per_ = Per::agent;
    } else if (node.is_scalar() && node.text.starts_with("args")) {
      per_ = Per::argument;
      read_key(node, key.key);
    } else if (!node.is_scalar() || !parse_duration(node.text)) {
      wrong(node.at,
            fmt::format("`per` must be `run`, a length of time such as `1d`, `agent`, or an "
                        "argument such as `args.customer_id`, found {}",
                        node.described()));
    } else if (const auto length = build_.reading.duration(node, key.key, window_bounds)) {
      per_ = Per::time;
      counter_.window = *length;
    } else {
      sound_ = false;
    }
  }

  void read_by(const yaml::Entry& key) {
    const yaml::Node& node = key.value;
    by_at_ = node.at;
    if (node.is_scalar() && node.text == "agent") return;
    read_key(node, key.key);
  }

  void read_window(const yaml::Entry& key) {
    window_ = build_.reading.duration(key.value, key.key, window_bounds);
    sound_ = sound_ && window_.has_value();
  }

  void read_max(const yaml::Entry& key) {
    keep(counter_.max, build_.reading.amount(key.value, key.key, amount_units_max));
  }

  void read_tools(const yaml::Entry& key) {
    if (of_file_) return;  // read after the last entry
    wrong(key.key_at,
          "`tools` stands at a counter of the file: one of an entry is about that "
          "entry's own tools");
  }

 private:
  enum class Per : std::uint8_t { none, run, time, agent, argument };

  void wrong(const Position& at, std::string message) {
    sound_ = false;
    build_.reading.mistake(at, std::move(message));
  }

  void read_key(const yaml::Node& node, std::string_view key) {
    const auto path = node.is_scalar() ? named_argument(node.text) : std::nullopt;
    if (path && one_value(*path)) {
      counter_.by = *path;
    } else {
      wrong(node.at, fmt::format("`{}` must be one argument, such as `args.customer_id`, found {}",
                                 key, node.described()));
    }
  }

  // One extent, however it is written.
  void settle_extent() {
    const yaml::Entry* window = node_.entry(kWindow);
    const bool in_per = per_ == Per::argument || per_ == Per::agent;
    if (in_per && by_at_) {
      wrong(*by_at_,
            "`per` says already what has a sum of its own: `by` stands beside a length of "
            "time, or beside `per: run`");
    }
    if (in_per && window == nullptr) {
      wrong(per_at_,
            "the time is missing: say `window: 1d`, or `per: run` (or `per: 1d`) with `by`");
    }
    if (!in_per && window != nullptr && per_ != Per::none) {
      wrong(window->key_at,
            "`per` says the time already: `window` stands beside `per` with an "
            "argument or `agent`");
    }
    if (in_per && window_) counter_.window = *window_;
  }

  static constexpr LengthBetween window_bounds{Duration::seconds(1), counter_window_max};

  Build& build_;
  const yaml::Node& node_;
  ToolRule& rule_;
  bool of_file_;
  CounterRule counter_;
  Per per_ = Per::none;
  Position per_at_;
  std::optional<Position> by_at_;
  std::optional<Duration> window_;
  bool sound_ = true;
};

constexpr auto kCounterKeys = section_keys<Build, CounterReader>(
    Section::counter,
    {
        {kAdd, "whole number or expression", "1", 5,
         "What a call adds: a number, an argument (`args.amount_usd`, or `args.items[].amount` for "
         "all "
         "of its elements), or an expression that counts.",
         method<&CounterReader::read_add>},
        {"per", "period, `agent` or argument", "required", 5,
         "What has one sum: `run`, a length of time that slides (`24h`); or, beside `window`, "
         "`agent` "
         "or "
         "an argument.",
         method<&CounterReader::read_per>},
        {"by", "argument or `agent`", "agent", 5,
         "The argument whose every value has a sum of its own, beside `per: run` or a length of "
         "time.",
         method<&CounterReader::read_by>},
        {kWindow, "duration", "as `per` says", 5,
         "The length of time, beside `per` with an argument or `agent`.",
         method<&CounterReader::read_window>},
        {"max", "decimal number", "required", 5,
         "What the sum may come to, in flight and settled; at most 9 decimals.",
         method<&CounterReader::read_max>},
        {kCounterTools, "list of names", "entries name it", 5,
         "Names of entries whose calls add to it; only for a counter of the file.",
         method<&CounterReader::read_tools>},
    });

std::optional<CounterRule> CounterReader::read() {
  if (!read_section(build_, node_, kCounterKeys, *this)) return std::nullopt;
  if (node_.entry(kAdd) == nullptr) counter_.whole = Amount{nano_per_unit};
  settle_extent();
  const bool adds = counter_.whole || counter_.add_by || !counter_.add.empty();
  if (!sound_ || !adds || counter_.max.nano == 0) return std::nullopt;
  return std::move(counter_);
}

void add(Build& build, ToolRule& rule, CounterRule counter, const Position& at) {
  const auto same = std::ranges::find(rule.counters, counter.id, &CounterRule::id);
  if (same != rule.counters.end()) {
    build.reading.mistake(at, fmt::format("`{}` adds to this sum twice; the first is in line {}",
                                          escape_untrusted(rule.key), same->rule.at.line));
  } else if (rule.counters.size() == counters_max) {
    build.reading.mistake(at, fmt::format("more than {} counters of one entry", counters_max));
  } else {
    rule.counters.push_back(std::move(counter));
  }
}

std::string identity(const CounterRule& counter, const ToolRule& rule) {
  std::string out = fmt::format("{}: {} per {}", rule.key, added_by(counter, rule),
                                counter.window.ns == 0 ? "run" : to_string(counter.window));
  return counter.by.empty() ? out : out + " by args." + to_string(counter.by);
}

// A counter of the file as one entry adds to it.
void add_of_file(Build& build, ToolRule& rule, const std::string& name, const Position& at) {
  const auto found = build.counters.find(name);
  if (found == build.counters.end()) {
    std::vector<std::string> names;
    for (const auto& [each, counter] : build.counters) names.push_back(each);
    const std::string near = closest_match(name, names);
    build.reading.mistake(
        at,
        fmt::format("the file has no counter `{}`{}", escape_untrusted(name),
                    near.empty() ? ": expected a mapping, or a name of its `counters`"
                                 : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
    return;
  }
  found->second.used = true;
  CounterReader reader(build, *found->second.node, rule, "counters/" + name, true);
  if (auto counter = reader.read()) {
    counter->id = name;
    add(build, rule, std::move(*counter), at);
  }
}

void read_list(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  std::size_t number = 0;
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    ++number;
    if (item.is_scalar()) {
      if (const auto name = build.reading.text(item, key.key)) {
        add_of_file(build, rule, *name, item.at);
      }
      return;
    }
    CounterReader reader(build, item, rule, fmt::format("{}/counters/{}", path, number), false);
    if (auto counter = reader.read()) {
      counter->id = identity(*counter, rule);
      add(build, rule, std::move(*counter), item.at);
    }
  });
}

// Where one tool of a list of the file is.
void add_tool(Build& build, const std::string& name, const Placed& tool) {
  bool any = false;
  for (ToolRule& rule : build.policy.tools) {
    // One entry may stand there once for each server; its key has the names as written.
    const auto names = split(rule.key, '|');
    if (std::ranges::find(names, tool.text) == names.end()) continue;
    any = true;
    add_of_file(build, rule, name, tool.at);
  }
  if (any) return;
  std::vector<std::string> known;
  for (const auto& [each, at] : build.written_names) known.push_back(each);
  const std::string near = closest_match(tool.text, known);
  build.reading.mistake(
      tool.at,
      fmt::format("no entry of this file is named `{}`{}", escape_untrusted(tool.text),
                  near.empty() ? "" : fmt::format(": did you mean `{}`?", escape_untrusted(near))));
}

}  // namespace

void list_counter_keys(std::vector<Key>& into) {
  kCounterKeys.list(into);
}

void read_file_counter(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  if (build.counters.size() == file_counters_max) {
    build.reading.mistake(key.key_at, fmt::format("more than {} counters", file_counters_max));
    return;
  }
  if (!identifier(key.key)) {
    build.reading.mistake(key.key_at, fmt::format("a counter is called with letters, digits and "
                                                  "`_`, found `{}`",
                                                  escape_untrusted(key.key)));
    return;
  }
  ToolRule scratch;  // what is wrong with it is said once, also where nothing adds to it
  CounterReader(build, key.value, scratch, "counters/" + key.key, true).read();
  build.counters[key.key] = {&key.value, key.key_at, false};
}

void read_counters(Build& build, const yaml::Entry& key, const std::string& path, ToolRule& rule) {
  if (!key.value.is_map()) return read_list(build, key, path, rule);
  build.reading.names(key.value, key.key, [&](const yaml::Entry& one) {
    CounterReader reader(build, one.value, rule, path + "/counters/" + one.key, false);
    if (auto counter = reader.read()) {
      counter->id = rule.key + "/" + one.key;
      add(build, rule, std::move(*counter), one.key_at);
    }
  });
}

void apply_counters(Build& build) {
  for (const auto& [name, counter] : build.counters) {
    if (const yaml::Entry* tools = counter.node->entry(kCounterTools)) {
      for (const Placed& tool : build.reading.texts(tools->value, tools->key)) {
        add_tool(build, name, tool);
      }
      continue;
    }
    if (counter.used) continue;
    build.reading.mistake(counter.at,
                          fmt::format("nothing adds to `{}`: say `tools`, or name it in the "
                                      "`counters` of an entry",
                                      escape_untrusted(name)));
  }
}

}  // namespace pawl
