// Starting a node in the background, and the hidden command that it is.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/client.h"
#include "app/command.h"
#include "app/commands.h"
#include "app/health.h"
#include "app/memory.h"
#include "app/node.h"
#include "app/paths.h"
#include "base/text.h"
#include "io/journal/posix_disk.h"
#include "io/net/detached.h"

namespace pawl::app {
namespace {

constexpr Duration start_within = Duration::seconds(20);
constexpr int launch_look_every_us = 10'000;
constexpr const char* log_name = "node.log";

Duration seconds_from_environment(const char* name, Duration otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const auto parsed = parse_duration(text);
  return parsed ? *parsed : otherwise;
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  const std::string_view digits = text;
  std::uint64_t parsed = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  const bool whole = wrong == std::errc() && end == digits.data() + digits.size();
  return whole && parsed > 0 ? parsed : otherwise;
}

int run_launch(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return exit_usage;
  NodeOptions options;
  options.state_directory = *directory;
  options.config = config_path(arguments);
  options.config_named = arguments.has("--config");
  options.idle = seconds_from_environment("PAWL_NODE_IDLE", options.idle);
  options.idle_close = seconds_from_environment("PAWL_IDLE_CLOSE", options.idle_close);
  // Only ever sooner: a snapshot more takes nothing but time.
  options.snapshot_records =
      number_from_environment("PAWL_SNAPSHOT_RECORDS", options.snapshot_records);
  // Only ever sooner: whoever starts a node first must not make calls wait for ever.
  options.call_deadline = std::min(
      options.call_deadline, seconds_from_environment("PAWL_CALL_DEADLINE", options.call_deadline));
  return run_node(options);
}

constexpr OptionRow kNodeOptions[] = {state_option, config_option};

}  // namespace

extern const CommandRow node_command = {
    "node",       "", "serves a state directory in the foreground; started by the others as needed",
    kNodeOptions, {}, run_launch};

Status NodeLauncher::launch() const {
  std::error_code ignored;
  std::filesystem::create_directories(state_directory_, ignored);
  ::chmod(state_directory_.c_str(), 0700);
  const std::string log_path = state_directory_ + "/" + log_name;
  const net::Fd log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.open()) {
    return fail(ErrorKind::environment,
                fmt::format("cannot write `{}`: {}", log_path, std::strerror(errno)));
  }
  std::vector<std::string> words = {"pawl", "node", "--state-dir", state_directory_};
  if (std::filesystem::exists(config_)) {
    words.emplace_back("--config");
    words.push_back(config_);
  }
  return net::start_detached("/proc/self/exe", std::move(words), log, {memory_setting});
}

namespace {

constexpr std::int64_t damage_look_at_us = 500'000;
constexpr std::int64_t damaged_start_us = 2'000'000;

std::string damage_in(const std::string& directory) {
  auto disk = PosixDisk::open(directory, PosixDisk::Root::must_exist);
  if (!disk) return {};
  const auto health = health_of_journal(**disk);
  return health ? health->damage : std::string();
}

}  // namespace

namespace {

constexpr std::string_view kCannotStart = "the node cannot start: ";
constexpr std::size_t kLogTailBytes = 4096;

// Why the node that was just launched ended, as it wrote into its log; empty: it did not say.
std::string why_not_started(const std::string& log) {
  std::ifstream in(log, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const auto bytes = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  std::string tail(std::min(bytes, kLogTailBytes), '\0');
  in.seekg(static_cast<std::streamoff>(bytes - tail.size()));
  if (!in.read(tail.data(), static_cast<std::streamsize>(tail.size()))) return {};
  const std::size_t at = tail.rfind(kCannotStart);
  if (at == std::string::npos) return {};
  tail = tail.substr(at + kCannotStart.size());
  return escape_untrusted(tail.substr(0, tail.find('\n')));
}

}  // namespace

Result<NodeConnection> NodeLauncher::ensure() const {
  auto connected = NodeConnection::open(state_directory_, control_socket);
  if (connected) return connected;
  // One that ends at this moment closes the connection, or breaks it.
  const ErrorKind why = connected.error().fault;
  if (why == ErrorKind::invalid || why == ErrorKind::corrupt) {
    const std::string damage = damage_in(state_directory_);
    if (!damage.empty()) return fail(ErrorKind::corrupt, damage);
  }
  if (why != ErrorKind::missing && why != ErrorKind::io) return std::unexpected(connected.error());
  // What is just being made is not damaged yet.
  const bool begun = std::filesystem::exists(state_directory_ + "/journal");
  if (Status launched = launch(); !launched) return std::unexpected(launched.error());
  std::int64_t most_us = start_within.ns / 1000;
  std::string damage;
  for (std::int64_t waited = 0; waited < most_us; waited += launch_look_every_us) {
    ::usleep(launch_look_every_us);
    connected = NodeConnection::open(state_directory_, control_socket);
    if (connected) return connected;
    // Some damage it starts with, and with some it does not: then nobody need wait so long.
    const bool soon =
        waited < damage_look_at_us && waited + launch_look_every_us >= damage_look_at_us;
    if (!soon || !begun) continue;
    damage = damage_in(state_directory_);
    if (!damage.empty()) most_us = std::min(most_us, waited + damaged_start_us);
  }
  // Looked at once more: another node may have been making it.
  if (!damage.empty()) damage = damage_in(state_directory_);
  if (!damage.empty()) {
    return fail(ErrorKind::corrupt, fmt::format("the node does not start: {}", damage));
  }
  std::string reason = why_not_started(state_directory_ + "/" + log_name);
  if (reason.empty()) reason = to_string(connected.error());
  return fail(ErrorKind::environment, fmt::format("the node did not start: {} (see `{}/{}`)",
                                                  reason, state_directory_, log_name));
}

}  // namespace pawl::app
