#include "doors/mcp/multiplexer/resource_owners.h"

#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

using Servers = std::vector<std::size_t>;

struct PlacesTest : testing::Test {
  void list(std::size_t server, std::string_view page, bool first = true) {
    owners.resources(server, json::parse(page)->root(), first);
  }
  void list_templates(std::size_t server, std::string_view page) {
    owners.templates(server, json::parse(page)->root(), true);
  }
  ResourceOwners owners{3};
};

TEST_F(PlacesTest, WhatAServerListedIsThatServers) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(1, R"({"resources":[{"uri":"b://1"}]})");
  EXPECT_EQ(owners.of_uri("a://1"), Servers{0});
  EXPECT_EQ(owners.of_uri("b://1"), Servers{1});
  EXPECT_EQ(owners.of_uri("c://1"), Servers{});
}

// Threats 5.4: a server lists what another one has, to be read in its place.
TEST_F(PlacesTest, WhatTwoListIsNeithers) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(2, R"({"resources":[{"uri":"a://1"}]})");
  EXPECT_EQ(owners.of_uri("a://1"), (Servers{0, 2}));
}

TEST_F(PlacesTest, AListGoesBeforeATemplate) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list_templates(1, R"({"resourceTemplates":[{"uriTemplate":"a://{id}"}]})");
  EXPECT_EQ(owners.of_uri("a://1"), Servers{0});
  EXPECT_EQ(owners.of_uri("a://2"), Servers{1});
  EXPECT_EQ(owners.of_template("a://{id}"), Servers{1});
}

// Threats, D03: a link says where a resource is, and cannot move one that is listed.
TEST_F(PlacesTest, ALinkNamesWhatNoListShows) {
  const auto links = [](std::string_view uri) {
    return *json::parse(R"({"content":[{"type":"text","uri":"a://0"},)"
                        R"({"type":"resource_link","uri":")" +
                        std::string(uri) + R"("}]})");
  };
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  owners.links(1, links("a://1").root());
  EXPECT_EQ(owners.of_uri("a://1"), Servers{0});
  owners.links(1, links("a://2").root());
  EXPECT_EQ(owners.of_uri("a://2"), Servers{1});
  EXPECT_EQ(owners.of_uri("a://0"), Servers{});
  owners.links(2, links("a://2").root());
  EXPECT_EQ(owners.of_uri("a://2"), (Servers{1, 2}));
  for (std::size_t i = 0; i <= links_of_a_server_max; ++i) {
    owners.links(1, links("b://" + std::to_string(i)).root());
  }
  EXPECT_EQ(owners.of_uri("b://0"), Servers{});
}

TEST_F(PlacesTest, ANewReadingReplacesWhatWasKnown) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(0, R"({"resources":[{"uri":"a://2"}]})", false);
  EXPECT_EQ(owners.of_uri("a://1"), Servers{0});
  list(0, R"({"resources":[{"uri":"a://3"}]})");
  EXPECT_EQ(owners.of_uri("a://1"), Servers{});
  EXPECT_EQ(owners.of_uri("a://3"), Servers{0});
}

}  // namespace
}  // namespace pawl::mcp
