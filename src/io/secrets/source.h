// Where a credential comes from, each time it is needed: a variable, a file, a program, the store.
//
// Read when it is used and not before, so that a rotated secret is the next call's. Errors name the
// source and never a byte of what it gave. Blocks, where no loop is given: a program has
// `command_deadline` to answer.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "io/net/loop.h"
#include "io/secrets/credential.h"

namespace pawl::secrets {

inline constexpr Duration command_deadline = Duration::seconds(10);

// The value stays in the environment of this process, where its user can see it.
Result<Credential> from_environment(const std::string& variable);

// A regular file that belongs to us or to root and that no other user can read. In the folder that
// systemd names in $CREDENTIALS_DIRECTORY the group may read too: that is how an access list of
// systemd's looks.
Result<Credential> from_file(const std::string& path);
// The file of that name in $CREDENTIALS_DIRECTORY; ErrorKind::missing where there is none.
Result<Credential> from_systemd(const std::string& name);

// What comes out of an open descriptor until its end; `what` names it.
Result<Credential> from_descriptor(int descriptor, const std::string& what);

struct Command {
  std::vector<std::string> argv;         // never through a shell
  std::vector<std::string> environment;  // `NAME=value`
  Duration deadline = command_deadline;
};
// What the program prints, where it ends with status 0. What it says on standard error is not
// kept: it could hold the secret.
Result<Credential> from_command(const Command& command);
// The same while the loop turns.
Task<Result<Credential>> from_command(net::Loop& loop, Command command);

}  // namespace pawl::secrets
