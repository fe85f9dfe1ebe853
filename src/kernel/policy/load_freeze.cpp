// `freeze`: times in which classes of action stand still.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

// One end of a window, as written.
struct Mark {
  Position at;
  std::string text;
};

struct Written {
  std::string name, zone;
  Position zone_at;
  std::optional<Mark> from, until, weekly;
};

enum class End : std::uint8_t { from, until };

std::optional<Mark> read_mark(Build& build, const yaml::Entry& key) {
  const yaml::Node& node = key.value;
  if (node.is_scalar() && (parse_instant(node.text) || parse_civil(node.text))) {
    return Mark{node.at, node.text};
  }
  build.reading.mistake(node.at, fmt::format("`{}` must be a local time such as "
                                             "`2026-12-18T18:00`, found {}",
                                             key.key, node.described()));
  return std::nullopt;
}

// Where a local time can mean two instants the window is the wider of both readings.
std::optional<Instant> resolve(Build& build, const Mark& mark, const std::optional<Zone>& zone,
                               bool zone_written, End end) {
  if (const auto instant = parse_instant(mark.text)) return *instant;
  const auto civil = parse_civil(mark.text);
  if (!civil) return std::nullopt;
  if (!zone) {
    if (!zone_written) {
      build.reading.mistake(mark.at,
                            fmt::format("`{}` is a local time and the freeze has no `zone`",
                                        escape_untrusted(mark.text)));
    }
    return std::nullopt;
  }
  return end == End::from ? zone->earliest(*civil) : zone->latest(*civil);
}

std::optional<Zone> read_zone(Build& build, const Written& written) {
  if (written.zone.empty()) return std::nullopt;
  Result<Zone> zone = build.sources.zone ? build.sources.zone(written.zone)
                                         : fail(ErrorKind::missing, "there are no time zones here");
  if (zone) return *zone;
  build.reading.mistake(written.zone_at,
                        fmt::format("the time zone `{}` cannot be read: {}",
                                    escape_untrusted(written.zone), zone.error().message));
  return std::nullopt;
}

void read_stop(Build& build, const yaml::Node& node, Freeze& freeze) {
  static const std::vector<std::string> words = {"read_only", "reversible", "irreversible"};
  build.reading.items(node, "stop", [&](const yaml::Node& item) {
    const auto word = build.reading.word(item, "stop", words);
    if (word) freeze.stop.push_back(static_cast<Reversibility>(*word));
  });
}

// The instants of the window: from the bundle where there is one, else by the zone.
bool settle(Build& build, const Written& written, Freeze& freeze) {
  const auto once = [](const Freeze& other) { return !other.weekly; };
  const auto position = static_cast<std::size_t>(std::ranges::count_if(build.policy.freezes, once));
  if (build.windows != nullptr) {
    if (position >= build.windows->size() || (*build.windows)[position].name != freeze.name) {
      build.reading.mistake(freeze.rule.at, "the bundle does not hold this freeze");
      return false;
    }
    freeze.from = (*build.windows)[position].from;
    freeze.until = (*build.windows)[position].until;
    return true;
  }
  const std::optional<Zone> zone = read_zone(build, written);
  if (!written.from || !written.until) return false;
  const auto from = resolve(build, *written.from, zone, !written.zone.empty(), End::from);
  const auto until = resolve(build, *written.until, zone, !written.zone.empty(), End::until);
  if (!from || !until) return false;
  freeze.from = *from;
  freeze.until = *until;
  if (*until <= *from) {
    build.reading.mistake(written.until->at,
                          fmt::format("the freeze `{}` ends before it begins", freeze.name));
    return false;
  }
  return true;
}

// `Fri 16:00` as minutes since Sunday 00:00.
std::optional<std::int32_t> minute_of_week(std::string_view text) {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 9 || text[3] != ' ' || text[6] != ':') return std::nullopt;
  const auto day = std::ranges::find(days, text.substr(0, 3));
  if (day == days.end() || !digit(4) || !digit(5) || !digit(7) || !digit(8)) return std::nullopt;
  const int hour = (text[4] - '0') * 10 + text[5] - '0';
  const int minute = (text[7] - '0') * 10 + text[8] - '0';
  if (hour > 23 || minute > 59) return std::nullopt;
  return static_cast<std::int32_t>(day - days.begin()) * 1440 + hour * 60 + minute;
}

bool settle_weekly(Build& build, const Written& written, Freeze& freeze) {
  if (written.zone.empty()) {
    build.reading.mistake(written.weekly->at, "a weekly freeze needs a `zone`");
    return false;
  }
  const std::optional<Zone> zone = read_zone(build, written);
  const std::string& text = written.weekly->text;
  const std::size_t dash = text.find(" - ");
  const auto from = dash == text.npos ? std::nullopt : minute_of_week(text.substr(0, dash));
  auto until = dash == text.npos ? std::nullopt : minute_of_week(text.substr(dash + 3));
  if (!from || !until || *from == *until) {
    build.reading.mistake(written.weekly->at,
                          fmt::format("`weekly` must be a window such as `Fri 16:00 - Mon 07:00`, "
                                      "found `{}`",
                                      escape_untrusted(text)));
    return false;
  }
  if (!zone) return false;
  if (*until < *from) *until += 7 * 1440;
  freeze.weekly = Weekly{*from, *until, std::make_shared<const Zone>(*zone)};
  if (!zone->bytes().empty()) build.zones[written.zone] = zone->bytes();
  return true;
}

void read_env(Build& build, const yaml::Node& node, Freeze& freeze) {
  static const std::vector<std::string> words = {"development", "staging", "production"};
  build.reading.items(node, "env", [&](const yaml::Node& item) {
    const auto word = build.reading.word(item, "env", words);
    if (word) freeze.env.push_back(static_cast<Environment>(*word + 1));
  });
}

void read_freeze(Build& build, const yaml::Node& node) {
  Freeze freeze;
  Written written;
  freeze.rule.at = node.at;
  const bool read = build.reading.keys(node, Section::freeze, [&](const yaml::Entry& key) {
    if (key.key == "name") {
      freeze.name = build.reading.text(key.value, "name").value_or("");
    } else if (key.key == "from") {
      written.from = read_mark(build, key);
    } else if (key.key == "until") {
      written.until = read_mark(build, key);
    } else if (key.key == "weekly") {
      if (const auto text = build.reading.text(key.value, "weekly")) {
        written.weekly = Mark{key.value.at, *text};
      }
    } else if (key.key == "env") {
      read_env(build, key.value, freeze);
    } else if (key.key == "zone") {
      written.zone = build.reading.text(key.value, "zone").value_or("");
      written.zone_at = key.value.at;
    } else if (key.key == "stop") {
      read_stop(build, key.value, freeze);
    } else if (key.key == "then") {
      const auto word =
          build.reading.word(key.value, "then", {"deny", "hold"}, {"allow", "notify", "contain"});
      freeze.then = word == 1U ? Effect::hold : Effect::deny;
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  const bool weekly = node.entry("weekly") != nullptr;
  for (const std::string_view key : {"name", "from", "until", "stop"}) {
    const bool end = key == "from" || key == "until";
    if (!end || !weekly) build.reading.missing(node, Section::freeze, key);
    if (end && weekly) build.reading.both(node, key, "weekly");
  }
  freeze.rule.path = "freeze/" + freeze.name;
  for (const Freeze& other : build.policy.freezes) {
    if (other.name == freeze.name) {
      build.reading.mistake(node.at,
                            fmt::format("the freeze `{}` is there twice; the first is in "
                                        "line {}",
                                        escape_untrusted(freeze.name), other.rule.at.line));
    }
  }
  const bool settled = written.weekly ? settle_weekly(build, written, freeze)
                                      : !weekly && settle(build, written, freeze);
  if (settled) build.policy.freezes.push_back(std::move(freeze));
}

}  // namespace

void read_freezes(Build& build, const yaml::Node& node) {
  build.reading.items(node, "freeze", [&](const yaml::Node& item) { read_freeze(build, item); });
}

}  // namespace pawl
