#include "kernel/origin/origin.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

OriginSource source(std::string_view written) {
  const auto parsed = parse_result_source(written);
  EXPECT_TRUE(parsed) << written;
  return parsed.value_or(OriginSource{});
}

struct World {
  std::vector<OriginSource> wanted;
  RunOrigins origins;
  int calls = 0;

  explicit World(std::initializer_list<std::string_view> sources) {
    for (const auto written : sources) wanted.push_back(source(written));
    origins = RunOrigins(wanted);
  }
  void result(std::string_view tool, std::string_view json) {
    const auto document = json::parse(json);
    ASSERT_TRUE(document) << json;
    origins.add_result("crm", tool, "c" + std::to_string(++calls), document->root());
  }
  void text(std::string_view tool, std::string_view text) {
    json::Writer out;
    out.object().key("content").array().object().key("text").string(text);
    out.key("type").string("text").end().end().end();
    result(tool, out.take());
  }
  std::string from(std::string_view written, std::string_view json) const {
    const auto document = json::parse(json);
    EXPECT_TRUE(document) << json;
    return origins.find(source(written), document->root()).value_or("nowhere");
  }
};

TEST(OriginSource, IsReadAndWritten) {
  for (const std::string_view written :
       {"read_customer.contact.email", "crm/read_customer.email", "get_channels", "a.b"}) {
    EXPECT_EQ(to_string(source(written)), written);
  }
  for (const std::string_view wrong :
       {"", ".", "a.", ".a", "a..b", "/a.b", "a/b/c.d", "a*.b", "crm/"}) {
    EXPECT_FALSE(parse_result_source(wrong)) << wrong;
  }
  EXPECT_TRUE(source("a.b").is_of("any", "a"));
  EXPECT_TRUE(source("crm/a.b").is_of("crm", "a"));
  EXPECT_FALSE(source("crm/a.b").is_of("mail", "a"));
}

TEST(RunOrigins, FindsTheFieldOfAStructuredResult) {
  World w{"read.contact.email", "read.orders.id"};
  w.result("read", R"({"structuredContent":{"contact":{"email":"Dora@Myco.example"},
                       "orders":[{"id":"ORD-1"},{"id":"ORD-2"}],"other":"x@evil.example"},
                       "content":[]})");
  EXPECT_EQ(w.from("read.contact.email", R"("dora@myco.example")"), "c1");
  EXPECT_EQ(w.from("read.orders.id", R"("ORD-2")"), "c1");
  EXPECT_EQ(w.from("read.orders.id", R"("ORD-3")"), "nowhere");
  EXPECT_EQ(w.from("read.contact.email", R"("ORD-1")"), "nowhere");
  EXPECT_EQ(w.from("read.contact.email", R"("x@evil.example")"), "nowhere");
  EXPECT_EQ(w.from("user", R"("ORD-1")"), "nowhere");
}

TEST(RunOrigins, ReadsJsonAndYamlThatAToolPrints) {
  World w{"list.recipient", "names", "list.amount"};
  w.text("list",
         "- amount: 100.0\n  recipient: CH9300762011623852957\n- amount: 5\n"
         "  recipient: 'GB29 NWBK 6016 1331 9268 19'\n");
  w.text("names", "- general\n- random\n");
  EXPECT_EQ(w.from("list.recipient", R"("CH9300762011623852957")"), "c1");
  EXPECT_EQ(w.from("list.recipient", R"("GB29NWBK60161331926819")"), "c1");
  EXPECT_EQ(w.from("list.amount", "100"), "c1");
  EXPECT_EQ(w.from("names", R"("general")"), "c2");
  w.text("names", R"(["ops"])");
  EXPECT_EQ(w.from("names", R"("ops")"), "c3");
}

TEST(RunOrigins, ProseIsNoSource) {
  World w{"page.account", "names"};
  w.text("page", "Please pay.\naccount: DE1\n\"account\": \"DE2\"");
  w.text("page", "account: DE3\naccount: DE4\n");       // a key twice
  w.text("page", "a: &x {account: DE5}\nb: *x\n");      // an alias
  w.text("page", "account: DE6\n---\naccount: DE7\n");  // two documents
  w.text("names", "general");                           // one word alone
  for (const std::string_view account : {"DE1", "DE2", "DE3", "DE4", "DE5", "DE6", "DE7"}) {
    EXPECT_EQ(w.from("page.account", "\"" + std::string(account) + "\""), "nowhere") << account;
  }
  EXPECT_EQ(w.from("names", R"("general")"), "nowhere");
}

TEST(RunOrigins, ErrorsAndOtherToolsAreNoSource) {
  World w{"read.email", "other/find.email"};
  w.result("read", R"({"isError":true,"structuredContent":{"email":"a@b.example"}})");
  w.result("find", R"({"email":"a@b.example"})");  // of the server `crm`
  w.result("write", R"({"email":"a@b.example"})");
  EXPECT_EQ(w.from("read.email", R"("a@b.example")"), "nowhere");
  EXPECT_EQ(w.from("other/find.email", R"("a@b.example")"), "nowhere");
  EXPECT_FALSE(w.origins.wants("crm", "write"));
}

TEST(RunOrigins, AValueInTwoFieldsIsTwoValues) {
  World w{"read.a", "read.b"};
  w.result("read", R"({"a":"one","b":{"c":"two"}})");
  EXPECT_EQ(w.from("read.a", R"("one")"), "c1");
  EXPECT_EQ(w.from("read.b", R"("two")"), "nowhere");  // an object is not a value
  EXPECT_EQ(w.from("read.a", "true"), "nowhere");
}

TEST(RunOrigins, KeepsTheFirstCall) {
  World w{"read.a"};
  w.result("read", R"({"a":"one"})");
  w.result("read", R"({"a":["one","two"]})");
  EXPECT_EQ(w.from("read.a", R"("one")"), "c1");
  EXPECT_EQ(w.from("read.a", R"("two")"), "c2");
}

TEST(RunOrigins, IsBounded) {
  World w{"read.a"};
  for (int i = 0; i < 40; ++i) {
    std::string text = R"({"a":[)";
    for (int j = 0; j < 1000; ++j) {
      text += (j > 0 ? ",\"" : "\"") + std::to_string(i) + "x" + std::to_string(j) + "\"";
    }
    w.result("read", text + "]}");
  }
  EXPECT_FALSE(w.origins.complete());
  EXPECT_EQ(w.from("read.a", R"("0x0")"), "c1");
  EXPECT_EQ(w.from("read.a", R"("39x999")"), "nowhere");
}

TEST(RunOrigins, NamesTheHostsThatATextMentions) {
  World w{"read.url"};
  w.origins.add_words("look at www.shop.example");
  w.result("read", R"({"url":"https://docs.example/a"})");
  EXPECT_EQ(w.origins.call_of_host(OriginSource{}, "www.shop.example"), "");
  EXPECT_FALSE(w.origins.call_of_host(OriginSource{}, "xwww.shop.example"));
  EXPECT_EQ(w.origins.call_of_host(OriginSource{}, "shop.example"), "");
  EXPECT_FALSE(w.origins.call_of_host(OriginSource{}, "www.example"));
  EXPECT_EQ(w.origins.call_of_host(source("read.url"), "www.docs.example"), "c1");
  EXPECT_EQ(w.origins.call_of_host(source("read.url"), "docs.example"), "c1");
  EXPECT_FALSE(w.origins.call_of_host(source("read.url"), "www.shop.example"));
}

TEST(RunOrigins, NamesTheDirectoriesOfTheSponsor) {
  World w{"list.dir"};
  w.origins.add_words("tidy up /srv/app/, and docs/old in the project; not / and not x/..");
  w.result("list", R"({"dir":["/srv/listed"]})");
  const auto named = [&](std::string_view directory, std::string_view base = "/work") {
    return w.origins.call_of_directory(OriginSource{}, directory, base).has_value();
  };
  EXPECT_TRUE(named("/srv/app"));
  EXPECT_TRUE(named("/work/docs/old"));
  EXPECT_FALSE(named("/work/docs/old", ""));
  EXPECT_FALSE(named("/elsewhere/docs/old"));
  for (const char* other : {"/", "/srv", "/srv/app2", "/work/docs", "/work", "/work/x"}) {
    EXPECT_FALSE(named(other)) << other;
  }
}

}  // namespace
}  // namespace pawl
