#include "node/files/kept_deployment.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/hash.h"
#include "io/pins/replace_file.h"
#include "kernel/config/limits.h"
#include "kernel/deployment/agents.h"
#include "lang/jose/api_key.h"
#include "node/files/config_files.h"

namespace pawl::node {
namespace {

constexpr std::string_view place_name = "deployment-place";
constexpr std::size_t place_bytes_max = 64UL << 10;
constexpr std::string_view kept_begins = "deployment-", kept_ends = ".yaml";
constexpr std::size_t key_digest_chars = 64;

// Empty where it is none: a digest comes from the journal, and becomes a part of a path.
std::string kept_name(std::string_view digest) {
  Digest bytes{};
  if (!parse_spelled(digest, bytes)) return {};
  return fmt::format("{}{}{}", kept_begins, hex(bytes), kept_ends);
}

}  // namespace

std::string kept_place(const std::string& state_directory) {
  const auto file = std::filesystem::path(state_directory) / place_name;
  return read_file(file.string(), place_bytes_max).value_or("");
}

Status keep_deployment(const std::string& state_directory, const KeptFile& file,
                       std::string_view before) {
  const std::string& text = file.text;
  const std::string name = kept_name(to_string(sha256(text)));
  const std::filesystem::path folder(state_directory);
  if (kept_place(state_directory) != file.place) {
    Status put = replace_file((folder / place_name).string(), file.place, 0600);
    if (!put) return put;
  }
  if (const auto known = read_file((folder / name).string(), limits::file_bytes_max);
      !known || *known != text) {
    Status put = replace_file((folder / name).string(), text, 0600);
    if (!put) return put;
  }
  const std::string older = kept_name(before);
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string other = entry.path().filename().string();
    const bool ours = other.starts_with(kept_begins) && other.ends_with(kept_ends);
    std::error_code left;  // one too many does no harm
    if (ours && other != name && other != older) std::filesystem::remove(entry.path(), left);
  }
  return {};
}

Result<std::string> kept_deployment(const std::string& state_directory, std::string_view digest) {
  const std::string name = kept_name(digest);
  if (name.empty()) return fail(ErrorKind::corrupt, "the journal names no digest");
  auto text =
      read_file((std::filesystem::path(state_directory) / name).string(), limits::file_bytes_max);
  if (text && to_string(sha256(*text)) != digest) {
    return fail(ErrorKind::corrupt, "it is not what was kept", {name, 0, 0});
  }
  return text;
}

std::string with_key_revoked(std::string text, std::string_view prefix) {
  const std::string key = std::string(prefix) + ":";
  std::size_t at = text.find(key);
  for (; at != std::string::npos; at = text.find(key, at + key.size())) {
    const std::string_view kept = std::string_view(text).substr(at, key.size() + key_digest_chars);
    if (!jose::KeptKey::parse(kept)) continue;
    text.replace(at + key.size(), key_digest_chars, revoked_mark);
  }
  return text;
}

}  // namespace pawl::node
