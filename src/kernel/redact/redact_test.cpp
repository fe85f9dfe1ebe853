// Threats 5.4, S01 to S05: what comes back under a scope.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/json.h"
#include "kernel/redact/scope.h"

namespace pawl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json::Document parsed(std::string_view text) {
  Result<json::Document> document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text;
  return document ? std::move(*document) : json::Document{};
}

std::string projected(const Scope& scope, std::string_view text) {
  const json::Document document = parsed(text);
  std::string out;
  const bool left = scope.project(document.root(), out);
  EXPECT_EQ(left, out != "null");
  return out;
}

Projected result_of(const Scope& scope, std::string_view text) {
  const json::Document document = parsed(text);
  return project_result(scope, document.root());
}

// Every result must be what a client accepts: an object with a list of texts.
void expect_valid(const Projected& projected) {
  const json::Document document = parsed(projected.result);
  const json::View root = document.root();
  ASSERT_TRUE(root["content"].is_array());
  for (json::View item : root["content"].elements()) {
    EXPECT_EQ(item.text("type"), "text");
    EXPECT_TRUE(item["text"].is_string());
    EXPECT_EQ(item.size(), 2U);
  }
}

const Scope seed({"customer_id", "order_history", "contact_info"});

TEST(Scope, KeepsListedFieldsWholeAndSorted) {
  EXPECT_EQ(projected(seed, R"({"order_history":[{"b":1,"a":2}],"ssn":"x","customer_id":7})"),
            R"({"customer_id":7,"order_history":[{"a":2,"b":1}]})");
}

TEST(Scope, NothingLeftIsNull) {
  EXPECT_EQ(projected(seed, R"({"ssn":1})"), "null");
  EXPECT_EQ(projected(seed, R"(["a",1,null])"), "null");
  EXPECT_EQ(projected(seed, "5"), "null");
}

TEST(Scope, S05ListedNameKeepsItsSubtreeAndWrappersAreSkeletons) {
  EXPECT_EQ(projected(Scope({"contact_info"}),
                      R"({"payment":{"iban":"x","contact_info":{"card":"4"}},"n":1})"),
            R"({"payment":{"contact_info":{"card":"4"}}})");
  EXPECT_EQ(projected(Scope({"contact_info"}), R"({"contact_info":{"ssn":"1"}})"),
            R"({"contact_info":{"ssn":"1"}})");
}

TEST(Scope, S05DottedNamesNarrow) {
  const Scope scope({"contact_info.email", "id"});
  EXPECT_EQ(projected(scope, R"({"id":1,"contact_info":{"email":"e","ssn":"s","id":9}})"),
            R"({"contact_info":{"email":"e"},"id":1})");
  EXPECT_EQ(projected(scope, R"({"contact_info":[{"email":"e","ssn":1},{"ssn":2}]})"),
            R"({"contact_info":[{"email":"e"}]})");
  EXPECT_EQ(projected(scope, R"({"contact_info":{"deep":{"email":"e"}}})"), "null");
  EXPECT_EQ(projected(scope, R"({"email":"e"})"), "null");
}

TEST(Scope, TheWholeNameWinsOverItsPart) {
  EXPECT_EQ(projected(Scope({"a.b", "a"}), R"({"a":{"b":1,"c":2}})"), R"({"a":{"b":1,"c":2}})");
}

TEST(Scope, NamesAreExact) {
  EXPECT_EQ(projected(seed, R"({"Contact_Info":1})"), "null");
  EXPECT_EQ(projected(seed, R"({"customer_id ":1})"), "null");
}

TEST(Scope, ListsAreTransparent) {
  EXPECT_EQ(projected(seed, R"([{"customer_id":1,"x":2},{"x":3},[{"customer_id":4}]])"),
            R"([{"customer_id":1},[{"customer_id":4}]])");
}

TEST(Result, S01TextIsReplacedByTheProjection) {
  const Projected out = result_of(
      seed, R"({"content":[{"type":"text","text":"{\"customer_id\":1,\"card\":\"SECRET\"}"}],
               "structuredContent":{"customer_id":1,"card":"SECRET"}})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("SECRET")));
  EXPECT_THAT(out.result, Not(HasSubstr("card")));
  EXPECT_THAT(out.withheld, ElementsAre("structuredContent.card"));
  const json::Document document = parsed(out.result);
  EXPECT_EQ((*document.root()["content"].elements().begin()).text("text"), R"({"customer_id":1})");
  EXPECT_EQ(json::write(document.root()["structuredContent"]), R"({"customer_id":1})");
}

TEST(Result, S01ProseBesideStructuredContentIsWithheld) {
  const Projected out =
      result_of(seed, R"({"content":[{"type":"text","text":"card SECRET of customer 1"}],
                         "structuredContent":{"customer_id":1}})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("SECRET")));
  EXPECT_THAT(out.withheld, ElementsAre("content[0] text that is not JSON"));
}

TEST(Result, TextAndStructuredContentMustAgree) {
  const Projected out =
      result_of(seed, R"({"content":[{"type":"text","text":"{\"customer_id\":\"OTHER\"}"}],
                         "structuredContent":{"customer_id":1}})");
  EXPECT_THAT(out.result, Not(HasSubstr("OTHER")));
  EXPECT_THAT(out.withheld,
              ElementsAre("content[0] text that differs from the structured content"));
}

TEST(Result, S02OtherContentIsWithheldAndNamed) {
  const Projected out = result_of(seed, R"({"content":[
      {"type":"image","data":"U0VDUkVU","mimeType":"image/png"},
      {"type":"audio","data":"U0VDUkVU","mimeType":"audio/wav"},
      {"type":"resource","resource":{"uri":"file:///x","text":"SECRET"}},
      {"type":"resource_link","uri":"https://evil.example/SECRET","name":"n"},
      {"type":"text","text":"<b>SECRET</b>"},
      {"type":"text","text":"{\"customer_id\":1} SECRET"},
      {"type":"text","text":"{\"customer_id\":1}\n{\"customer_id\":2,\"c\":\"SECRET\"}"},
      {"type":"text","text":"\"SECRET\""},
      {"type":"hologram","x":"SECRET"},
      {"text":"SECRET"}]})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("SECRET")));
  EXPECT_THAT(out.result, Not(HasSubstr("U0VDUkVU")));
  EXPECT_THAT(out.withheld,
              ElementsAre("content[0] image", "content[1] audio", "content[2] resource",
                          "content[3] resource_link", "content[4] text that is not JSON",
                          "content[5] text that is not JSON", "content[6] text that is not JSON",
                          "content[7] text without a listed field", "content[8] hologram",
                          "content[9] unknown"));
  EXPECT_THAT(out.result, HasSubstr("10 parts of the content"));
}

TEST(Result, S03TextsOfErrorsAreWithheld) {
  const Projected out = result_of(
      seed, R"({"isError":true,"content":[{"type":"text","text":"{\"customer_id\":\"SECRET\"}"}],
               "structuredContent":{"customer_id":"SECRET"},"_meta":{"row":"SECRET"}})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("SECRET")));
  EXPECT_THAT(out.withheld,
              ElementsAre("structuredContent", "content[0] text of an error", "_meta"));
  EXPECT_TRUE(parsed(out.result).root()["isError"].boolean());
  EXPECT_THAT(withheld_notice(), HasSubstr("withheld"));
}

TEST(Result, S03AnErrorMarkOfAnotherTypeCountsAsAnError) {
  for (const char* mark : {"\"false\"", "0", "null", "[]"}) {
    const Projected out = result_of(
        seed,
        std::string(R"({"content":[{"type":"text","text":"{\"customer_id\":\"SECRET\"}"}],)") +
            R"("isError":)" + mark + "}");
    EXPECT_THAT(out.result, Not(HasSubstr("SECRET"))) << mark;
  }
}

TEST(Result, S04TwinKeysInTextAreWithheld) {
  for (const char* twin : {"customer_id", "Customer_ID", "customer_\\\\u0069d"}) {
    const Projected out =
        result_of(seed, std::string(R"({"content":[{"type":"text","text":"{\"customer_id\":1,\")") +
                            twin + R"(\":\"SECRET\"}"}]})");
    EXPECT_THAT(out.result, Not(HasSubstr("SECRET"))) << twin;
    EXPECT_THAT(out.withheld, ElementsAre("content[0] text that is not JSON"));
  }
}

TEST(Result, MetaAndUnknownMembersAreDroppedAndNamed) {
  const Projected out = result_of(
      seed, R"({"content":[{"type":"text","text":"{\"customer_id\":1}","annotations":{"a":"SECRET"},
               "_meta":{"b":"SECRET"}}],"_meta":{"c":"SECRET"},"extra":"SECRET"})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("SECRET")));
  EXPECT_THAT(out.withheld,
              ElementsAre("content[0].annotations", "content[0]._meta", "_meta", "extra"));
}

TEST(Result, TheNoticeHoldsNoNamesOfFields) {
  const Projected out = result_of(
      seed, R"({"structuredContent":{"accounts":{"alice@x":1,"bob@x":2},"customer_id":1}})");
  expect_valid(out);
  EXPECT_THAT(out.result, Not(HasSubstr("alice")));
  EXPECT_THAT(out.result, Not(HasSubstr("accounts")));
  EXPECT_THAT(out.result, HasSubstr("1 field"));
  EXPECT_THAT(out.withheld, Contains("structuredContent.accounts"));
}

TEST(Result, StructuredContentStaysAnObjectWhenNothingIsLeft) {
  EXPECT_EQ(
      json::write(parsed(result_of(seed, R"({"content":[],"structuredContent":{"x":1}})").result)
                      .root()["structuredContent"]),
      "{}");
}

TEST(Result, NothingToWithholdSaysNothing) {
  const Projected out =
      result_of(seed, R"({"content":[{"type":"text","text":"{\"customer_id\":1}"}]})");
  EXPECT_EQ(out.result, R"({"content":[{"text":"{\"customer_id\":1}","type":"text"}]})");
  EXPECT_THAT(out.withheld, IsEmpty());
}

TEST(Result, HostileShapesStayValid) {
  for (const char* text : {"[]", "5", "{}", R"({"content":5})", R"({"content":[5,null,[]]})",
                           R"({"structuredContent":"SECRET"})", R"({"content":{"0":"SECRET"}})"}) {
    const Projected out = result_of(seed, text);
    expect_valid(out);
    EXPECT_THAT(out.result, Not(HasSubstr("SECRET"))) << text;
  }
}

TEST(Result, ManyWithheldNamesAreCounted) {
  std::string text = R"({"structuredContent":{)";
  for (int i = 0; i < 200; ++i) text += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":1";
  const Projected out = result_of(seed, text + "}}");
  EXPECT_EQ(out.withheld.size(), withheld_names_max + 1);
  EXPECT_EQ(out.withheld.back(), "136 more");
}

// A value of every kind at every place; only what stands under a listed name may come back.
std::string random_value(std::mt19937& random, unsigned depth, bool inside) {
  constexpr const char* names[] = {"customer_id", "contact_info", "a",
                                   "b",           "payment",      "Customer_id"};
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  if (depth == 0 || pick(4) == 0) return inside ? "\"open\"" : "\"SECRET\"";
  std::string out;
  if (pick(3) == 0) {
    for (unsigned i = pick(4); i > 0; --i) out += random_value(random, depth - 1, inside) + ",";
    if (!out.empty()) out.pop_back();
    return "[" + out + "]";
  }
  std::vector<unsigned> order = {0, 1, 2, 3, 4};
  std::ranges::shuffle(order, random);
  for (unsigned i = pick(5); i > 0; --i) {
    const char* name = names[order[i - 1]];
    out += std::string("\"") + name +
           "\":" + random_value(random, depth - 1, inside || order[i - 1] < 2) + ",";
  }
  if (!out.empty()) out.pop_back();
  return "{" + out + "}";
}

TEST(ScopeProperty, NoByteOutsideAListedFieldComesBack) {
  std::mt19937 random(20260801);
  const Scope scope({"customer_id", "contact_info"});
  for (int round = 0; round < 2000; ++round) {
    const std::string value = random_value(random, 6, false);
    const json::Document document = parsed(value);
    std::string once;
    scope.project(document.root(), once);
    EXPECT_THAT(once, Not(HasSubstr("SECRET"))) << value;
    // Projecting again changes nothing.
    EXPECT_EQ(projected(scope, once), once);
    std::string escaped;
    json::write_string(value, escaped);
    const Projected out = result_of(scope, R"({"content":[{"type":"text","text":)" + escaped +
                                               R"(}],"structuredContent":)" + value + "}");
    expect_valid(out);
    EXPECT_THAT(out.result, Not(HasSubstr("SECRET"))) << value;
  }
}

}  // namespace
}  // namespace pawl
