#include "doors/mcp/multiplexer/names.h"

#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

TEST(EndpointNames, TheFirstSlashPartsServerAndTool) {
  const auto split = split_name("crm/delete/all");
  ASSERT_TRUE(split.has_value());
  EXPECT_EQ(split->server, "crm");
  EXPECT_EQ(split->name, "delete/all");
  EXPECT_EQ(joined_name("crm", "delete/all"), "crm/delete/all");
  for (std::string_view wrong : {"", "crm", "crm/", "/tool", "/"}) {
    EXPECT_FALSE(split_name(wrong).has_value()) << wrong;
  }
}

TEST(EndpointNames, ThatProgramsTakeForOneAnotherAreRefused) {
  EXPECT_TRUE(check_server_names({"github", "crm", "fs2", "fs"}));
  const std::pair<std::vector<std::string>, std::string_view> wrong[] = {
      {{"crm", "CRM"}, "have one name"},
      {{"fs", "fs_read"}, "cannot tell their tools apart"},
      {{"fs-read", "fs"}, "cannot tell their tools apart"},
      {{"a.b", "a_b"}, "cannot tell their tools apart"},
      {{"crm", ""}, "is not a name"},
      {{"crm", "a/b"}, "is not a name"},
      {{"crm", "a\xe2\x80\x8b"}, "is not a name"},
  };
  for (const auto& [names, says] : wrong) {
    const Status status = check_server_names(names);
    ASSERT_FALSE(status.has_value()) << names.front() << " " << names.back();
    EXPECT_NE(status.error().message.find(says), std::string::npos) << status.error().message;
  }
  EXPECT_FALSE(check_server_names(std::vector<std::string>(servers_of_an_endpoint_max + 1, "a")));
}

TEST(EndpointNames, AUriIsMadeFromItsTemplateOnly) {
  EXPECT_TRUE(from_template("test://template/{id}/data", "test://template/123/data"));
  EXPECT_FALSE(from_template("test://template/{id}/data", "test://template/1/2/data"));
  EXPECT_FALSE(from_template("test://template/{id}/data", "test://template/123/data/more"));
  EXPECT_TRUE(from_template("file:///{+path}", "file:///a/b/c"));
  EXPECT_TRUE(from_template("db://{table}{?limit}", "db://users?limit=3"));
  EXPECT_TRUE(from_template("x://{a}-{b}", "x://1-2-3"));
  EXPECT_FALSE(from_template("x://{a}-{b}", "x://1"));
  EXPECT_FALSE(from_template("x://{a", "x://1"));
  EXPECT_TRUE(from_template("x://a", "x://a"));
  EXPECT_FALSE(from_template("", "x"));
}

// A pattern that could take for ever takes no time.
TEST(EndpointNames, ATemplateOfManyVariablesIsNotTried) {
  std::string pattern = "x";
  for (int i = 0; i < 400; ++i) pattern += "{+a}b";
  EXPECT_FALSE(from_template(pattern, std::string(8000, 'b')));
  EXPECT_FALSE(from_template("{+a}", std::string(10'000, 'b')));
}

}  // namespace
}  // namespace pawl::mcp
