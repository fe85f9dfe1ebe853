#include "doors/mcp/many/places.h"

#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

using Servers = std::vector<std::size_t>;

struct PlacesTest : testing::Test {
  void list(std::size_t server, std::string_view page, bool first = true) {
    places.resources(server, json::parse(page)->root(), first);
  }
  void list_templates(std::size_t server, std::string_view page) {
    places.templates(server, json::parse(page)->root(), true);
  }
  Places places{3};
};

TEST_F(PlacesTest, WhatAServerListedIsThatServers) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(1, R"({"resources":[{"uri":"b://1"}]})");
  EXPECT_EQ(places.of_uri("a://1"), Servers{0});
  EXPECT_EQ(places.of_uri("b://1"), Servers{1});
  EXPECT_EQ(places.of_uri("c://1"), Servers{});
}

// Threats 5.4: a server lists what another one has, to be read in its place.
TEST_F(PlacesTest, WhatTwoListIsNeithers) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(2, R"({"resources":[{"uri":"a://1"}]})");
  EXPECT_EQ(places.of_uri("a://1"), (Servers{0, 2}));
}

TEST_F(PlacesTest, AListGoesBeforeATemplate) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list_templates(1, R"({"resourceTemplates":[{"uriTemplate":"a://{id}"}]})");
  EXPECT_EQ(places.of_uri("a://1"), Servers{0});
  EXPECT_EQ(places.of_uri("a://2"), Servers{1});
  EXPECT_EQ(places.of_template("a://{id}"), Servers{1});
}

TEST_F(PlacesTest, ANewReadingReplacesWhatWasKnown) {
  list(0, R"({"resources":[{"uri":"a://1"}]})");
  list(0, R"({"resources":[{"uri":"a://2"}]})", false);
  EXPECT_EQ(places.of_uri("a://1"), Servers{0});
  list(0, R"({"resources":[{"uri":"a://3"}]})");
  EXPECT_EQ(places.of_uri("a://1"), Servers{});
  EXPECT_EQ(places.of_uri("a://3"), Servers{0});
}

}  // namespace
}  // namespace pawl::mcp
