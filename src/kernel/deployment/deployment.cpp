#include "kernel/deployment/deployment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {

bool is_word(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
}

bool is_variable(std::string_view name) {
  return is_word(name) && !(name.front() >= '0' && name.front() <= '9') &&
         name.find_first_of("-.@") == std::string_view::npos;
}

bool DeploymentBuild::named(const yaml::Entry& entry, std::string_view what) {
  if (is_word(entry.key)) return true;
  reading.mistake(entry.key_at,
                  fmt::format("`{}` is not a valid {} name: expected letters, digits, `-`, `_`, "
                              "`.` and `@`",
                              escape_untrusted(entry.key), what));
  return false;
}

std::vector<std::string> DeploymentBuild::words(const yaml::Node& node, std::string_view what) {
  std::vector<std::string> out;
  reading.items(node, what, [&](const yaml::Node& item) {
    if (item.is_scalar() && !item.quoted && item.as_number()) {
      out.push_back(item.text);  // `--port 8080` is text for everybody
    } else if (auto word = reading.text(item, what)) {
      out.push_back(std::move(*word));
    }
  });
  return out;
}

std::vector<std::string> DeploymentBuild::list(const yaml::Node& node, std::string_view what) {
  std::vector<std::string> out;
  if (!node.is_sequence()) {
    reading.mistake(node.at, fmt::format("`{}` must be a list, found {}", what, node.described()));
    return out;
  }
  for (Placed& one : reading.texts(node, what)) out.push_back(std::move(one.text));
  return out;
}

void DeploymentBuild::unknown(const Placed& name, std::string_view what,
                              const std::vector<std::string>& names) {
  const std::string near = closest_match(name.text, names);
  reading.mistake(name.at,
                  fmt::format("there is no {} `{}`{}", what, escape_untrusted(name.text),
                              near.empty() ? "" : fmt::format(": did you mean `{}`?", near)));
}

namespace {

constexpr auto kDeploymentKeys = section_keys<DeploymentBuild, Deployment>(
    Section::deployment,
    {
        {"version", "`1`", "1", 0, "Version of the file's grammar.", version<>},
        {"roles", names_of(Section::role, "mapping of role names"), "none", 13,
         "Which policy governs which role.", each_name<read_role>, CompareAs::roles},
        {"servers", names_of(Section::server, "mapping of server names"), "none", 13,
         "What a server's name stands for.", each_name<read_server>},
        {"people", mapping(Section::people, "mapping of persons"), "none", 10, "Who may answer.",
         read_people, CompareAs::people},
        {"notify", mapping(Section::notify), "see its keys", 0,
         "How people learn that something waits.", read_notify},
        {"drill", mapping(Section::drill), "never", 0, "How often the kill switch is exercised.",
         read_drill},
        {"vigilance", mapping(Section::vigilance), "never", 0,
         "Test calls that should not be approved, asked for now and then. They never run.",
         read_vigilance},
        {"credentials", names_of(Section::credential, "mapping of names"), "none", 0,
         "Secrets that a policy may name in `credential`.", each_name<read_credential>,
         CompareAs::credentials},
        {"store", mapping(Section::store), "systemd's credential", 0,
         "What opens the encrypted store of secrets.", read_store},
        {"listen", mapping(Section::listen), "nowhere", 0, "Where `pawl serve` listens.",
         read_listen},
        {"limits", mapping(Section::gateway_limits), "see its keys", 0,
         "How much of `pawl serve` there is, and how much of it one caller may take.", read_limits,
         CompareAs::gateway_limits},
        {"traces", mapping(Section::traces), "no one", 0,
         "Who is told how calls went, as OpenTelemetry.", read_traces},
        {"agents", names_of(Section::deployed_agent, "mapping of names"), "none", 0,
         "Who may call over the network, and as which role.", each_name<read_deployed_agent>,
         CompareAs::agents},
        {"issuers", names_of(Section::issuer, "mapping of names"), "none", 0,
         "Who signs tokens about agents, where its keys are, and what its tokens have to say.",
         each_name<read_issuer>},
        {"trust_domains", names_of(Section::trust_domain, "mapping of trust domains"), "none", 0,
         "SPIFFE trust domains whose JWT-SVIDs count, by their names in SPIFFE ids.",
         each_name<read_trust_domain>},
        {"models", names_of(Section::provider, "mapping of provider names"), "none", 9,
         "Providers whose models may be asked through pawl, at `/llm/NAME`.",
         each_name<read_model_provider>},
        {"prices", "text", "the program's", 9,
         "A file with prices of models, relative to this file: its lines take the place of the "
         "program's.",
         text<&Deployment::prices>},
        {"budgets", names_of(Section::standing_budget, "mapping of names"), "none", 9,
         "What runs may spend on models together, within an hour, a day or a month.",
         each_name<read_budget>},
        {"policies", "mapping", "", 0, "Where signed policies come from."},
        {"layers", "list of files", "none", 13,
         "Layer files that every call of every role has to pass too, relative to this file. "
         "`${role.team}` stands for the role's team.",
         read_layers},
        {"state", "mapping", "", 0, "State shared by several machines."},
        {"observe", "mapping", "", 15, "Watches without enforcing."},
    });

}  // namespace

const KeyTable& deployment_keys() {
  static const KeyTable table = [] {
    std::vector<Key> rows;
    kDeploymentKeys.list(rows);
    for (const auto list :
         {list_role_keys, list_server_keys, list_people_keys, list_notify_keys, list_vigilance_keys,
          list_deployed_agent_keys, list_issuer_keys, list_credential_keys, list_listen_keys,
          list_limit_keys, list_traces_keys, list_budget_keys, list_model_provider_keys}) {
      list(rows);
    }
    return KeyTable(std::move(rows));
  }();
  return table;
}

LoadedDeployment load_deployment(std::string_view text, std::string_view file) {
  yaml::Read read = yaml::read(text, file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  DeploymentBuild build(read, file);
  if (root.kind != yaml::Kind::null || build.reading.sound()) {
    read_section(build, root, kDeploymentKeys, build.into);
    check_people(build);
    check_roles(build);
    check_budgets(build);
    check_credentials(build);
    check_servers(build);
    if (build.reading.sound()) check_model_providers(build);
    check_traces(build);
    check_agents(build);
    check_notify(build);
    check_vigilance(build);
  }
  LoadedDeployment loaded;
  if (build.reading.sound()) {
    loaded.deployment = std::move(build.into);
  } else {
    loaded.errors = build.reading.take_errors(build.into.file);
  }
  return loaded;
}

}  // namespace pawl
