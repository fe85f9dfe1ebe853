// The example of docs/formats/run-credential.md is what this code writes, and what it reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "lang/jose/run_credential.h"
#include "lang/jose/tokens_test.h"

namespace pawl::jose {
namespace {

// What stands between "```NAME" and "```" in the page, without newlines.
std::string block(const std::string& name) {
  std::ifstream page(PAWL_SOURCE_DIR "/docs/formats/run-credential.md");
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line == "```") return text;
    if (inside) text += line;
    if (line == "```" + name) inside = true;
  }
  ADD_FAILURE() << "the page has no block `" << name << "`";
  return text;
}

TEST(RunCredentialFormat, ThePageShowsWhatIsWritten) {
  const SigningKey key = made::signing_key();
  EXPECT_EQ(block("keys"), made::set_of(key).text());
  const RunDoor door{.issuer = "https://gate.example",
                     .audience = "https://gate.example/mcp/coder"};
  const auto read = verify_run(block("token"), made::set_of(block("keys")), door, made::kNow);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*issue(key, *read, read->expires), block("token"));
  EXPECT_EQ(*unchecked_payload(block("token")), block("claims"));
  EXPECT_EQ(block("token").substr(0, block("token").find('.')), base64url(block("header")));
  EXPECT_EQ(read->sponsor, "first.lastname");
  EXPECT_THAT(read->actors, testing::ElementsAre("reader", "coder"));
  EXPECT_THAT(*read->attenuation.tools, testing::ElementsAre("github/get_*", "read_file"));
  EXPECT_EQ(read->attenuation.limits.at(Limit::steps), 10U);
}

}  // namespace
}  // namespace pawl::jose
