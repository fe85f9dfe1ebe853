#include "io/http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::http {
namespace {

struct Read {
  std::vector<Incoming> requests;
  int refused = 0;
};

// In pieces of `piece` bytes.
Read read_all(std::string_view bytes, std::size_t piece, const ServerLimits& limits = {}) {
  Read read;
  RequestReader reader(limits);
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      auto got = reader.feed(part);
      if (!got) {
        read.refused = got.error().status;
        return read;
      }
      if (*got) read.requests.push_back(std::move(**got));
    }
  }
  return read;
}

int refusal_of(std::string_view bytes, const ServerLimits& limits = {}) {
  const int whole = read_all(bytes, bytes.size(), limits).refused;
  EXPECT_EQ(read_all(bytes, 1, limits).refused, whole) << bytes;
  return whole;
}

const std::string kChunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(RequestReader, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string bytes = "POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" +
                            kChunked + "3\r\nabc\r\n00A;name=value\r\n0123456789\r\n0\r\n\r\n" +
                            "GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Read read = read_all(bytes, piece);
    ASSERT_EQ(read.requests.size(), 3U) << piece;
    EXPECT_EQ(read.requests[0].request.body, "hello");
    EXPECT_EQ(read.requests[1].request.target, "/a");
    EXPECT_EQ(read.requests[1].request.body, "abc0123456789");
    EXPECT_EQ(read.requests[2].request.target, "/two");
    EXPECT_TRUE(read.requests[2].last);
  }
}

TEST(RequestReader, RefusesChunksWithTwoReadings) {
  for (const std::string body :
       {"0x3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r\r0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n",
        ";a\r\nabc\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "00000000000000003\r\nabc\r\n", "3\r\nabc\r\n0\r\n\r\r", "g\r\n", "-1\r\n"}) {
    EXPECT_EQ(refusal_of(kChunked + body), 400) << body;
  }
}

TEST(RequestReader, KeepsItsBounds) {
  ServerLimits limits;
  limits.header_bytes_max = 200;
  limits.body_bytes_max = 10;
  limits.chunk_extension_bytes_max = 20;
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(300, 'x'), limits), 431);
  EXPECT_EQ(refusal_of(std::string(300, 'x'), limits), 431);
  EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", limits), 413);
  EXPECT_EQ(refusal_of(kChunked + "b\r\n", limits), 413);
  EXPECT_EQ(refusal_of(kChunked + "5\r\nhello\r\n6\r\n", limits), 413);
  EXPECT_EQ(refusal_of(kChunked + "ffffffffffffffff\r\n", limits), 413);
  EXPECT_EQ(refusal_of(kChunked + "5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", limits), 0);
  EXPECT_EQ(refusal_of(kChunked + "1;" + std::string(30, 'e') + "\r\n", limits), 400);
  EXPECT_EQ(refusal_of(kChunked + "1;aaaaaaaaa\r\nx\r\n1;aaaaaaaaa\r\nx\r\n1;a\r\n", limits), 400);
}

TEST(RequestReader, AnswersABareNewlineAtOnce) {
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\n"), 400);
}

TEST(RequestReader, TellsOnceThatAClientWaitsToSendABody) {
  const ServerLimits limits;
  RequestReader reader(limits);
  std::string_view head =
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  ASSERT_TRUE(reader.feed(head));
  EXPECT_TRUE(reader.take_expectation());
  EXPECT_FALSE(reader.take_expectation());
  std::string_view body = "ok";
  const auto got = reader.feed(body);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->request.body, "ok");
}

}  // namespace
}  // namespace pawl::http
