// How a reviewer proves to be one: a passphrase that never leaves the terminal.
//
// Enrolment turns the passphrase into an Ed25519 key (Argon2id over passphrase and salt gives the
// seed) and keeps only the public half, the *verifier*. To act, the reviewer asks the node for a
// challenge, and signs it together with a digest of exactly the act. So a node, a journal, a
// configuration file or a listener on a socket holds nothing that could act in the reviewer's
// name, and a recorded proof fits one act on one node once.
//
// Verifier text:  `argon2id$m=65536,t=3,p=1$<salt base64>$<public key base64>`; a reviewer who has
//                 passkeys as well has theirs behind it (ways.h), which mean nothing here
// Signed message: `pawl-proof-v1\n<node key>\n<nonce hex>\n<person>\n<act digest>\n`
// Threads: pure functions, but for the slow Argon2id (about 0.1 s), which callers run where it does
// not stop a loop: in the command, never in the node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/time.h"
#include "io/approvals/brake.h"

namespace pawl {

inline constexpr std::uint32_t argon_memory_kib = 64 * 1024;
inline constexpr std::uint32_t argon_passes = 3;
inline constexpr std::size_t passphrase_bytes_min = 8;
inline constexpr Duration challenge_lifetime = Duration::seconds(120);

// Makes the verifier for a new passphrase. `salt` is 16 random bytes.
Result<std::string> make_verifier(std::string_view passphrase, std::string_view salt);

// What is signed for one act.
struct Challenge {
  std::string node;   // the node's public key, as in node.pub
  std::string nonce;  // hex, 32 random bytes
  std::string person;
  std::string act;  // spelled SHA-256 of the canonical JSON of the request
};

// Signs with the key that passphrase and verifier give. ErrorKind::refused where the passphrase is
// not the one behind the verifier: nothing is signed then.
Result<std::string> sign(const Challenge& challenge, std::string_view passphrase,
                         std::string_view verifier);

// Whether the passphrase is the one behind the verifier: ErrorKind::refused where it is not. For
// the console, whose people type it into a page; in a thread, like `sign`.
Status check_passphrase(std::string_view passphrase, std::string_view verifier);

// True where the signature (base64) is by the verifier's key over exactly this challenge.
bool verify(const Challenge& challenge, std::string_view signature, std::string_view verifier);

// A verifier that has the promised form, and is of a passphrase alone.
bool valid_verifier(std::string_view text);

// Open challenges of a node. Each belongs to the source that asked for it (a connection) and counts
// for that one alone: no one uses up, or pushes out, what another one holds (case H09). Wrong
// proofs slow their source down, and no person.
class Challenges {
 public:
  // Of all the connections that a node accepts, each its share: none is left without.
  static constexpr std::size_t open_max = 8192;
  // A source's oldest makes room for its next.
  static constexpr std::ptrdiff_t open_of_one_max = 2;

  // `nonce` is 32 random bytes. ErrorKind::refused while the source has to wait.
  Result<std::string> open(const std::string& source, const std::string& person,
                           std::string_view nonce, Instant now);
  // Takes the challenge out: it counts once. False where it is unknown, of another source or
  // person, or old.
  bool take(const std::string& nonce_hex, const std::string& source, const std::string& person,
            Instant now);
  void failed(const std::string& source, Instant now) { brake_.failed(source, now); }
  void succeeded(const std::string& source) { brake_.succeeded(source); }

 private:
  struct Open {
    std::string source, person;
    Instant until;
  };
  std::unordered_map<std::string, Open> open_;
  Brake brake_;
};

}  // namespace pawl
