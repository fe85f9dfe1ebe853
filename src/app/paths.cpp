#include "app/paths.h"

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

#include <fmt/format.h>

#include "app/command.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/net/fd.h"
#include "kernel/config/limits.h"

namespace pawl::app {
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

std::string below_home(const char* variable, std::string_view otherwise) {
  if (std::string stated = folder_variable(variable); !stated.empty()) return stated;
  const std::string root = home();
  return root.empty() ? std::string() : fmt::format("{}/{}", root, otherwise);
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

Result<Zone> read_zone(std::string_view name) {
  if (!zone_name(name)) return fail(ErrorKind::invalid, "that is no name of a time zone");
  const auto bytes = read_file(fmt::format("{}{}", zone_folder, name), zone_bytes_max);
  if (!bytes && bytes.error().fault == ErrorKind::missing) {
    return fail(ErrorKind::missing, "this machine does not know it (package `tzdata`)");
  }
  if (!bytes) return std::unexpected(bytes.error());
  return Zone::parse(*bytes, name);
}

Result<std::string> state_directory(const Arguments& arguments) {
  if (const auto stated = arguments.one("--state-dir")) {
    if (stated->empty())
      return fail(ErrorKind::usage, "`--state-dir` needs the name of a directory");
    return absolute(*stated);
  }
  const std::string base = below_home("XDG_STATE_HOME", ".local/state");
  if (base.empty()) {
    return fail(ErrorKind::environment,
                "no home directory is known: name a directory with `--state-dir`");
  }
  return base + "/pawl";
}

std::string config_path(const Arguments& arguments) {
  if (const auto stated = arguments.one("--config")) return absolute(*stated);
  const std::string base = below_home("XDG_CONFIG_HOME", ".config");
  // Without a home there is no default file, and a path that cannot exist says so.
  return base.empty() ? std::string("/nonexistent/pawl/pawl.yaml") : base + "/pawl/pawl.yaml";
}

DeploymentRead read_deployment(const std::string& path, bool must_exist) {
  auto text = read_file(path, limits::file_bytes_max);
  if (!text && text.error().fault == ErrorKind::missing && !must_exist)
    return deployment_of(path, {});
  if (text && !text->empty()) return deployment_of(path, *std::move(text));
  DeploymentRead read{
      .deployment = std::nullopt, .errors = {}, .path = path, .digest = {}, .text = {}};
  // An empty file is none that loads, so that no bytes can stand for one that is not there.
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
  // A pipe or a device in the place of a file must not make anybody wait.
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

}  // namespace pawl::app
