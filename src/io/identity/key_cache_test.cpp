#include "io/identity/key_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pawl::identity {
namespace {

using ::testing::SizeIs;

std::string key_set_of(char byte) {
  const jose::PublicKey keys[] = {jose::SigningKey::from_seed(std::string(32, byte))->public_key()};
  return jose::KeySet::of(keys).text();
}

// A source that answers when it is told to.
struct FarAway {
  FarAway() : cache(ports()) { cache.use({{"a", source()}}); }
  static KeyCache::Source source() {
    return {.place = {.issuer = "https://id.example", .url = {}, .file = {}, .ca = {}}};
  }
  KeyPorts ports() {
    return {.now = [this] { return now; },
            .fetch = [this](KeyPlace) { return fetch(this); },
            .failed = [this](const std::string& why) { failures.push_back(why); }};
  }
  static Task<Result<FetchedKeys>> fetch(FarAway* self) {
    Completion<Result<FetchedKeys>> answer;
    self->asked.push_back(answer);
    co_return co_await answer;
  }
  void answers(char byte, std::optional<Duration> fresh = std::nullopt) {
    asked.back().deliver(FetchedKeys{key_set_of(byte), fresh});
  }
  void fails() { asked.back().deliver(fail(ErrorKind::io, "no route")); }

  static Task<void> note(Task<Result<KeyCache::Known>> task,
                         std::vector<Result<KeyCache::Known>>& into) {
    into.push_back(co_await task);
  }
  void ask() { spawn(note(cache.keys("a"), got)); }
  void ask_newer(std::uint64_t than) { spawn(note(cache.newer("a", than), got)); }
  void later(std::int64_t seconds) { now = now + Duration::seconds(seconds); }

  Instant now{1'800'000'000LL * 1'000'000'000};
  std::vector<Completion<Result<FetchedKeys>>> asked;
  std::vector<std::string> failures;
  std::vector<Result<KeyCache::Known>> got;
  KeyCache cache;
};

TEST(KeyCache, NothingIsFetchedBeforeTheFirstRequestAndThenOnce) {
  FarAway far;
  EXPECT_THAT(far.asked, SizeIs(0));
  far.ask();
  far.ask();
  ASSERT_THAT(far.asked, SizeIs(1)) << "both wait for one fetch";
  EXPECT_THAT(far.got, SizeIs(0));
  far.answers('\x01');
  ASSERT_THAT(far.got, SizeIs(2));
  EXPECT_TRUE(far.got[0] && far.got[1]);
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(1));
  EXPECT_TRUE(far.got.at(2));
}

// Tokens with invented key names must not make us knock at the issuer's door all day.
TEST(KeyCache, UnknownKeysAreLookedForOnceInAWhile) {
  FarAway far;
  far.ask();
  far.answers('\x01');
  const std::uint64_t first = far.got[0]->generation;
  for (int i = 0; i < 50; ++i) far.ask_newer(first);
  EXPECT_THAT(far.asked, SizeIs(1)) << "the set is seconds old";
  EXPECT_FALSE(far.got.back());
  far.later(31);
  for (int i = 0; i < 50; ++i) far.ask_newer(first);
  ASSERT_THAT(far.asked, SizeIs(2));
  far.answers('\x02');
  EXPECT_TRUE(far.got.back());
  EXPECT_NE(far.got.back()->generation, first);
  far.ask_newer(first);
  EXPECT_THAT(far.asked, SizeIs(2)) << "another request has fetched it meanwhile";
  EXPECT_TRUE(far.got.back());
}

TEST(KeyCache, OnlySoManyWait) {
  FarAway far;
  for (std::size_t i = 0; i < waiting_max + 10; ++i) far.ask();
  EXPECT_THAT(far.got, SizeIs(10)) << "those above the bound are told at once";
  EXPECT_FALSE(far.got[0]);
  far.answers('\x01');
  EXPECT_THAT(far.got, SizeIs(waiting_max + 10));
}

TEST(KeyCache, ASourceThatDoesNotAnswerIsAskedAgainSoon) {
  FarAway far;
  far.ask();
  far.fails();
  EXPECT_FALSE(far.got.at(0));
  EXPECT_EQ(far.got[0].error().message, "no route");
  EXPECT_THAT(far.failures, SizeIs(1));
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(1)) << "not at once";
  far.later(6);
  far.ask();
  far.answers('\x01');
  EXPECT_TRUE(far.got.back());
}

TEST(KeyCache, AnOldSetCountsForAWhileAndThenNoMore) {
  FarAway far;
  far.ask();
  far.answers('\x01', Duration::seconds(120));
  far.later(121);
  far.ask();
  EXPECT_TRUE(far.got.back()) << "while it is fetched again";
  ASSERT_THAT(far.asked, SizeIs(2));
  far.fails();
  far.later(3600);
  far.ask();
  EXPECT_TRUE(far.got.back());
  far.fails();
  far.later(6 * 3600);
  far.ask();
  far.fails();
  EXPECT_FALSE(far.got.back()) << "an issuer that withdrew a key is heard in the end";
}

TEST(KeyCache, WhatASourceSaysOfItsAgeHasBounds) {
  FarAway far;
  far.ask();
  far.answers('\x01', Duration{});
  far.later(59);
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(1)) << "not for each token";
  far.later(2);
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(2));
  far.answers('\x01', Duration::seconds(365 * 24 * 3600));
  far.later(24 * 3600 + 1);
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(3));
  far.answers('\x01');
}

TEST(KeyCache, ASetOfNothingIsNoSet) {
  FarAway far;
  far.ask();
  far.asked.back().deliver(FetchedKeys{"{\"keys\":[]}", {}});
  EXPECT_FALSE(far.got.at(0));
  far.later(6);
  far.ask();
  far.asked.back().deliver(FetchedKeys{"<html>", {}});
  EXPECT_FALSE(far.got.at(1));
}

TEST(KeyCache, KeysBelongToTheirPlace) {
  FarAway far;
  far.ask();
  far.answers('\x01');
  far.cache.use({{"a", FarAway::source()}});
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(1)) << "the same place";
  KeyCache::Source other = FarAway::source();
  other.place.url = "https://id.example/other";
  far.cache.use({{"a", other}});
  far.ask();
  EXPECT_THAT(far.asked, SizeIs(2));
  far.cache.use({});
  far.answers('\x01');
  far.ask();
  EXPECT_FALSE(far.got.back());
  EXPECT_EQ(far.got.back().error().fault, ErrorKind::missing);
}

TEST(KeyCache, AtTheEndNoRequestWaits) {
  FarAway far;
  far.ask();
  far.cache.finish();
  ASSERT_THAT(far.got, SizeIs(1));
  EXPECT_FALSE(far.got[0]);
  far.ask();
  EXPECT_FALSE(far.got.at(1));
  far.fails();
  EXPECT_THAT(far.failures, SizeIs(0));
}

}  // namespace
}  // namespace pawl::identity
