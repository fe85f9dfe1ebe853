#include "io/http/head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::http {
namespace {

std::string with(const std::string& lines) {
  return "POST /mcp HTTP/1.1\r\nHost: gate.example\r\n" + lines + "\r\n";
}

int status_of(const std::string& bytes) {
  const auto end = head_end(bytes, 0);
  if (!end) return end.error().status;
  if (*end == 0) return 0;
  const auto head = read_head(std::string_view(bytes).substr(0, *end), ServerLimits{});
  return head ? 200 : head.error().status;
}

TEST(Head, IsAMethodATargetAndFields) {
  const auto head = read_head(
      with("Content-Length: 12\r\nMcp-Name:  caf\xc3\xa9 \t\r\nX-Empty:\r\n"), ServerLimits{});
  ASSERT_TRUE(head) << head.error().reason;
  EXPECT_EQ(head->request.method, "POST");
  EXPECT_EQ(head->request.target, "/mcp");
  EXPECT_EQ(head->request.headers.size(), 4U);
  EXPECT_EQ(head->request.headers.find("mcp-name"), "caf\xc3\xa9");
  EXPECT_EQ(head->request.headers.find("x-empty"), "");
  EXPECT_EQ(head->request.headers.find("missing"), std::nullopt);
  EXPECT_EQ(head->framing.kind, Framing::Kind::length);
  EXPECT_EQ(head->framing.body_bytes, 12U);
  EXPECT_FALSE(head->last);
}

TEST(Head, EndsAtTheBlankLineAndNotBefore) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
  EXPECT_EQ(head_end(bytes, 0), bytes.size() - 4);
  for (std::size_t cut = 0; cut < bytes.size() - 4; ++cut) {
    EXPECT_EQ(head_end(bytes.substr(0, cut), 0), 0U) << cut;
    EXPECT_EQ(head_end(bytes, cut), bytes.size() - 4) << cut;
  }
}

// Each of these is read in two ways by some pair of servers.
TEST(Head, WhoseFieldsHaveTwoReadingsIsRefused) {
  const std::vector<std::string> bad = {
      with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
      with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
      with("Content-Length: 3\r\nContent-Length: 3\r\n"),
      with("Content-Length: 3\r\ncontent-length: 4\r\n"),
      with("Content-Length: 3, 3\r\n"),
      with("Content-Length: +3\r\n"),
      with("Content-Length: -3\r\n"),
      with("Content-Length: 0x3\r\n"),
      with("Content-Length: 3 4\r\n"),
      with("Content-Length:\r\n"),
      with("Content-Length: 99999999999999999999\r\n"),
      with("Content_Length: 3\r\n"),
      with("Transfer_Encoding: chunked\r\n"),
      with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
      with("Content-Length : 3\r\n"),
      with("Content-Length\t: 3\r\n"),
      with(" Content-Length: 3\r\n"),
      with("X: a\r\n b\r\n"),
      with("X: a\r\n\tb\r\n"),
      with("X: a\rb\r\n"),
      with("X: a\nb\r\n"),
      with("X: a\n"),
      with(std::string("X: a\0b\r\n", 8)),
      with("X: a\x01\r\n"),
      with("X: a\x7f\r\n"),
      with("no colon\r\n"),
      with(": empty name\r\n"),
      with("X(: a\r\n"),
      with("Host: gate.example\r\n"),
      with("Host: other.example\r\n"),
      with("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
      with("Origin: https://a\r\nOrigin: https://b\r\n"),
  };
  for (const std::string& bytes : bad) EXPECT_EQ(status_of(bytes), 400) << bytes;
}

// Eight bytes of a value are looked at together: none of them may hide behind the others.
TEST(Head, AControlCharacterIsFoundWhereverItStands) {
  for (int c = 0; c < 256; ++c) {
    const bool fine = c == '\t' || (c >= 0x20 && c != 0x7f);
    for (std::size_t at = 0; at < 20; ++at) {
      for (const char beside : {'a', '\xff', '!', '~'}) {
        std::string value(20, beside);
        value[at] = static_cast<char>(c);
        ASSERT_EQ(is_field_value(value), fine) << c << " at " << at;
      }
    }
  }
}

TEST(Head, WithAnOddRequestLineOrHostIsRefused) {
  const std::vector<std::string> bad = {
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
      "GET /\r\nHost: a\r\n\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /#part HTTP/1.1\r\nHost: a\r\n\r\n",
      "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost:\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
      "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const std::string& bytes : bad) EXPECT_EQ(status_of(bytes), 400) << bytes;
}

TEST(Head, SaysWhatIsNotServed) {
  EXPECT_EQ(status_of("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(status_of("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of(with("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(status_of(with("Transfer-Encoding: identity\r\n")), 501);
  EXPECT_EQ(status_of(with("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(status_of(with("Expect: a-miracle\r\n")), 417);
  EXPECT_EQ(status_of(with("Content-Length: 16777217\r\n")), 413);
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "X: a\r\n";
  EXPECT_EQ(status_of(with(many)), 431);
}

TEST(Head, ThatIsOrdinaryIsTaken) {
  const std::vector<std::string> good = {
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
      "GET / HTTP/1.1\r\nhOST:a\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "DELETE /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
      with("Content-Length: 0\r\n"),
      with("Transfer-Encoding: Chunked\r\n"),
      with("X-Twice: a\r\nX-Twice: b\r\n"),
  };
  for (const std::string& bytes : good) EXPECT_EQ(status_of(bytes), 200) << bytes;
}

TEST(Head, AnAbsoluteTargetLosesItsHost) {
  const auto target = [](const std::string& text) {
    const auto head = read_head("GET " + text + " HTTP/1.1\r\nHost: a:80\r\n\r\n", ServerLimits{});
    return head ? head->request.target : head.error().reason;
  };
  EXPECT_EQ(target("http://a:80/x?y"), "/x?y");
  EXPECT_EQ(target("HTTPS://A:80/x"), "/x");
  EXPECT_EQ(target("http://a:80"), "/");
  EXPECT_EQ(target("http://a:80?y"), "/?y");
}

TEST(Head, KnowsWhichRequestIsTheLast) {
  const auto last = [](const std::string& bytes) {
    const auto head = read_head(bytes, ServerLimits{});
    return head && head->last;
  };
  EXPECT_FALSE(last(with("Connection: keep-alive\r\n")));
  EXPECT_TRUE(last(with("Connection: close\r\n")));
  EXPECT_TRUE(last(with("Connection: Upgrade , Close\r\n")));
  EXPECT_FALSE(last(with("Connection: disclose\r\n")));
  EXPECT_TRUE(last("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace pawl::http
