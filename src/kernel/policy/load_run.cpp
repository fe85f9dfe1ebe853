// `execution` and `escalation`.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

void read_budget(Build& build, const yaml::Node& node) {
  build.reading.keys(node, Section::budget, [&](const yaml::Entry& key) {
    if (key.key == "action") {
      build.reading.word(key.value, "action", {"halt_and_escalate"},
                         {"hold", "halt", "deny", "notify", "warn", "escalate"});
    } else if (key.key == "notify") {
      build.policy.ceilings.notify = build.reading.text(key.value, "notify").value_or("");
    } else {
      return false;
    }
    return true;
  });
}

// True where the key is a whole number; `into` and `rule` are what it fills.
bool read_number(Build& build, const yaml::Entry& key) {
  Ceilings& ceilings = build.policy.ceilings;
  struct Row {
    std::string_view key;
    std::optional<std::uint64_t>* into;
    std::uint64_t most;
    Rule* rule;
  };
  const Row rows[] = {
      {"max_steps", &ceilings.steps, limits::steps_max, &ceilings.steps_rule},
      {"max_denials", &ceilings.denials, limits::steps_max, &ceilings.denials_rule},
      {"max_tokens_per_run", &ceilings.tokens, limits::tokens_max, &ceilings.tokens_rule},
  };
  for (const Row& row : rows) {
    if (row.key != key.key) continue;
    *row.into = build.reading.count(key.value, key.key, {1, row.most});
    *row.rule = {fmt::format("execution/{}", key.key), key.key_at};
    return true;
  }
  return false;
}

void read_contact(Build& build, const yaml::Node& node) {
  Contact contact;
  contact.at = node.at;
  const bool read = build.reading.keys(node, Section::contact, [&](const yaml::Entry& key) {
    if (key.key == "name") {
      contact.name = build.reading.text(key.value, "name").value_or("");
    } else if (key.key == "via") {
      contact.via = build.reading.text(key.value, "via").value_or("");
      const std::size_t colon = contact.via.find(':');
      const bool way = colon != std::string::npos && colon > 0 &&
                       !trim(std::string_view(contact.via).substr(colon + 1)).empty();
      if (!contact.via.empty() && !way) {
        build.reading.mistake(key.value.at,
                              fmt::format("`via` is `{}`, expected a way and a goal such as "
                                          "`slack:@name` or `command: PROGRAM`",
                                          escape_untrusted(contact.via)));
      }
    } else if (key.key == "after") {
      contact.after =
          build.reading.duration(key.value, "after", {Duration{}, limits::contact_after_max})
              .value_or(Duration{});
    } else {
      return false;
    }
    return true;
  });
  if (!read) return;
  build.reading.missing(node, Section::contact, "name");
  build.reading.missing(node, Section::contact, "via");
  build.policy.contacts.push_back(std::move(contact));
}

}  // namespace

void read_execution(Build& build, const yaml::Node& node) {
  Ceilings& ceilings = build.policy.ceilings;
  const bool read = build.reading.keys(node, Section::execution, [&](const yaml::Entry& key) {
    const Rule rule{fmt::format("execution/{}", key.key), key.key_at};
    if (read_number(build, key)) return true;
    if (key.key == "max_wall_clock_seconds") {
      ceilings.wall_clock = build.reading.seconds(key.value, key.key, limits::wall_clock_max);
      ceilings.wall_clock_rule = rule;
    } else if (key.key == "max_wall_clock") {
      ceilings.wall_clock = build.reading.duration(key.value, key.key,
                                                   {Duration::seconds(1), limits::wall_clock_max});
      ceilings.wall_clock_rule = rule;
    } else if (key.key == "max_cost_usd") {
      ceilings.cost_nano_usd = build.reading.money(key.value, key.key);
      ceilings.cost_rule = rule;
    } else if (key.key == "on_budget_exceeded") {
      read_budget(build, key.value);
    } else {
      return false;
    }
    return true;
  });
  if (read) build.reading.both(node, "max_wall_clock", "max_wall_clock_seconds");
}

void read_escalation(Build& build, const yaml::Node& node) {
  const bool read = build.reading.keys(node, Section::escalation, [&](const yaml::Entry& key) {
    if (key.key != "contacts") return false;
    build.reading.items(key.value, "contacts",
                        [&](const yaml::Node& item) { read_contact(build, item); });
    return true;
  });
  if (read) build.reading.missing(node, Section::escalation, "contacts");
}

}  // namespace pawl
