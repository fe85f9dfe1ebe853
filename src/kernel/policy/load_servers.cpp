// `servers`: defaults for every tool of a server; and `environment` by an argument of the call.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/policy/build.h"
#include "kernel/policy/policy_keys.h"

namespace pawl {
namespace {

class EnvironmentReader {
 public:
  EnvironmentReader(Build& build, const yaml::Node& node, Rule rule) : build_(build), node_(node) {
    by_.rule = std::move(rule);
  }

  std::shared_ptr<const EnvironmentBy> read();

  void read_argument(const yaml::Entry& key) {
    if (auto path = read_single_argument(build_, key)) by_.argument = std::move(*path);
  }

  template <Environment Means>
  void read_values(const yaml::Entry& key) {
    for (const Placed& value : build_.lists.texts(build_.reading, key.value, key.key)) {
      const bool known = std::ranges::any_of(
          by_.values, [&](const auto& other) { return other.first == value.text; });
      if (known) {
        build_.reading.mistake(value.at, fmt::format("`{}` names two environments, or one twice",
                                                     escape_untrusted(value.text)));
      } else {
        by_.values.emplace_back(value.text, Means);
      }
    }
  }

 private:
  Build& build_;
  const yaml::Node& node_;
  EnvironmentBy by_;
};

constexpr auto kEnvironmentKeys = section_keys<Build, EnvironmentReader>(
    Section::environment,
    {
        {"of", "text", "required", 0,
         "The argument that names the environment: `args.context`. A call without it is denied.",
         method<&EnvironmentReader::read_argument>},
        {"production", "list of values", "no value", 0,
         "Values of the argument that mean production. What no list has is denied.",
         method<&EnvironmentReader::read_values<Environment::production>>},
        {"staging", "list of values", "no value", 0, "Values that mean staging.",
         method<&EnvironmentReader::read_values<Environment::staging>>},
        {"development", "list of values", "no value", 0, "Values that mean development.",
         method<&EnvironmentReader::read_values<Environment::development>>},
    });

std::shared_ptr<const EnvironmentBy> EnvironmentReader::read() {
  if (!read_section(build_, node_, kEnvironmentKeys, *this)) return nullptr;
  if (by_.values.empty()) {
    build_.reading.mistake(node_.at,
                           "`environment` by an argument names no value of it: expected "
                           "`production`, `staging` or `development` with a list");
  }
  if (by_.argument.empty() || by_.values.empty()) return nullptr;
  std::ranges::sort(by_.values);
  return std::make_shared<const EnvironmentBy>(std::move(by_));
}

std::string path_of(const ServerDefaults& server) {
  return server.rule.rule.path;
}

void read_args_of_server(Build& build, ServerDefaults& into, const yaml::Entry& key) {
  read_arguments(build, key, path_of(into) + "/" + key.key, into.rule);
}

void read_class_of_server(Build& build, ServerDefaults& into, const yaml::Entry& key) {
  read_stated_class(build, key, path_of(into), into.rule.stated_class, into.rule.class_rule);
}

void read_credential_of_server(Build& build, ServerDefaults& into, const yaml::Entry& key) {
  read_credential(build, key.value, path_of(into), into.rule);
}

void read_environment_of_server(Build& build, ServerDefaults& into, const yaml::Entry& key) {
  into.rule.environment_by =
      read_environment_by(build, key.value, {path_of(into) + "/environment", key.key_at});
}

// What a server may be refused besides its tools. Without a grant all of it is refused anyway.
constexpr std::string_view kPrompts = "mcp:prompts/get";
constexpr std::string_view kResources = "mcp:resources/read";
constexpr std::string_view kSampling = "mcp:sampling/createMessage";
constexpr std::string_view kElicitation = "mcp:elicitation/create";

template <const std::string_view& Action>
void denies(Build& build, ServerDefaults& into, const yaml::Entry& key) {
  if (build.reading.word(key.value, key.key, {"deny"}, {"allow", "hold", "notify"})) {
    into.denied.push_back({key.key, Action, key.key_at});
  }
}

constexpr auto kServerKeys = section_keys<Build, ServerDefaults>(
    Section::of_server,
    {
        {"args", "mapping of arguments", "none", 6,
         "What each argument must be, besides what the entry says. A granted tool has to have "
         "them.",
         read_args_of_server},
        {"class", "words", "the entry's", 11, "The class of tools that state none.",
         read_class_of_server},
        {credential_key, "text or credentials by argument", "the entry's", 0,
         "For tools that name none.", read_credential_of_server},
        {"environment", mapping(Section::environment), "the file's", 0,
         "The argument that says in which environment a call works.", read_environment_of_server},
        {"prompts", "`deny`", "denied unless granted", 1, "Refuses grants of prompts.",
         denies<kPrompts>},
        {"resources", "`deny`", "denied unless granted", 1, "Refuses grants of resources.",
         denies<kResources>},
        {"sampling", "`deny`", "denied unless granted", 1, "Refuses grants of sampling.",
         denies<kSampling>},
        {"elicitation", "`deny`", "denied unless granted", 1, "Refuses grants of elicitation.",
         denies<kElicitation>},
    });

// All checks of one argument belong into one rule; both have to hold.
void merge_argument(const ArgumentRule& more, ToolRule& entry) {
  const auto same = std::ranges::find_if(entry.arguments, [&](const ArgumentRule& own) {
    return own.plural.empty() && to_string(own.path) == to_string(more.path);
  });
  if (same == entry.arguments.end()) {
    entry.arguments.push_back(more);
    return;
  }
  same->required = same->required || more.required;
  same->min_items = std::max(same->min_items, more.min_items);
  same->lines_allowed = same->lines_allowed && more.lines_allowed;
  same->checks.insert(same->checks.end(), more.checks.begin(), more.checks.end());
}

void apply(const ServerDefaults& defaults, ToolRule& entry) {
  const ToolRule& own = defaults.rule;
  for (const ArgumentRule& argument : own.arguments) merge_argument(argument, entry);
  for (const std::string& name : own.named) {
    if (std::ranges::find(entry.named, name) == entry.named.end()) entry.named.push_back(name);
  }
  if (!entry.stated_class && own.stated_class) {
    entry.stated_class = own.stated_class;
    entry.class_rule = own.class_rule;
  }
  if (entry.credential.empty() && entry.credential_by == nullptr) {
    entry.credential = own.credential;
    entry.credential_by = own.credential_by;
  }
  if (own.environment_by != nullptr) entry.environment_by = own.environment_by;
}

// The names of an entry by the server whose defaults hold for them; empty: none. A name that
// reaches a server among others gets a second, more specific one for it, unless the file has that
// itself.
std::map<std::string, std::vector<std::string>> by_server(const Build& build,
                                                          const ToolRule& entry) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const std::string& name : entry.names) {
    const auto pattern = parse_name(name);
    if (!pattern) continue;
    const std::string own = pattern->any_server ? std::string() : pattern->server.text();
    const bool exact = !own.empty() && build.servers.contains(own);
    groups[exact ? own : std::string()].push_back(name);
    if (exact || pattern->reserved()) continue;
    for (const auto& [server, defaults] : build.servers) {
      const bool reaches = pattern->any_server || pattern->server.matches(server);
      std::string narrow = server + "/" + pattern->tool.text();
      if (!reaches || !defaults.any() || build.written_names.contains(narrow)) continue;
      groups[server].push_back(std::move(narrow));
    }
  }
  return groups;
}

void check_denied(Build& build, const ToolRule& entry) {
  for (const auto& [server, defaults] : build.servers) {
    for (const auto& [kind, action, at] : defaults.denied) {
      for (const std::string& name : entry.names) {
        const auto pattern = parse_name(name);
        if (!pattern || !pattern->grants(server, action)) continue;
        build.reading.mistake(
            entry.rule.at,
            fmt::format("`{}` is granted here, and `servers.{}` denies `{}` in "
                        "line {}",
                        escape_untrusted(name), escape_untrusted(server), kind, at.line));
      }
    }
  }
}

}  // namespace

bool ServerDefaults::any() const {
  return !rule.arguments.empty() || rule.stated_class || !rule.credential.empty() ||
         rule.credential_by != nullptr || rule.environment_by != nullptr;
}

std::shared_ptr<const EnvironmentBy> read_environment_by(Build& build, const yaml::Node& node,
                                                         Rule rule) {
  return EnvironmentReader(build, node, std::move(rule)).read();
}

void list_server_default_keys(std::vector<Key>& into) {
  kEnvironmentKeys.list(into);
  kServerKeys.list(into);
}

void read_server(Build& build, Policy& /*into*/, const yaml::Entry& server) {
  ServerDefaults made;
  made.at = server.key_at;
  made.rule.rule = {"servers/" + server.key, server.key_at};
  read_section(build, server.value, kServerKeys, made);
  build.servers.emplace(server.key, std::move(made));
}

std::vector<ToolRule> with_servers(Build& build, ToolRule entry) {
  std::vector<ToolRule> all;
  if (entry.environment_by == nullptr) entry.environment_by = build.environment_by;
  check_denied(build, entry);
  auto groups = by_server(build, entry);
  for (auto& [server, names] : groups) {
    ToolRule part = entry;  // with its key: what it counts is counted together
    // Examples are about the calls that get the defaults.
    if (server.empty() && groups.size() > 1) part.examples.clear();
    part.names = std::move(names);
    if (!server.empty()) apply(build.servers.at(server), part);
    all.push_back(std::move(part));
  }
  return all;
}

void apply_servers(Build& build) {
  std::vector<ToolRule> all;
  for (ToolRule& entry : build.policy.tools) {
    for (ToolRule& part : with_servers(build, std::move(entry))) {
      part.index = static_cast<std::uint32_t>(all.size());
      all.push_back(std::move(part));
    }
  }
  build.policy.tools = std::move(all);
}

}  // namespace pawl
