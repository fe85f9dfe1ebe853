#include "io/pins/lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/pins/replace_file.h"

namespace pawl {
namespace {

constexpr std::int64_t lock_version = 1;
constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t digest_text_bytes = 7 + 64;

std::string path_beside(const std::string& policy_file) {
  return (std::filesystem::path(policy_file).parent_path() / lock_file_name).string();
}

Error io_error(const std::string& what, const std::string& path) {
  return Error{.fault = ErrorKind::io,
               .message = fmt::format("cannot {} `{}`: {}", what, path, std::strerror(errno)),
               .at = {}};
}

bool is_digest(std::string_view text) {
  return text.size() == digest_text_bytes && text.starts_with(kDigestPrefix) &&
         text.find_first_not_of("0123456789abcdef", kDigestPrefix.size()) == std::string_view::npos;
}

Status read_definitions(json::View definitions, Lock& lock, const Position& at) {
  if (!definitions.exists()) return {};
  if (!definitions.is_object()) {
    return fail(ErrorKind::invalid, "`definitions` is not an object", at);
  }
  for (auto [name, definition] : definitions.members()) {
    std::string text = json::write(definition);
    const auto known = lock.tools.find(name);
    if (known == lock.tools.end() || known->second != to_string(sha256(text))) {
      return fail(ErrorKind::invalid,
                  fmt::format("the definition of `{}` is not the one whose digest stands in "
                              "`tools`: accept it again",
                              escape_untrusted(name)),
                  at);
    }
    lock.definitions.emplace(name, std::move(text));
  }
  return {};
}

}  // namespace

std::string Lock::find(std::string_view server, std::string_view tool) const {
  const std::string name =
      server.empty() ? std::string(tool) : std::string(server) + "/" + std::string(tool);
  const auto found = tools.find(name);
  return found == tools.end() ? std::string() : found->second;
}

void Lock::accept(const std::string& name, const std::string& digest,
                  const std::string& definition) {
  tools[name] = digest;
  definitions.erase(name);
  std::size_t bytes = definition.size();
  for (const auto& [other, text] : definitions) bytes += text.size();
  if (bytes > lock_bytes_max / 2) return;
  Lock alone;
  alone.tools[name] = digest;
  alone.definitions[name] = definition;
  if (parse_lock(to_text(alone), lock_file_name)) definitions[name] = definition;
}

Result<Lock> parse_lock(std::string_view text, std::string_view file) {
  const Position at{std::string(file), 0, 0};
  auto document = json::parse(text);
  if (!document) {
    Error error = document.error();
    error.at.file = std::string(file);
    return std::unexpected(error);
  }
  const json::View root = document->root();
  if (!root.is_object()) return fail(ErrorKind::invalid, "a lock is an object", at);
  for (auto [key, value] : root.members()) {
    if (key != "version" && key != "tools" && key != "definitions") {
      return fail(ErrorKind::invalid,
                  "a lock has `version`, `tools` and `definitions`, and nothing else", at);
    }
  }
  if (!root["version"].is_integer() || root["version"].integer() != lock_version) {
    return fail(ErrorKind::invalid, fmt::format("`version` is not {}", lock_version), at);
  }
  if (!root["tools"].is_object()) return fail(ErrorKind::invalid, "`tools` is not an object", at);
  Lock lock;
  lock.present = true;
  for (auto [name, digest] : root["tools"].members()) {
    if (!digest.is_string() || !is_digest(digest.string())) {
      return fail(ErrorKind::invalid,
                  "the digest of a tool is not `sha256:` and 64 hexadecimal digits", at);
    }
    lock.tools.emplace(name, digest.string());
  }
  PAWL_TRY(read_definitions(root["definitions"], lock, at));
  return lock;
}

Result<Lock> read_lock(const std::string& policy_file) {
  const std::string path = path_beside(policy_file);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return Lock{};
  if (file < 0) return std::unexpected(io_error("read", path));
  std::string text;
  char buffer[16384];
  ssize_t count = 0;
  while ((count = ::read(file, buffer, sizeof buffer)) > 0 && text.size() <= lock_bytes_max) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  const Error error = io_error("read", path);
  ::close(file);
  if (count < 0) return std::unexpected(error);
  if (text.size() > lock_bytes_max) return fail(ErrorKind::invalid, "the lock is too long", {path});
  return parse_lock(text, path);
}

std::string to_text(const Lock& lock) {
  std::string text = fmt::format("{{\"version\": {},\n \"tools\": {{", lock_version);
  bool first = true;
  for (const auto& [name, digest] : lock.tools) {
    text += first ? "\n  " : ",\n  ";
    first = false;
    json::write_string(name, text);
    text += ": ";
    json::write_string(digest, text);
  }
  text += "}";
  if (!lock.definitions.empty()) text += ",\n \"definitions\": {";
  first = true;
  for (const auto& [name, definition] : lock.definitions) {
    text += first ? "\n  " : ",\n  ";
    first = false;
    json::write_string(name, text);
    text += ": " + definition;
  }
  text += lock.definitions.empty() ? "}\n" : "}}\n";
  return text;
}

Status write_lock(const std::string& policy_file, const Lock& lock) {
  const std::string path = path_beside(policy_file);
  return replace_file(path, to_text(lock), 0644);
}

}  // namespace pawl
