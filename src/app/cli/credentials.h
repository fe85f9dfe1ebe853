// The encrypted store of secrets, opened by its owner: for the commands that change it.
//
// It opens with the passphrase of a file that is named, else with the one that systemd passes on,
// else with what a person types.
#pragma once

#include <string>

#include "app/common/command.h"
#include "base/error.h"
#include "io/secrets/credential.h"
#include "io/secrets/store.h"
#include "io/secrets/store_file.h"

namespace pawl::app {

inline constexpr OptionRow key_file_option = {"--key-file", "F",
                                              "a file that holds the store's passphrase"};

// Locked while a command changes it.
struct OpenedStore {
  secrets::StoreFile file;
  secrets::Store store;
  secrets::Credential key;
};

Result<std::string> store_path(const Arguments& arguments);
// `may_begin`: one that is not there yet begins empty. `known`: its passphrase, where that is known
// already.
Result<OpenedStore> open_store(const Arguments& arguments, bool may_begin,
                               const secrets::Credential* known = nullptr);

using PassphraseQuestion = Result<std::string> (*)(const std::string&);
Result<secrets::Credential> typed_passphrase(PassphraseQuestion question_of,
                                             const std::string& question, bool twice);

}  // namespace pawl::app
