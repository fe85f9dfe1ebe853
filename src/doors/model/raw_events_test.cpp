#include "doors/model/raw_events.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pawl::model {
namespace {

struct Heard {
  std::vector<std::string> events;
  std::string bytes;
};

Heard hear(std::string_view stream, std::size_t piece) {
  Heard heard;
  RawEvents events(
      [&heard](const std::optional<http::Event>& event, std::string_view bytes) {
        if (event) heard.events.push_back(event->name + "|" + event->text);
        heard.bytes += bytes;
        return true;
      },
      4096);
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    EXPECT_TRUE(events.feed(stream.substr(at, piece)));
  }
  heard.bytes += events.rest();
  return heard;
}

TEST(RawEvents, NoByteIsChangedHoweverTheStreamIsCut) {
  for (const std::string_view stream :
       {"data: a\n\nevent: x\ndata: b\ndata:c\n\n: ping\n\ndata: [DONE]\n\n",
        "data: a\r\n\r\nevent: x\r\ndata: b\r\ndata:c\r\n\r\n: ping\r\n\r\ndata: [DONE]\r\n\r\n",
        "data: a\r\revent: x\rdata: b\rdata:c\r\r: ping\r\rdata: [DONE]\r\r"}) {
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) {
      const Heard heard = hear(stream, piece);
      EXPECT_EQ(heard.bytes, stream);
      const std::vector<std::string> expected = {"|a", "x|b\nc", "|[DONE]"};
      EXPECT_EQ(heard.events, expected) << piece;
    }
  }
}

TEST(RawEvents, WhatHasNoEndIsNoEvent) {
  const Heard heard = hear("data: a\n\ndata: b\n", 4);
  EXPECT_EQ(heard.events, std::vector<std::string>{"|a"});
}

TEST(RawEvents, ALongEventIsAnErrorAndAListenerMayStop) {
  RawEvents bound([](const auto&, std::string_view) { return true; }, 64);
  EXPECT_FALSE(bound.feed("data: " + std::string(100, 'x')));
  int heard = 0;
  RawEvents stops([&heard](const auto&, std::string_view) { return ++heard < 2; }, 64);
  EXPECT_TRUE(stops.feed("data: a\n\ndata: b\n\ndata: c\n\n"));
  EXPECT_EQ(heard, 2);
}

}  // namespace
}  // namespace pawl::model
