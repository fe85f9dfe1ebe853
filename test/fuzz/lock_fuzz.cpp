// `pawl.lock` and the verifiers of reviewers: both lie in files that others may have written.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/must.h"
#include "io/approvals/proof.h"
#include "io/pins/lock.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

void check_lock(std::string_view text) {
  const auto lock = parse_lock(text, "pawl.lock");
  if (!lock) {
    must(lock.error().fault != ErrorKind::internal && !lock.error().message.empty(),
         "a bad refusal");
    return;
  }
  must(lock->present, "a lock that was read is not there");
  const std::string written = to_text(*lock);
  const auto again = parse_lock(written, "pawl.lock");
  must(again && again->definitions == lock->definitions, "a definition does not survive it");
  must(again && again->tools == lock->tools, "a lock does not survive being written");
  must(to_text(*again) == written, "a lock has two spellings");
  for (const auto& [name, digest] : lock->tools) {
    must(lock->find("", name) == digest, "an accepted tool is not found");
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos || slash == 0) continue;
    must(lock->find(name.substr(0, slash), name.substr(slash + 1)) == digest, "… of a server");
  }
}

// Nothing is signed: no signature may be good, whatever verifier and signature say.
void check_proof(std::string_view text) {
  static const std::string verifier =
      "argon2id$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA==$"
      "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  must(valid_verifier(verifier), "the verifier of this fuzzer is none");
  const Challenge challenge{"node", "00", "ann", "sha256:00"};
  must(!verify(challenge, text, verifier), "a signature was made up");
  if (!valid_verifier(text)) must(!verify(challenge, text, text), "a bad verifier was believed");
  Challenges challenges;
  must(!challenges.take(std::string(text), "here", "ann", {}), "a challenge was made up");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_lock(text);
  check_proof(text);
  return 0;
}
