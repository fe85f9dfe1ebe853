#include "app/opened_store.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/paths.h"
#include "app/terminal.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/secrets/source.h"

namespace pawl::app {

using secrets::Credential;
using secrets::Store;
using secrets::StoreFile;

Result<std::string> store_path(const Arguments& arguments) {
  auto directory = state_directory(arguments);
  if (!directory) return directory;
  return *directory + "/" + secrets::store_name;
}

Result<Credential> typed_passphrase(PassphraseQuestion question_of, const std::string& question,
                                    bool twice) {
  auto answer = question_of(question);
  if (!answer) return std::unexpected(answer.error());
  Credential first = Credential::taken_from(*answer);
  if (twice) {
    auto again = question_of("once more: ");
    if (!again) return std::unexpected(again.error());
    if (Credential::taken_from(*again).bytes() != first.bytes()) {
      return fail(ErrorKind::usage, "the two passphrases differ");
    }
  }
  return secrets::as_credential(std::move(first), "the passphrase");
}

namespace {

// The name of the passphrase among the credentials that systemd passes on.
constexpr const char* systemd_key = "pawl-credentials-key";

// What opens the store: a file that is named, one that systemd passes on, or somebody who types.
Result<Credential> passphrase(const Arguments& arguments, bool fresh) {
  if (const auto file = arguments.one("--key-file")) return secrets::from_file(*file);
  auto passed = secrets::from_systemd(systemd_key);
  if (passed || passed.error().fault != ErrorKind::missing) return passed;
  return typed_passphrase(
      ask_secret, fresh ? "new passphrase of the store: " : "passphrase of the store: ", fresh);
}

}  // namespace

Result<OpenedStore> open_store(const Arguments& arguments, bool may_begin,
                               const Credential* known) {
  const auto path = store_path(arguments);
  if (!path) return std::unexpected(path.error());
  const auto folder = std::filesystem::path(*path).parent_path();
  std::error_code error;
  if (may_begin && std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  if (!may_begin && !std::filesystem::exists(*path, error)) {
    return fail(ErrorKind::missing,
                fmt::format("there is no store yet at `{}`: `pawl credentials set "
                            "NAME` begins one",
                            escape_untrusted(*path)));
  }
  auto file = StoreFile::open(*path);
  if (!file) return std::unexpected(file.error());
  const auto text = file->read();
  if (!text) return std::unexpected(text.error());
  // Nothing is there, not even an empty file: that would be a store that somebody has emptied.
  const bool fresh = text->empty() && !std::filesystem::exists(*path, error);
  auto key = known != nullptr ? Result<Credential>(known->copy()) : passphrase(arguments, fresh);
  if (!key) return std::unexpected(key.error());
  auto store = fresh ? Store::create(*key, random_bytes) : Store::open(*text, *key);
  if (!store) return std::unexpected(store.error());
  return OpenedStore{*std::move(file), *std::move(store), *std::move(key)};
}

}  // namespace pawl::app
