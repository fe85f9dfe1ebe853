#include "doors/console/requests.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::console {
namespace {

constexpr std::string_view kJwk =
    R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

std::string cookie_in(const std::string& line, const std::string& more = {}) {
  http::Headers headers;
  headers.add("cookie", line);
  if (!more.empty()) headers.add("cookie", more);
  return std::string(cookie_of(headers, "pawl-1"));
}

TEST(Requests, ACookieThatCameTwiceIsNone) {
  EXPECT_EQ(cookie_in("a=b; pawl-1=x"), "x");
  EXPECT_EQ(cookie_in("pawl-1=x=y"), "x=y");
  EXPECT_EQ(cookie_in("xpawl-1=x; pawl-12=y; pawl-1"), "");
  for (const char* twice : {"pawl-1=x; pawl-1=y", "pawl-1=; pawl-1=x", "pawl-1=x;pawl-1=x"}) {
    EXPECT_EQ(cookie_in(twice), "") << twice;
  }
  EXPECT_EQ(cookie_in("pawl-1=x", "pawl-1=y"), "");
}

TEST(Requests, AQueryIsDecodedOrEmpty) {
  EXPECT_EQ(query_value("run=r-1&tool=a%2Fb+c", "tool"), "a/b c");
  EXPECT_EQ(query_value("run=r-1", "tool"), "");
  EXPECT_EQ(query_value("tool=a&tool=b", "tool"), "a");
  for (const char* broken : {"tool=%", "tool=%2", "tool=%zz", "tool=%ff", "tool"}) {
    EXPECT_EQ(query_value(broken, "tool"), "") << broken;
  }
  EXPECT_EQ(query_value("tool=" + std::string(4096, 'x'), "tool"), "");
}

TEST(Requests, APathIsARequestOfTheControlDoor) {
  EXPECT_EQ(request_for("status", ""), R"({"op":"status"})");
  EXPECT_EQ(request_for("approvals/a-1", "full=1"), R"({"op":"approval","id":"a-1","full":true})");
  EXPECT_EQ(request_for("approvals/a-1", "", "ada"),
            R"({"op":"approval","id":"a-1","full":false,"person":"ada"})");
  EXPECT_EQ(request_for("runs/r%22", ""), R"({"op":"run","id":"r\""})");
  EXPECT_EQ(request_for("together", "ids=a-1%2Ca-2&full=1"),
            R"({"op":"together","full":true,"ids":["a-1","a-2"]})");
  EXPECT_EQ(request_for("approvals", ""), R"({"op":"approvals"})");
  EXPECT_EQ(request_for("approvals", "filter=a%20b&names=1"),
            R"({"op":"approvals","filter":"a b","names":true})");
  EXPECT_EQ(request_for("approvals", "ids=a-1,a-2"), R"({"op":"approvals","ids":["a-1","a-2"]})");
  EXPECT_EQ(request_for("together", ""), R"({"op":"together","full":false,"ids":[""]})");
  EXPECT_EQ(request_for("together", "ids=a-1", "ada"),
            R"({"op":"together","full":false,"ids":["a-1"],"person":"ada"})");
  EXPECT_EQ(request_for("journal/proof", ""), R"({"op":"journal_proof"})");
  EXPECT_EQ(request_for("record", "seq=17"), R"({"op":"record","seq":17})");
  EXPECT_EQ(request_for("record", "seq=x"), R"({"op":"record"})");
  EXPECT_EQ(request_for("calls", "run=r-1"), R"({"op":"calls","run":"r-1"})");
  EXPECT_EQ(request_for("journal", "run=r"),
            R"({"op":"journal","run":"r","tool":"","agent":"","effect":"","since":"",)"
            R"("argument":"","person":""})");
}

TEST(Requests, ASignInIsWipedWhateverItHolds) {
  std::string body = R"({"key":)" + std::string(kJwk) + R"(,"person":"ada"})" + "\ncorrect\nhorse";
  const auto read = read_sign_in(body);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->person, "ada");
  EXPECT_EQ(read->passphrase.bytes(), "correct\nhorse");
  EXPECT_EQ(body.find("horse"), std::string::npos);
  for (std::string broken :
       {std::string("correct horse"), std::string("{}\ncorrect horse"),
        R"({"key":{"kty":"EC"},"person":"ada"})" + std::string("\ncorrect horse"),
        R"({"key":)" + std::string(kJwk) + R"(,"person":""})" + "\ncorrect horse",
        R"({"key":)" + std::string(kJwk) + R"(,"person":"ada"})" + "\n"}) {
    EXPECT_FALSE(read_sign_in(broken));
    EXPECT_EQ(broken.find("horse"), std::string::npos);
  }
}

}  // namespace
}  // namespace pawl::console
