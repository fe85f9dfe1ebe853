// Any bytes as a token, as claims, as a set of keys, and as what an issuer says of itself. Nothing
// unsigned is accepted, and what can be read is read the same when we write it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/must.h"
#include "io/identity/http_keys.h"
#include "lang/jose/api_key.h"
#include "lang/jose/base64url.h"
#include "lang/jose/run_credential.h"
#include "lang/jose/svid.h"

namespace {

using namespace pawl;        // NOLINT: a program of one page
using namespace pawl::jose;  // NOLINT

constexpr Instant now{1'800'000'000LL * 1'000'000'000};

void as_token(const std::string& text, const SigningKey& key, const KeySet& keys) {
  const RunDoor door{.issuer = "i", .audience = "a"};
  fuzz::must(!verify_run(text, keys, door, now), "this is not signed");
  fuzz::must(!match(text, {}), "there are no keys");
  (void)stated(text);
  // The same bytes as claims that the node itself has signed.
  const auto read = verify_run(seal(key, run_type, text), keys, door, now);
  if (!read) return;
  const auto again = issue(key, *read, read->expires);
  fuzz::must(again.has_value(), "what was read can be issued");
  const auto twice = verify_run(*again, keys, door, now);
  fuzz::must(twice && *twice == *read, "and says the same");
}

void as_header(const std::string& text, const SigningKey& key, const KeySet& keys) {
  constexpr std::string_view types[] = {"jwt", ""};
  const std::string signed_part = base64url(text) + ".e30";
  const auto opened = open(signed_part + "." + base64url(key.sign(signed_part)), keys, types);
  if (opened) fuzz::must(opened->payload == "{}", "the payload is the one that was signed");
}

// What an issuer says of itself, and how long its keys are good for.
void as_discovery(const std::string& text) {
  const auto keys = identity::keys_of_discovery(text, "https://id.example");
  if (keys) fuzz::must(text.contains("jwks_uri"), "the keys are where the issuer says");
  const auto fresh = identity::fresh_for(text);
  if (fresh) fuzz::must(*fresh >= Duration{} && *fresh <= identity::fresh_max, "within bounds");
  for (const std::string& url : identity::discovery_addresses(text)) {
    fuzz::must(url.contains("/.well-known/"), "below a known path");
  }
  if (const auto address = parse_web_address(text)) {
    fuzz::must(address->port != 0 && !address->host.empty(), "an address has a host and a port");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const SigningKey key = *SigningKey::from_seed(std::string(32, '\x07'));
  const PublicKey ours[] = {key.public_key()};
  const KeySet keys = KeySet::of(ours);
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  as_token(text, key, keys);
  as_header(text, key, keys);
  as_discovery(text);
  (void)parse_spiffe_id(text);
  if (const auto kept = KeptKey::parse(text)) fuzz::must(kept->text() == text, "one spelling");
  if (const auto set = KeySet::parse(text)) {
    const auto again = KeySet::parse(set->text());
    fuzz::must(again && again->text() == set->text(), "a set is read again as it was written");
  }
  std::string decoded;
  if (unbase64url(text, decoded)) fuzz::must(base64url(decoded) == text, "one text for the bytes");
  return 0;
}
