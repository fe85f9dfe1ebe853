// Where a secret is: the same four keys wherever one is needed.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/deployment/deployment_read.h"

namespace pawl {
namespace {

constexpr std::size_t stored_name_bytes_max = 64;

// As io/secrets names what it stores.
bool is_stored(std::string_view name) {
  const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() <= stored_name_bytes_max && !name.empty() && fine(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return fine(c) || c == '.' || c == '-' || c == '_'; });
}

// The variable, or the name in the store, that a credential is.
std::string name_in(DeploymentBuild& build, const yaml::Entry& key, bool (*fine)(std::string_view),
                    std::string_view what) {
  std::string name = build.reading.text(key.value, key.key).value_or("");
  if (!name.empty() && !fine(name)) {
    build.reading.mistake(key.value.at,
                          fmt::format("`{}` is no name of {}", escape_untrusted(name), what));
  }
  return name;
}

}  // namespace

void read_stored_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key) {
  into.store = name_in(build, key, is_stored, "a stored credential");
}

void read_env_name(DeploymentBuild& build, SecretSource& into, const yaml::Entry& key) {
  into.env = name_in(build, key, is_variable, "a variable");
}

namespace {

constexpr auto kSourceKeys = section_keys<DeploymentBuild, SecretSource>(
    Section::secret_source,
    {
        {"env", "text", "one of four", 0, "The variable that holds it.", read_env_name},
        {"file", "text", "one of four", 0, "The file that holds it; nobody else may read it.",
         text<&SecretSource::file>},
        {"command", "list of words", "one of four", 0,
         "The program that prints it, and its arguments.", words<&SecretSource::command>},
        {"store", "text", "one of four", 0, "Its name in the encrypted store.", read_stored_name},
    });

}  // namespace

void list_source_keys(std::vector<Key>& into) {
  kSourceKeys.list(into);
}

void read_source(DeploymentBuild& build, const yaml::Entry& entry, SecretSource& into) {
  // Whoever writes the secret itself here should hear what belongs here, and not read it again.
  if (!entry.value.is_map()) {
    build.reading.mistake(entry.value.at,
                          fmt::format("`{}` is where the secret is and not the secret: expected "
                                      "`{{file: FILE}}`, `{{env: NAME}}`, `{{command: [...]}}` or "
                                      "`{{store: NAME}}`",
                                      entry.key));
    return;
  }
  read_section(build, entry.value, kSourceKeys, into);
  if (entry.value.entries.size() != 1) {
    build.reading.mistake(entry.value.at, fmt::format("`{}` has one source: `env`, `file`, "
                                                      "`command` or `store`",
                                                      entry.key));
  }
}

}  // namespace pawl
