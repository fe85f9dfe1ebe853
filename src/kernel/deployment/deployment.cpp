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
                  fmt::format("`{}` is no name of a {}: expected letters, digits, `-`, `_`, "
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

void read_version(DeploymentBuild& build, const yaml::Entry& entry) {
  build.reading.count(entry.value, "version", {1, 1});
}

struct DeploymentSection {
  std::string_view key;
  void (*read)(DeploymentBuild& build, const yaml::Entry& entry);
};
constexpr DeploymentSection kSections[] = {
    {"version", read_version},     {"listen", read_listen},
    {"layers", read_layers},       {"roles", read_roles},
    {"servers", read_servers},     {"people", read_people},
    {"notify", read_notify},       {"credentials", read_credentials},
    {"store", read_store},         {"agents", read_agents},
    {"issuers", read_issuers},     {"trust_domains", read_trust_domains},
    {"traces", read_traces},       {"drill", read_drill},
    {"vigilance", read_vigilance}, {"limits", read_limits},
};

}  // namespace

LoadedDeployment load_deployment(std::string_view text, std::string_view file) {
  yaml::Read read = yaml::read(text, file, limits::file_bytes_max);
  const yaml::Node root = std::move(read.root);
  DeploymentBuild build(read, file);
  if (root.kind != yaml::Kind::null || build.reading.sound()) {
    build.reading.keys(root, Section::deployment, [&build](const yaml::Entry& key) {
      const auto* const section = std::ranges::find(kSections, key.key, &DeploymentSection::key);
      if (section == std::end(kSections)) return false;
      section->read(build, key);
      return true;
    });
    check_people(build);
    check_roles(build);
    check_credentials(build);
    check_servers(build);
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
