// A policy with everything that it is read from: lists, zones, links, layers.
#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/paths.h"
#include "app/real_path.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kernel/admit/examples.h"
#include "kernel/config/limits.h"

namespace pawl::app {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<std::string>;

std::string beside(const std::string& file, std::string_view relative) {
  return (fs::path(file).parent_path() / relative).string();
}

// The list files beside a file. The message names the list and its place in the policy; the path
// would be said twice.
std::function<Result<std::string>(std::string_view)> lists_beside(const std::string& path,
                                                                  Files* files) {
  return [path, files](std::string_view name) -> Result<std::string> {
    if (files != nullptr) files->push_back(beside(path, name));
    auto bytes = read_file(beside(path, name), limits::list_bytes_max);
    if (!bytes) bytes.error().at = {};
    return bytes;
  };
}

}  // namespace

std::vector<std::string> roles_of(const Deployment& deployment, const std::string& path) {
  std::vector<std::string> names;
  for (const auto& [name, role] : deployment.roles) {
    const std::string bound = real_path(beside(deployment.file, home_expanded(role.file)));
    if (bound == real_path(path)) names.push_back(name);
  }
  return names;
}

std::string candidate_file(const std::string& path, const Deployment::Role& role) {
  return real_path(beside(path, home_expanded(role.candidate)));
}

namespace {

// … and those whose candidate it is: it may name the same credentials.
std::vector<std::string> roles_beside(const Deployment& deployment, const std::string& path) {
  std::vector<std::string> names = roles_of(deployment, path);
  for (const auto& [name, role] : deployment.roles) {
    const bool known = std::ranges::find(names, name) != names.end();
    if (known || role.candidate.empty()) continue;
    if (candidate_file(deployment.file, role) == real_path(path)) names.push_back(name);
  }
  return names;
}

LoadSources sources_for(const std::string& path, const Deployment* deployment, Files* files) {
  LoadSources sources;
  sources.read = lists_beside(path, files);
  sources.zone = read_zone;
  sources.place = [](const std::string& directory) {
    std::error_code failed;
    const auto place = fs::weakly_canonical(directory, failed);
    return failed ? std::string() : place.string();
  };
  if (deployment != nullptr) {
    sources.credentials = deployment->credential_names(roles_beside(*deployment, path));
  }
  return sources;
}

// One layer: how it is called, and where it is.
struct Place {
  std::string name, path;
};

// A file that the deployment gives to one role cannot take the layers of another one.
Status same_role(const Deployment& deployment, const std::string& file, const std::string& agent) {
  for (const auto& [name, role] : deployment.roles) {
    const std::string bound = real_path(beside(deployment.file, home_expanded(role.file)));
    if (name == agent || bound != real_path(file)) continue;
    const auto own = deployment.roles.find(agent);
    if (own != deployment.roles.end() &&
        real_path(beside(deployment.file, home_expanded(own->second.file))) == bound) {
      continue;
    }
    return fail(
        ErrorKind::invalid,
        fmt::format("the deployment file gives `{}` to the role `{}`, and its agent is "
                    "`{}`: the layers of one role are not those of another",
                    escape_untrusted(file), escape_untrusted(name), escape_untrusted(agent)),
        role.at);
  }
  return {};
}

Result<std::vector<Place>> places(const MoreLayers& more, const Policy& alone,
                                  const Deployment* deployment) {
  std::vector<Place> out;
  const bool named = more.of_deployment && deployment != nullptr && !deployment->layers.empty();
  if (named) {
    if (Status same = same_role(*deployment, alone.file, alone.agent); !same) {
      return std::unexpected(same.error());
    }
    const auto files = deployment->layers_of(alone.agent);
    if (!files) return std::unexpected(files.error());
    for (const std::string& file : *files) {
      out.push_back({file, beside(deployment->file, home_expanded(file))});
    }
  }
  for (const std::string& file : more.files) {
    const bool known = std::ranges::any_of(
        out, [&](const Place& one) { return real_path(one.path) == real_path(file); });
    if (!known) out.push_back({file, file});
  }
  return out;
}

Result<LayerSource> layer_at(const Place& place, Files* files) {
  if (files != nullptr) files->push_back(place.path);
  auto text = read_file(place.path, limits::file_bytes_max);
  if (!text) {
    Error error = text.error();
    error.message =
        fmt::format("the layer `{}` cannot be read, and nothing is granted without it: {}",
                    escape_untrusted(place.name), error.message);
    return std::unexpected(std::move(error));
  }
  return LayerSource{place.name, std::move(*text), lists_beside(place.path, files)};
}

}  // namespace

Loaded read_policy_with(const MoreLayers& more, const std::string& path,
                        const Deployment* deployment, Files* files) {
  if (files != nullptr) files->assign(1, path);
  const auto text = read_file(path, limits::file_bytes_max);
  if (!text) return {.policy = nullptr, .errors = {text.error()}};
  LoadSources sources = sources_for(path, deployment, files);
  Loaded alone = with_examples(load_policy(*text, path, sources));
  if (alone.policy == nullptr) return alone;
  const auto layers = places(more, *alone.policy, deployment);
  if (!layers) return {.policy = nullptr, .errors = {layers.error()}};
  if (layers->empty()) return alone;
  std::vector<Error> errors;
  for (const Place& place : *layers) {
    auto layer = layer_at(place, files);
    if (layer) {
      sources.layers.push_back(std::move(*layer));
    } else {
      errors.push_back(std::move(layer.error()));
    }
  }
  if (!errors.empty()) return {.policy = nullptr, .errors = std::move(errors)};
  return load_policy(*text, path, sources);
}

Loaded read_policy(const std::string& path, const Deployment* deployment, Files* files) {
  return read_policy_with({}, path, deployment, files);
}

bool is_layer(std::string_view text) {
  const yaml::Read read = yaml::read(text, "", limits::file_bytes_max);
  return read.root.is_map() && read.root.entry("layer") != nullptr;
}

Loaded read_layer(const std::string& path) {
  const auto text = read_file(path, limits::file_bytes_max);
  if (!text) return {.policy = nullptr, .errors = {text.error()}};
  return load_layer(*text, path, sources_for(path, nullptr, nullptr));
}

}  // namespace pawl::app
