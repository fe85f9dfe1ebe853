// The example of docs/formats/credentials.md is what this code writes, and what it reads.
#include <gtest/gtest.h>

#include <fstream>

#include "io/secrets/store.h"

namespace pawl::secrets {
namespace {

std::string block(const std::string& name) {
  std::ifstream page(PAWL_SOURCE_DIR "/docs/formats/credentials.md");
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line == "```") return text;
    if (inside) text += line + "\n";
    if (line == "```" + name) inside = true;
  }
  ADD_FAILURE() << "the page has no block `" << name << "`";
  return text;
}

TEST(CredentialsFormat, ThePageShowsWhatIsWritten) {
  Random counting = [next = 0](std::size_t count) mutable {
    std::string bytes;
    while (bytes.size() < count) bytes += static_cast<char>(next++);
    return bytes;
  };
  const Credential passphrase = Credential::copy_of("a good passphrase");
  Store store = *Store::create(passphrase, counting);
  const Instant at{1'800'000'000LL * 1'000'000'000};
  ASSERT_TRUE(store.put("mail-relay", Credential::copy_of("first-token"), at, counting));
  EXPECT_EQ(store.text(), block("store"));
  const auto opened = Store::open(block("store"), passphrase);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->get("mail-relay")->bytes(), "first-token");
}

}  // namespace
}  // namespace pawl::secrets
