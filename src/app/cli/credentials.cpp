#include "app/cli/credentials.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/terminal/terminal.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "io/secrets/source.h"
#include "io/secrets/store.h"
#include "io/secrets/store_file.h"
#include "node/files/config_files.h"

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
  PAWL_TRY(answer);
  Credential first = Credential::taken_from(*answer);
  if (twice) {
    auto again = question_of("once more: ");
    PAWL_TRY(again);
    if (Credential::taken_from(*again).bytes() != first.bytes()) {
      return fail(ErrorKind::usage, "the two passphrases differ");
    }
  }
  return secrets::as_credential(std::move(first), "the passphrase");
}

namespace {

// The name of the passphrase among the credentials that systemd passes on.
constexpr const char* systemd_key = "pawl-credentials-key";

// What opens the store: a file that is named, one that systemd passes on, or a person who types.
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
  PAWL_TRY(path);
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
  PAWL_TRY(file);
  const auto text = file->read();
  PAWL_TRY(text);
  // Nothing is there, not even an empty file: that would be a store that was emptied.
  const bool fresh = text->empty() && !std::filesystem::exists(*path, error);
  auto key = known != nullptr ? Result<Credential>(known->copy()) : passphrase(arguments, fresh);
  PAWL_TRY(key);
  auto store = fresh ? Store::create(*key, random_bytes) : Store::open(*text, *key);
  PAWL_TRY(store);
  return OpenedStore{*std::move(file), *std::move(store), *std::move(key)};
}

namespace {

using secrets::Credential;
using secrets::Store;
using secrets::StoreFile;

constexpr OptionRow kNewKeyFile = {"--new-key-file", "F", "a file that holds the new passphrase"};
constexpr OptionRow kVersion = {"--version", "N", "this version only (default all of them)"};
constexpr OptionRow kSetOptions[] = {key_file_option, state_option, json_option};
constexpr OptionRow kCredentialListOptions[] = {state_option, json_option};
constexpr OptionRow kRotateOptions[] = {key_file_option, kNewKeyFile, state_option, json_option};
constexpr OptionRow kRemoveOptions[] = {kVersion, key_file_option, state_option, json_option};
constexpr WordRow kName[] = {{"name", "the credential, as policies name it"}};
constexpr WordRow kMaybeName[] = {
    {"name", "the credential; without one the store gets a new passphrase", false}};
Result<Credential> new_value(const std::string& name) {
  if (::isatty(STDIN_FILENO) != 1) {
    return secrets::from_descriptor(STDIN_FILENO, "standard input");
  }
  auto answer = ask_hidden(fmt::format("value of {}: ", escape_untrusted(name)));
  PAWL_TRY(answer);
  return secrets::as_credential(Credential::taken_from(*answer), "the value");
}

void say(const Arguments& arguments, std::string_view done, const std::string& name,
         std::optional<std::uint64_t> version) {
  if (arguments.has("--json")) {
    json::Writer text;
    text.object().key("done").string(done);
    if (!name.empty()) text.key("name").string(name);
    if (version) text.key("version").natural(*version);
    return out(text.end().take());
  }
  std::string line = paint(Ink::good, done) + "   " + (name.empty() ? "the store" : name);
  if (version) line += fmt::format(", version {}", *version);
  out(line);
}

int add_version(const Arguments& arguments, const std::string& name, bool first) {
  if (!secrets::valid_name(name)) {
    return complain({ErrorKind::usage,
                     "a credential's name has small letters, digits and . - _ only, and begins "
                     "with a letter or digit",
                     {}});
  }
  auto opened = open_store(arguments, first);
  if (!opened) return complain(opened.error());
  const bool there = opened->store.newest(name).has_value();
  if (first && there) {
    return complain({ErrorKind::usage,
                     fmt::format("`{}` is in the store already: `pawl credentials rotate {}` adds "
                                 "a version",
                                 name, name),
                     {}});
  }
  if (!first && !there) {
    return complain(
        {ErrorKind::missing, fmt::format("the store has no credential `{}`", name), {}});
  }
  const auto value = new_value(name);
  if (!value) return complain(value.error());
  const auto version = opened->store.put(name, *value, node::wall_clock(), random_bytes);
  if (!version) return complain(version.error());
  if (Status written = opened->file.replace(opened->store.text()); !written) {
    return complain(written.error());
  }
  say(arguments, "stored", name, *version);
  return exit_good;
}

int set(const Arguments& arguments) {
  return add_version(arguments, arguments.word("name"), true);
}

int rotate(const Arguments& arguments) {
  const std::string name = arguments.word("name");
  if (!name.empty()) return add_version(arguments, name, false);
  auto opened = open_store(arguments, false);
  if (!opened) return complain(opened.error());
  const auto file = arguments.one("--new-key-file");
  // Not from the file that answers for a script: that holds the passphrase of before.
  const auto fresh = file ? secrets::from_file(*file)
                          : typed_passphrase(ask_hidden, "new passphrase of the store: ", true);
  if (!fresh) return complain(fresh.error());
  if (Status done = opened->store.rewrap(*fresh, random_bytes); !done)
    return complain(done.error());
  if (Status written = opened->file.replace(opened->store.text()); !written) {
    return complain(written.error());
  }
  say(arguments, "new passphrase", "", {});
  return exit_good;
}

int remove(const Arguments& arguments) {
  const std::string name = arguments.word("name");
  std::optional<std::uint64_t> version;
  if (const auto text = arguments.one("--version")) {
    std::uint64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, number);
    if (code != std::errc{} || stop != end || number == 0) {
      return complain({ErrorKind::usage, "`--version` wants a number from 1 on", {}});
    }
    version = number;
  }
  auto opened = open_store(arguments, false);
  if (!opened) return complain(opened.error());
  if (Status gone = opened->store.remove(name, version); !gone) return complain(gone.error());
  if (Status written = opened->file.replace(opened->store.text()); !written) {
    return complain(written.error());
  }
  say(arguments, "removed", name, version);
  return exit_good;
}

int list_credentials(const Arguments& arguments) {
  const auto path = store_path(arguments);
  if (!path) return complain(path.error());
  const auto text = secrets::read_store(*path);
  if (!text && text.error().fault != ErrorKind::missing) return complain(text.error());
  const auto entries = text ? Store::list(*text) : Result<std::vector<Store::Entry>>();
  if (!entries) return complain(entries.error());
  if (arguments.has("--json")) {
    json::Writer all;
    all.array();
    for (const Store::Entry& entry : *entries) {
      all.object().key("created").string(to_string(entry.created));
      all.key("name").string(entry.name).key("version").natural(entry.version).end();
    }
    out(all.end().take());
    return exit_good;
  }
  if (entries->empty()) {
    out("nothing is stored: `pawl credentials set NAME` stores the first");
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Store::Entry& entry : *entries) {
    rows.push_back({entry.name, fmt::format("{}", entry.version), to_string(entry.created)});
  }
  out(table(rows, {"name", "version", "stored"}));
  return exit_good;
}

constexpr std::string_view kMore =
    "The value is typed unseen, or read from standard input; one newline at its end is not part of "
    "it. The store is the file credentials.store in the node's directory. It opens with a "
    "passphrase: that of --key-file, else the credential pawl-credentials-key that systemd passes "
    "on, else the one that is typed.";

}  // namespace

extern const CommandRow credentials_set_command = {"credentials set",
                                                   "run",
                                                   "stores a secret that a server needs, encrypted",
                                                   kSetOptions,
                                                   kName,
                                                   set,
                                                   kMore};
extern const CommandRow credentials_list_command = {
    "credentials list",
    "run",
    "lists names and versions of stored secrets",
    kCredentialListOptions,
    {},
    list_credentials,
    "Values are never shown. No passphrase is asked for, so the list of an edited store may be "
    "wrong; every command that opens the store finds that."};
extern const CommandRow credentials_rotate_command = {
    "credentials rotate",
    "run",
    "stores a further version of a secret, or gives the store a new passphrase",
    kRotateOptions,
    kMaybeName,
    rotate,
    "Calls use the newest version; older ones stay until they are removed. With a new passphrase "
    "the values stay as they are and only their keys are wrapped again."};
extern const CommandRow credentials_remove_command = {
    "credentials remove", "run", "removes a stored secret, or one version of it",
    kRemoveOptions,       kName, remove};

}  // namespace pawl::app
