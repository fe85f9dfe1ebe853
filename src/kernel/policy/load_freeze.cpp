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

struct FreezeDraft {
  Freeze freeze;
  std::string zone;
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

std::optional<Zone> read_zone(Build& build, const FreezeDraft& written) {
  if (written.zone.empty()) return std::nullopt;
  Result<Zone> zone = build.sources.zone ? build.sources.zone(written.zone)
                                         : fail(ErrorKind::missing, "there are no time zones here");
  if (zone) return *zone;
  build.reading.mistake(written.zone_at,
                        fmt::format("the time zone `{}` cannot be read: {}",
                                    escape_untrusted(written.zone), zone.error().message));
  return std::nullopt;
}

void read_stop(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  static const std::vector<std::string> words = {"read_only", "reversible", "irreversible"};
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    const auto word = build.reading.word(item, key.key, words);
    if (word) into.freeze.stop.push_back(static_cast<Reversibility>(*word));
  });
}

// The instants of the window: from the bundle where there is one, else by the zone.
bool settle(Build& build, const FreezeDraft& written, Freeze& freeze) {
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

bool settle_weekly(Build& build, const FreezeDraft& written, Freeze& freeze) {
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

void read_env(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  static const std::vector<std::string> words = {"development", "staging", "production"};
  build.reading.items(key.value, key.key, [&](const yaml::Node& item) {
    const auto word = build.reading.word(item, key.key, words);
    if (word) into.freeze.env.push_back(static_cast<Environment>(*word + 1));
  });
}

void read_from(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  into.from = read_mark(build, key);
}

void read_until(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  into.until = read_mark(build, key);
}

void read_weekly(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  if (const auto week = build.reading.text(key.value, key.key)) {
    into.weekly = Mark{key.value.at, *week};
  }
}

void read_zone_name(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  text<&FreezeDraft::zone>(build, into, key);
  into.zone_at = key.value.at;
}

void read_then_of_freeze(Build& build, FreezeDraft& into, const yaml::Entry& key) {
  const auto word =
      build.reading.word(key.value, key.key, {"deny", "hold"}, {"allow", "notify", "contain"});
  into.freeze.then = word == 1U ? Effect::hold : Effect::deny;
}

constexpr std::string_view kFrom = "from";
constexpr std::string_view kUntil = "until";
constexpr std::string_view kWeekly = "weekly";

constexpr auto kFreezeKeys = section_keys<Build, FreezeDraft>(
    Section::freeze,
    {
        {"name", "text", "required", 0, "How messages call it.",
         text<&FreezeDraft::freeze, &Freeze::name>},
        {kFrom, "local time or instant", "required without `weekly`", 0,
         "Its beginning: `2026-12-18T18:00`.", read_from},
        {kUntil, "local time or instant", "required without `weekly`", 0, "Its end.", read_until},
        {"zone", "text", "required for local times and `weekly`", 0,
         "The time zone: `Europe/Berlin`.", read_zone_name},
        {"stop", "list of words", "required", 0,
         "What stands still: `read_only`, `reversible`, `irreversible`.", read_stop},
        {"then", "`deny` or `hold`", "deny", 2, "What happens to such a call.",
         read_then_of_freeze},
        {kWeekly, "text", "one window", 0,
         "A window of every week: `Fri 16:00 - Mon 07:00`. Where clocks change it is the longer "
         "one.",
         read_weekly},
        {"env", "list of words", "every environment", 0,
         "Only in these: `development`, `staging`, `production`.", read_env},
    });

}  // namespace

void list_freeze_keys(std::vector<Key>& into) {
  kFreezeKeys.list(into);
}

void read_freeze(Build& build, Policy& into, const yaml::Node& node) {
  FreezeDraft written;
  Freeze& freeze = written.freeze;
  freeze.rule.at = node.at;
  if (!read_section(build, node, kFreezeKeys, written)) return;
  const bool weekly = node.entry(kWeekly) != nullptr;
  for (const std::string_view key : {kFrom, kUntil}) {
    if (!weekly) build.reading.missing(node, Section::freeze, key);
    if (weekly) build.reading.both(node, key, kWeekly);
  }
  freeze.rule.path = "freeze/" + freeze.name;
  for (const Freeze& other : into.freezes) {
    if (other.name == freeze.name) {
      build.reading.mistake(node.at,
                            fmt::format("the freeze `{}` is there twice; the first is in "
                                        "line {}",
                                        escape_untrusted(freeze.name), other.rule.at.line));
    }
  }
  const bool settled = written.weekly ? settle_weekly(build, written, freeze)
                                      : !weekly && settle(build, written, freeze);
  if (settled) into.freezes.push_back(std::move(freeze));
}

}  // namespace pawl
