#include "io/secrets/run_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/text.h"
#include "io/net/fd.h"
#include "io/pins/replace_file.h"

namespace pawl::secrets {
namespace {

constexpr std::size_t run_keys_bytes_max = 1024;
constexpr std::int64_t run_key_seconds_max = 9'000'000'000;  // what an Instant can hold, and more

std::unexpected<Error> run_keys_error(ErrorKind fault, std::string message,
                                      const std::string& path) {
  return fail(fault, std::move(message), {path, 0, 0});
}

// The whole file; ErrorKind::missing where there is none.
Result<std::string> read_run_keys(const std::string& path) {
  const net::Fd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!file.open()) {
    Error error = net::system_error(errno == ENOENT ? ErrorKind::missing : ErrorKind::io,
                                    "open the keys of runs", errno);
    error.at.file = path;
    return std::unexpected(std::move(error));
  }
  struct stat what{};
  if (::fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) {
    return run_keys_error(ErrorKind::environment, "this is not a regular file", path);
  }
  if ((what.st_mode & 077U) != 0 || what.st_uid != ::geteuid()) {
    return run_keys_error(ErrorKind::refused, "others can read the keys of runs: `chmod 600` it",
                          path);
  }
  std::string text(run_keys_bytes_max + 1, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0 || static_cast<std::size_t>(got) > run_keys_bytes_max) {
    return run_keys_error(ErrorKind::corrupt, "these are no keys of runs", path);
  }
  text.resize(static_cast<std::size_t>(got));
  return text;
}

// `SEED` or `SEED SECONDS`.
bool parse_run_key(std::string_view line, RunKey& key) {
  const std::size_t blank = line.find(' ');
  const std::string_view until = blank == line.npos ? std::string_view() : line.substr(blank + 1);
  if (blank != line.npos) {
    std::int64_t seconds = 0;
    const auto [end, wrong] = std::from_chars(until.data(), until.data() + until.size(), seconds);
    if (wrong != std::errc() || end != until.data() + until.size() || seconds <= 0 ||
        seconds > run_key_seconds_max) {
      return false;
    }
    key.until = Instant{} + Duration::seconds(seconds);
  }
  return unbase64(line.substr(0, blank), key.seed) && key.seed.size() == run_key_seed_bytes;
}

Result<std::vector<RunKey>> parse_run_keys(std::string_view text, const std::string& path) {
  std::vector<RunKey> keys;
  for (const std::string_view line : split(trim(text), '\n')) {
    RunKey key;
    // The key in force has no end: an end was meant for another line.
    const bool good = parse_run_key(line, key) && (!keys.empty() || !key.until);
    if (!good || keys.size() == run_keys_max) {
      return run_keys_error(ErrorKind::corrupt, "these are no keys of runs", path);
    }
    for (const RunKey& other : keys) {
      if (other.seed == key.seed) {
        return run_keys_error(ErrorKind::corrupt, "a key stands here twice", path);
      }
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string run_keys_text(const std::vector<RunKey>& keys) {
  std::string text;
  for (const RunKey& key : keys) {
    text += base64(key.seed);
    if (key.until) text += fmt::format(" {}", key.until->ns / 1'000'000'000);
    text += '\n';
  }
  return text;
}

}  // namespace

Result<std::vector<RunKey>> open_run_keys(const std::string& path,
                                          const std::function<std::string(std::size_t)>& random) {
  auto text = read_run_keys(path);
  if (text) return parse_run_keys(*text, path);
  if (text.error().fault != ErrorKind::missing) return std::unexpected(text.error());
  std::vector<RunKey> keys = {{random(run_key_seed_bytes), {}}};
  PAWL_TRY(replace_file(path, run_keys_text(keys), 0600));
  return keys;
}

Result<std::vector<RunKey>> rotate_run_keys(const std::string& path, const Rotation& rotation) {
  auto keys = open_run_keys(path, rotation.random);
  if (!keys) return keys;
  // Whole seconds, upwards: a credential may end at the last of them.
  Instant until = rotation.now + rotation.checks_for + Duration::seconds(1);
  until.ns -= until.ns % 1'000'000'000;
  for (RunKey& key : *keys) {
    if (!key.until) key.until = until;
  }
  std::erase_if(*keys, [&](const RunKey& key) {
    return rotation.checks_for == Duration{} || *key.until <= rotation.now;
  });
  if (keys->size() == run_keys_max) {
    return run_keys_error(ErrorKind::refused,
                          fmt::format("{} keys still check credentials that are out there; the "
                                      "next one can follow when the first of them is over",
                                      run_keys_max),
                          path);
  }
  keys->insert(keys->begin(), RunKey{rotation.random(run_key_seed_bytes), {}});
  PAWL_TRY(replace_file(path, run_keys_text(*keys), 0600));
  return keys;
}

}  // namespace pawl::secrets
