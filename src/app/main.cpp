// The program. What it can do is in commands.cpp.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/commands.h"
#include "app/terminal/terminal.h"
#include "io/net/process.h"
#include "node/common/memory.h"

#ifdef PAWL_STATIC
#include <nss.h>
#include <openssl/crypto.h>

namespace {

// The libraries inside would load others where files of the machine name some: nsswitch.conf those
// that know users and hosts, openssl.cnf providers. They are made for the machine's own C library
// and not for the one inside, and what is loaded is in the gate. So both files go
// unread.
bool stays_alone() {
  return __nss_configure_lookup("passwd", "files") == 0 &&
         __nss_configure_lookup("hosts", "files dns") == 0 &&
         OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1;
}

}  // namespace
#else
namespace {
bool stays_alone() {
  return true;
}
}  // namespace
#endif

int main(int count, char** words) {
  if (!stays_alone()) {
    std::fputs("pawl: the program cannot be kept from the libraries of the machine\n", stderr);
    return pawl::app::exit_usage;
  }
  pawl::net::name_this_process("pawl");
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "serve" || command == "node") pawl::node::begin_with_memory(words);
  try {
    return pawl::app::dispatch(
        std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count));
  } catch (const std::exception& unforeseen) {
    // Memory that ran out, or a library that throws where it should not: never a silent end.
    std::fprintf(stderr, "pawl: %s\n", unforeseen.what());
    return pawl::app::exit_usage;
  }
}
