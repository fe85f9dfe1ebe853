#include "node/files/config_files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/yaml.h"
#include "io/net/fd.h"
#include "kernel/admit/examples.h"
#include "kernel/config/limits.h"

namespace pawl::node {

namespace {

constexpr std::size_t zone_bytes_max = 1UL << 20;
constexpr std::size_t account_bytes_max = 16UL << 10;
constexpr std::string_view zone_folder = "/usr/share/zoneinfo/";

// A variable that holds an absolute path; empty otherwise, as the XDG specification wants it.
std::string folder_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value != nullptr && *value == '/' ? value : "";
}

// $HOME, else what the account says; empty where neither is known.
std::string home() {
  if (std::string stated = folder_variable("HOME"); !stated.empty()) return stated;
  std::string buffer(account_bytes_max, '\0');
  passwd account{};
  passwd* found = nullptr;
  const int failed = ::getpwuid_r(::geteuid(), &account, buffer.data(), buffer.size(), &found);
  if (failed != 0 || found == nullptr || found->pw_dir == nullptr) return {};
  return found->pw_dir;
}

bool zone_name(std::string_view name) {
  if (name.empty() || name.starts_with('/') || name.find("..") != std::string_view::npos) {
    return false;
  }
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_+-/").contains(c);
  });
}

// All of an open file, which may grow meanwhile.
Result<std::string> read_open(const net::Fd& file, std::size_t expected, std::size_t bytes_max) {
  constexpr std::size_t step_bytes = 64UL << 10;
  std::string text;
  text.reserve(std::min(expected, bytes_max) + 1);
  for (;;) {
    const std::size_t had = text.size();
    text.resize(had + step_bytes);
    const ssize_t n = ::read(file.get(), text.data() + had, step_bytes);
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(net::system_error(ErrorKind::io, "read it", errno));
    if (text.size() > bytes_max) {
      return fail(ErrorKind::invalid, fmt::format("is larger than {} bytes", bytes_max));
    }
    if (n == 0) return text;
  }
}

}  // namespace

std::string below_home(const char* variable, std::string_view otherwise) {
  if (std::string stated = folder_variable(variable); !stated.empty()) return stated;
  const std::string root = home();
  return root.empty() ? std::string() : fmt::format("{}/{}", root, otherwise);
}

Result<Zone> read_zone(std::string_view name) {
  if (!zone_name(name)) return fail(ErrorKind::invalid, "that is not a valid time zone name");
  const auto bytes = read_file(fmt::format("{}{}", zone_folder, name), zone_bytes_max);
  if (!bytes && bytes.error().fault == ErrorKind::missing) {
    return fail(ErrorKind::missing, "this machine does not know it (package `tzdata`)");
  }
  PAWL_TRY(bytes);
  return Zone::parse(*bytes, name);
}

DeploymentRead read_deployment(const std::string& path, bool must_exist) {
  auto text = read_file(path, limits::file_bytes_max);
  if (!text && text.error().fault == ErrorKind::missing && !must_exist)
    return deployment_of(path, {});
  if (text && !text->empty()) return deployment_of(path, *std::move(text));
  DeploymentRead read{
      .deployment = std::nullopt, .errors = {}, .path = path, .digest = {}, .text = {}};
  // An empty file does not load, so that no bytes can stand for one that is not there.
  read.errors = text ? load_deployment(*text, path).errors : std::vector{text.error()};
  return read;
}

DeploymentRead deployment_of(const std::string& path, std::string text) {
  DeploymentRead read{
      .deployment = std::nullopt, .errors = {}, .path = path, .digest = {}, .text = {}};
  if (text.empty()) {
    read.deployment.emplace();
    return read;
  }
  LoadedDeployment loaded = load_deployment(text, path);
  read.deployment = std::move(loaded.deployment);
  read.errors = std::move(loaded.errors);
  read.digest = to_string(sha256(text));
  read.text = std::move(text);
  if (read.deployment) {
    read.errors = observed_too_long(*read.deployment, wall_clock());
    std::ranges::move(risks_ended(*read.deployment, wall_clock()), std::back_inserter(read.errors));
  }
  if (!read.errors.empty()) read.deployment.reset();
  return read;
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const auto located = [&path](Error error) {
    error.at = {path, 0, 0};
    return std::unexpected(std::move(error));
  };
  // A pipe or a device in the place of a file must not make the node wait.
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.open()) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return located({ErrorKind::missing, "there is no such file", {}});
    }
    return located(net::system_error(ErrorKind::environment, "open it", errno));
  }
  struct stat what{};
  if (::fstat(file.get(), &what) != 0) {
    return located(net::system_error(ErrorKind::io, "look at it", errno));
  }
  if (S_ISDIR(what.st_mode)) return located({ErrorKind::environment, "is a directory", {}});
  if (!S_ISREG(what.st_mode)) return located({ErrorKind::environment, "is not a regular file", {}});
  auto text = read_open(file, static_cast<std::size_t>(what.st_size), bytes_max);
  if (!text) return located(text.error());
  return text;
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto full = std::filesystem::absolute(path, failed);
  if (failed) return path;
  // UpstreamSession a symbolic link `..` is not what the text says: such a path stays as it is
  // written.
  return path.find("..") == std::string::npos ? full.lexically_normal().string() : full.string();
}

Instant wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec * 1'000'000'000 + now.tv_nsec};
}

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

Result<std::vector<Place>> places(const MoreLayers& more, const std::string& policy,
                                  const std::string& agent, const Deployment* deployment) {
  std::vector<Place> out;
  const bool named = more.of_deployment && deployment != nullptr && !deployment->layers.empty();
  if (named) {
    PAWL_TRY(same_role(*deployment, policy, agent));
    const auto files = deployment->layers_of(agent);
    PAWL_TRY(files);
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

// Whom a policy is about, before it is read; empty where it does not say so.
std::string agent_of(std::string_view text, const std::string& path) {
  const yaml::Read read = yaml::read(text, path, limits::file_bytes_max, yaml::Mistakes::one);
  const yaml::Node* agent = read.root.find("agent");
  const yaml::Node* id = agent == nullptr ? nullptr : agent->find("id");
  return id == nullptr ? std::string() : id->text;
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
  const auto layers = places(more, path, agent_of(*text, path), deployment);
  std::vector<Error> errors;
  for (const Place& place : layers.value_or(std::vector<Place>())) {
    auto layer = layer_at(place, files);
    if (layer) {
      sources.named_by.push_back(std::move(*layer));
    } else {
      errors.push_back(std::move(layer.error()));
    }
  }
  if (!errors.empty()) return {.policy = nullptr, .errors = std::move(errors)};
  // A policy's own examples are about the policy alone.
  Loaded alone = with_examples(load_policy(*text, path, sources));
  if (alone.policy == nullptr) return alone;
  if (!layers) return {.policy = nullptr, .errors = {layers.error()}};
  if (layers->empty()) return alone;
  sources.layers = std::move(sources.named_by);
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

std::string real_path(const std::string& path) {
  std::error_code failed;
  const auto found = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : found.string();
}

std::string home_expanded(const std::string& written) {
  if (!written.starts_with("~/")) return written;
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
  return home == nullptr ? written : std::string(home) + written.substr(1);
}

}  // namespace pawl::node
