#include "doors/watch/spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pawl::watch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct SpansTest : testing::Test {
  SpansTest() {
    CallTrace trace;
    trace.own.trace.fill(7);
    trace.own.span.fill(1);
    trace.own.sampled = true;
    trace.upstream.fill(2);
    proposal.trace = std::make_shared<const CallTrace>(trace);
    proposal.run = "r_1";
    proposal.call = {"crm", "read", {}};
  }
  CallOver over(Settled::Kind kind, Code code, bool has_entry = true) const {
    return {proposal, "tester", "c_1", "", kind, code, has_entry, times};
  }
  std::vector<otlp::Span> draw(const CallOver& call) const {
    return spans_of(call, {Instant{1'000'000'000'000}, Duration{500},
                           [](std::size_t n) { return std::string(n, '\x09'); }});
  }

  Proposal proposal;
  CallTimes times{.asked = Duration{100},
                  .decided = Duration{110},
                  .released = Duration{110},
                  .sent = Duration{120},
                  .answered = Duration{200},
                  .over = Duration{210}};
};

TEST_F(SpansTest, AnAllowedCallHasItsOwnSpanItsDecisionAndItsRequest) {
  const auto spans = draw(over(Settled::Kind::result, Code::none));
  ASSERT_THAT(spans, SizeIs(3));
  EXPECT_EQ(spans[0].name, "tools/call read");
  EXPECT_EQ(spans[0].kind, otlp::SpanKind::server);
  EXPECT_EQ(spans[0].start.ns, 1'000'000'000'000 - 400);
  EXPECT_EQ(spans[0].end.ns, 1'000'000'000'000 - 290);
  EXPECT_EQ(spans[0].error, "");
  EXPECT_EQ(spans[1].parent, spans[0].id);
  EXPECT_EQ(spans[2].kind, otlp::SpanKind::client);
  EXPECT_EQ(spans[2].parent, spans[0].id);
  EXPECT_EQ(spans[2].id, proposal.trace->upstream);
}

TEST_F(SpansTest, ADeniedCallWasNeverAtTheServerAndNamesItsCode) {
  times.sent = times.answered = {};
  const auto spans = draw(over(Settled::Kind::refused, Code::constraint));
  ASSERT_THAT(spans, SizeIs(2));
  EXPECT_EQ(spans[0].error, "constraint");
}

TEST_F(SpansTest, ANameThatOnlyTheAgentWroteIsInNoSpan) {
  proposal.call.tool = "my password is hunter2";
  times.sent = times.answered = {};
  const auto spans = draw(over(Settled::Kind::refused, Code::not_granted, false));
  EXPECT_EQ(spans[0].name, "tools/call");
  EXPECT_THAT(otlp::to_json({"pawl", "1", "n"}, spans), Not(HasSubstr("hunter2")));
}

TEST_F(SpansTest, WhatIsNotSampledOrNotTracedIsNotDrawn) {
  CallTrace quiet = *proposal.trace;
  quiet.own.sampled = false;
  proposal.trace = std::make_shared<const CallTrace>(quiet);
  EXPECT_THAT(draw(over(Settled::Kind::result, Code::none)), IsEmpty());
  proposal.trace = nullptr;
  EXPECT_THAT(draw(over(Settled::Kind::result, Code::none)), IsEmpty());
}

}  // namespace
}  // namespace pawl::watch
