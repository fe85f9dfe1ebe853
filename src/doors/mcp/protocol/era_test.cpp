#include "doors/mcp/protocol/era.h"

#include <gtest/gtest.h>

namespace pawl::mcp {
namespace {

json::Document parsed(std::string_view text) {
  json::ParseLimits limits;
  limits.duplicate_keys = json::DuplicateKeys::permit;
  auto document = json::parse(text, limits);
  EXPECT_TRUE(document.has_value()) << text;
  return document ? std::move(*document) : json::Document();
}

constexpr std::string_view envelope =
    R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}})";

TEST(Envelope, IsReadWhereItIsComplete) {
  const json::Document document = parsed(envelope);
  const Envelope seen = read_envelope(document.root());
  EXPECT_TRUE(seen.claimed);
  EXPECT_TRUE(seen.supported);
  EXPECT_EQ(seen.wrong, "");
}

TEST(Envelope, NamesTheKeyThatIsMissing) {
  const json::Document nothing = parsed("{}");
  EXPECT_FALSE(read_envelope(nothing.root()).claimed);
  EXPECT_EQ(read_envelope(nothing.root()).wrong, meta_version);
  const json::Document half =
      parsed(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})");
  EXPECT_TRUE(read_envelope(half.root()).claimed);
  EXPECT_EQ(read_envelope(half.root()).wrong, meta_capabilities);
  const json::Document level =
      parsed(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
             R"("io.modelcontextprotocol/clientCapabilities":{},)"
             R"("io.modelcontextprotocol/logLevel":"loud"}})");
  EXPECT_EQ(read_envelope(level.root()).wrong, meta_log_level);
}

TEST(Offers, FollowTheDeclaredCapabilities) {
  const json::Document form = parsed(R"({"mode":"form"})");
  const json::Document address = parsed(R"({"mode":"url"})");
  const json::Document odd = parsed(R"({"mode":"voice"})");
  const json::Document plain = parsed(R"({"elicitation":{}})");
  const Offers old = offers_of(plain.root());
  EXPECT_TRUE(old.cover("elicitation/create", form.root()));
  EXPECT_TRUE(old.cover("elicitation/create", {}));
  EXPECT_FALSE(old.cover("elicitation/create", address.root()));
  const json::Document page = parsed(R"({"elicitation":{"url":{}},"roots":{}})");
  const Offers offers = offers_of(page.root());
  EXPECT_FALSE(offers.cover("elicitation/create", form.root()));
  EXPECT_TRUE(offers.cover("elicitation/create", address.root()));
  EXPECT_FALSE(offers.cover("elicitation/create", odd.root()));
  EXPECT_TRUE(offers.cover("roots/list", {}));
  EXPECT_FALSE(offers.cover("sampling/createMessage", {}));
  EXPECT_FALSE(offers.cover("tools/call", {}));
}

TEST(ResultForModern, SaysThatItIsComplete) {
  EXPECT_EQ(result_for_stateless(R"({"content":[]})", Cached::no),
            R"({"resultType":"complete","content":[]})");
  EXPECT_EQ(result_for_stateless(" { } ", Cached::no).substr(0, 25),
            R"({"resultType":"complete"})");
  EXPECT_EQ(result_for_stateless(R"({"tools":[]})", Cached::yes),
            R"({"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[]})");
}

// A server of the stateful era that writes members of the newer one is not believed in them, in
// whatever spelling: the last of two duplicate_keys is the one that many readers take.
TEST(ResultForModern, TakesOutWhatOnlyPawlWrites) {
  const std::string forged =
      R"({"content":[],"resultType":"input_required","requestState":"x","ttlMs":9})";
  EXPECT_EQ(result_for_stateless(forged, Cached::no), R"({"resultType":"complete","content":[]})");
  const std::string escaped =
      R"({"content":[1],"result\u0054ype":"input_required","ttl\u004ds":9})";
  EXPECT_EQ(result_for_stateless(escaped, Cached::no),
            R"({"resultType":"complete","content":[1]})");
  const std::string inside = R"({"content":[{"resultType":"task","n":9007199254740993.5}]})";
  EXPECT_EQ(
      result_for_stateless(inside, Cached::no),
      R"({"resultType":"complete","content":[{"resultType":"task","n":9007199254740993.5}]})");
}

TEST(FromStateless, TellsWhatAResultIs) {
  const FromStateless done = from_stateless(R"({"resultType":"complete","ttlMs":5,"content":[]})");
  EXPECT_EQ(done.kind, FromStateless::Kind::complete);
  EXPECT_EQ(done.text, R"({"content":[]})");
  EXPECT_EQ(from_stateless(R"({"content":[]})").kind, FromStateless::Kind::complete);
  EXPECT_EQ(from_stateless(R"({"resultType":"input_required","requestState":"s"})").kind,
            FromStateless::Kind::input_required);
  EXPECT_EQ(from_stateless(R"({"resultType":"input_required"})").kind,
            FromStateless::Kind::invalid);
  EXPECT_EQ(from_stateless(R"({"resultType":"task","taskId":"t"})").kind,
            FromStateless::Kind::task);
  EXPECT_EQ(from_stateless(R"({"resultType":7})").kind, FromStateless::Kind::invalid);
  EXPECT_EQ(from_stateless(R"({"resultType":"complete","resultType":"task"})").kind,
            FromStateless::Kind::invalid);
}

TEST(ErrorForModern, HasNoCodesOfTheOlderEra) {
  EXPECT_EQ(error_for_stateless(R"({"code":-32002,"message":"no such resource"})"),
            R"({"code":-32602,"message":"no such resource"})");
  EXPECT_EQ(error_for_stateless(R"({"code":-32042,"message":"m","data":{}})"),
            R"({"code":-32603,"message":"m"})");
  const std::string other = R"({"code": -32021, "message":"m", "data":{"x":1}})";
  EXPECT_EQ(error_for_stateless(other), other);
  EXPECT_EQ(unsupported_error("2031-01-01"),
            R"({"code":-32022,"message":"this protocol version is not supported",)"
            R"("data":{"supported":["2026-07-28"],"requested":"2031-01-01"}})");
}

TEST(SaidInDiscover, IsWhatAServerSaysWithInitialize) {
  const json::Document said =
      parsed(R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true},)"
             R"("resources":{"subscribe":true}},"instructions":"i",)"
             R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"n","version":"2"}}})");
  EXPECT_EQ(said_in_discover(said.root()),
            R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},)"
            R"("resources":{"subscribe":true}},"serverInfo":{"name":"n","version":"2"},)"
            R"("instructions":"i"})");
  const json::Document other = parsed(R"({"supportedVersions":["2031-01-01"],"capabilities":{}})");
  EXPECT_EQ(said_in_discover(other.root()), "");
  const json::Document none = parsed(R"({"capabilities":{}})");
  EXPECT_EQ(said_in_discover(none.root()), "");
}

}  // namespace
}  // namespace pawl::mcp
