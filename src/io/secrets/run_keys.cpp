#include "io/secrets/run_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "io/net/fd.h"
#include "io/pins/replace_file.h"

namespace pawl::secrets {
namespace {

constexpr std::size_t run_keys_bytes_max = 1024;

std::unexpected<Error> run_keys_error(Fault fault, std::string message, const std::string& path) {
  return fail(fault, std::move(message), {path, 0, 0});
}

// The whole file; Fault::missing where there is none.
Result<std::string> read_run_keys(const std::string& path) {
  const net::Fd file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  if (!file.open()) {
    Error error = net::system_error(errno == ENOENT ? Fault::missing : Fault::io,
                                    "open the keys of runs", errno);
    error.at.file = path;
    return std::unexpected(std::move(error));
  }
  struct stat what{};
  if (::fstat(file.get(), &what) != 0 || !S_ISREG(what.st_mode)) {
    return run_keys_error(Fault::environment, "this is not a regular file", path);
  }
  if ((what.st_mode & 077U) != 0 || what.st_uid != ::geteuid()) {
    return run_keys_error(Fault::refused, "others can read the keys of runs: `chmod 600` it", path);
  }
  std::string text(run_keys_bytes_max + 1, '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  if (got < 0 || static_cast<std::size_t>(got) > run_keys_bytes_max) {
    return run_keys_error(Fault::corrupt, "these are no keys of runs", path);
  }
  text.resize(static_cast<std::size_t>(got));
  return text;
}

Result<std::vector<std::string>> parse_run_keys(std::string_view text, const std::string& path) {
  std::vector<std::string> seeds;
  for (const std::string_view line : split(trim(text), '\n')) {
    std::string seed;
    const bool good = unbase64(line, seed) && seed.size() == run_key_seed_bytes;
    if (!good || seeds.size() == run_keys_max) {
      return run_keys_error(Fault::corrupt, "these are no keys of runs", path);
    }
    for (const std::string& other : seeds) {
      if (other == seed) return run_keys_error(Fault::corrupt, "a key stands here twice", path);
    }
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace

Result<std::vector<std::string>> open_run_keys(
    const std::string& path, const std::function<std::string(std::size_t)>& random) {
  auto text = read_run_keys(path);
  if (text) return parse_run_keys(*text, path);
  if (text.error().fault != Fault::missing) return std::unexpected(text.error());
  std::string seed = random(run_key_seed_bytes);
  if (Status put = replace_file(path, base64(seed) + "\n", 0600); !put) {
    return std::unexpected(put.error());
  }
  return std::vector<std::string>{std::move(seed)};
}

}  // namespace pawl::secrets
