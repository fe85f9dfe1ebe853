// Any bytes as a store of credentials, and as the body of one whose digest fits. What lists is
// named well and has numbers that were given. Opening is left out: a guess costs a tenth of a
// second.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/hash.h"
#include "fuzz/must.h"
#include "io/secrets/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pawl;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  (void)secrets::Store::list(text);
  const std::string whole =
      "pawl-credentials-v1 " + hex(sha256(text)) + " " + std::string(64, '0') + "\n" + text;
  const auto listed = secrets::Store::list(whole);
  if (!listed) return 0;
  for (const auto& entry : *listed) {
    fuzz::must(secrets::valid_name(entry.name), "a name that lists can be typed");
    fuzz::must(entry.version > 0, "versions are counted from one");
  }
  return 0;
}
