#include "app/cli/approvals_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace pawl::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Screen::Size kWindow{10, 200};
const Key kEnter{Key::Kind::enter};
const Key kDown{Key::Kind::down};
const Key kEnd{Key::Kind::end};

Key letter(std::string text) {
  return {Key::Kind::text, std::move(text)};
}

json::Document questions(const std::vector<std::string>& ids) {
  std::string rows;
  for (const std::string& id : ids) {
    rows +=
        fmt::format(R"({}{{"approval":"{}","agent":"mail","tool":"send\u001b[2J","phase":"open",)"
                    R"("class":"irreversible small","answers":[],"quorum":1,"left_ms":90000,)"
                    R"("why":"asked"}})",
                    rows.empty() ? "" : ",", id);
  }
  return *json::parse(fmt::format(R"({{"approvals":[{}],"matching":{}}})", rows, ids.size() + 3));
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

TEST(WatchPage, ShowsTheQuestionsWithEverythingVisible) {
  WatchPage page;
  page.set_list(questions({"a-1", "a-2"}).root(), Duration::seconds(5));
  const std::string shown = joined(page.render(kWindow, Duration::seconds(35)));
  EXPECT_THAT(shown, HasSubstr("5 wait for a person, the first 2 are here"));
  EXPECT_THAT(shown, HasSubstr("> "));
  EXPECT_THAT(shown, HasSubstr("a-1"));
  EXPECT_THAT(shown, HasSubstr("1m")) << "thirty seconds of the ninety are over";
  EXPECT_THAT(shown, HasSubstr("send\\u{1b}[2J"));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b[2J")));
  EXPECT_EQ(page.render(kWindow, Duration{}).size(), kWindow.rows);
}

TEST(WatchPage, SaysBeforehandWhyTheWatchingPersonMayNotAnswer) {
  WatchPage page;
  const auto list = json::parse(
      R"({"approvals":[{"approval":"a-1","phase":"open","answers":[],"quorum":2,"left_ms":1,)"
      R"("why":"asked","may_not":{"approve":"they are \u001b[2J","change":"","deny":""}},)"
      R"({"approval":"a-2","phase":"open","answers":[],"quorum":1,"left_ms":1,"why":"free",)"
      R"("may_not":{"approve":"","change":"","deny":""}},)"
      R"({"approval":"a-3","phase":"open","answers":[],"quorum":1,"left_ms":1,"why":"no",)"
      R"("may_not":{"approve":"x","change":"x","deny":"never"}}]})");
  ASSERT_TRUE(list.has_value());
  page.set_list(list->root(), Duration{});
  const std::string shown = joined(page.render(kWindow, Duration{}));
  EXPECT_THAT(shown, HasSubstr("(may not approve: they are \\u{1b}[2J)  asked"));
  EXPECT_THAT(shown, HasSubstr("(may not answer: never)  no"));
  EXPECT_THAT(shown, HasSubstr(" free"));
  EXPECT_THAT(shown, Not(HasSubstr(")  free")));
}

TEST(WatchPage, SelectionStaysWithItsQuestion) {
  WatchPage page;
  page.set_list(questions({"a-1", "a-2"}).root(), Duration{});
  page.press(kDown);
  page.set_list(questions({"a-0", "a-1", "a-2"}).root(), Duration{});
  EXPECT_EQ(page.press(kEnter), WatchPage::Act::open);
  EXPECT_THAT(page.wanted(), ElementsAre("a-2"));
  page.close_card();
  page.set_list(questions({"a-0"}).root(), Duration{});
  EXPECT_EQ(page.press(kEnter), WatchPage::Act::open);
  EXPECT_THAT(page.wanted(), ElementsAre("a-0"));
}

TEST(WatchPage, NothingIsApprovedFromTheList) {
  WatchPage page;
  page.set_list(questions({"a-1"}).root(), Duration{});
  for (const char* key : {"a", "d", "c", "h"}) {
    EXPECT_EQ(page.press(letter(key)), WatchPage::Act::nothing) << key;
  }
}

TEST(WatchPage, AllOfACardIsReadBeforeItIsApproved) {
  WatchPage page;
  page.set_list(questions({"a-1"}).root(), Duration{});
  page.press(kEnter);
  std::vector<std::string> card;
  for (int i = 0; i < 20; ++i) card.push_back("line " + std::to_string(i));
  page.set_card(card, "d1");
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::nothing) << "it was never drawn";
  EXPECT_THAT(joined(page.render(kWindow, Duration{})), HasSubstr("not on the screen yet"));
  page.press(kEnd);
  EXPECT_THAT(page.render(kWindow, Duration{}), Contains("line 19"));
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::nothing) << "the middle was jumped over";
  page.press({Key::Kind::home});
  (void)page.render(kWindow, Duration{});
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(page.press(letter("a")), WatchPage::Act::nothing) << i;
    page.press(kDown);
    (void)page.render(kWindow, Duration{});
  }
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::approve);
  // The same card again is still read; another one, or other lines, are not.
  page.set_card(card, "d1");
  (void)page.render(kWindow, Duration{});
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::approve);
  (void)page.render({10, 6}, Duration{});
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::nothing);
  page.set_card(card, "d2");
  (void)page.render(kWindow, Duration{});
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::nothing);
  EXPECT_EQ(page.press(letter("d")), WatchPage::Act::reject) << "no needs no reading";
}

TEST(WatchPage, MarkedQuestionsAreOneCardWithoutWhatIsForOne) {
  WatchPage page;
  page.set_list(questions({"a-1", "a-2", "a-3"}).root(), Duration{});
  page.press(letter(" "));
  page.press(kDown);
  page.press(letter(" "));
  EXPECT_EQ(page.press(kEnter), WatchPage::Act::open);
  EXPECT_THAT(page.wanted(), ElementsAre("a-1", "a-3"));
  page.set_card({"two calls"}, "d");
  (void)page.render(kWindow, Duration{});
  EXPECT_EQ(page.press(letter("c")), WatchPage::Act::nothing);
  EXPECT_EQ(page.press(letter("h")), WatchPage::Act::nothing);
  EXPECT_EQ(page.press(letter("a")), WatchPage::Act::approve);
  EXPECT_EQ(page.press({Key::Kind::escape}), WatchPage::Act::list);
  // A question that is gone is not marked any more.
  page.set_list(questions({"a-3"}).root(), Duration{});
  EXPECT_EQ(page.press(kEnter), WatchPage::Act::open);
  EXPECT_THAT(page.wanted(), ElementsAre("a-3"));
}

TEST(WatchPage, FilterTakesLettersThatAreKeysElsewhere) {
  WatchPage page;
  page.set_list(questions({"a-1"}).root(), Duration{});
  EXPECT_EQ(page.press(letter("/")), WatchPage::Act::nothing);
  for (const char* key : {"q", "a", "ü"}) EXPECT_EQ(page.press(letter(key)), WatchPage::Act::list);
  EXPECT_EQ(page.filter(), "qaü");
  EXPECT_EQ(page.press({Key::Kind::erase}), WatchPage::Act::list);
  EXPECT_EQ(page.filter(), "qa");
  EXPECT_EQ(page.press(kEnter), WatchPage::Act::list);
  EXPECT_EQ(page.press({Key::Kind::escape}), WatchPage::Act::list);
  EXPECT_EQ(page.filter(), "");
  EXPECT_EQ(page.press(letter("q")), WatchPage::Act::quit);
}

TEST(WatchPage, NoWindowIsTooSmall) {
  WatchPage page;
  page.set_list(questions({"a-1", "a-2"}).root(), Duration{});
  for (std::size_t rows = 1; rows < 6; ++rows) (void)page.render({rows, 3}, Duration{});
  page.press(kEnter);
  page.set_card({"a line that is longer than the window"}, "d");
  for (std::size_t rows = 1; rows < 6; ++rows) (void)page.render({rows, 1}, Duration{});
}

TEST(ScreenKeys, AreReadWholeAndNeverMadeUp) {
  const auto read = [](std::string_view sent, bool all = false) { return read_key(sent, all); };
  EXPECT_EQ(read("\x1b[A")->key.kind, Key::Kind::up);
  EXPECT_EQ(read("\x1bOB")->key.kind, Key::Kind::down);
  EXPECT_EQ(read("\x1b[6~x")->bytes, 4U);
  EXPECT_FALSE(read("\x1b["));
  EXPECT_FALSE(read("\x1b"));
  EXPECT_EQ(read("\x1b", true)->key.kind, Key::Kind::escape);
  EXPECT_EQ(read("\x1b[200~a")->key.kind, Key::Kind::other) << "a paste is not a key";
  EXPECT_EQ(read("\x1b[200~a")->bytes, 6U);
  EXPECT_EQ(read("\r")->key.kind, Key::Kind::enter);
  EXPECT_EQ(read("\x03")->key.kind, Key::Kind::interrupt);
  EXPECT_EQ(read("a")->key.text, "a");
  EXPECT_EQ(read("\xc3\xbc")->key.text, "ü");
  EXPECT_FALSE(read("\xc3"));
  EXPECT_EQ(read("\xff", true)->key.kind, Key::Kind::other);
}

TEST(ScreenLines, KeepTheirColoursAndTheirWidth) {
  EXPECT_EQ(cut_line("abcdef", 3), "abc");
  EXPECT_EQ(cut_line("\x1b[31mabcdef\x1b[0m", 3), "\x1b[31mabc\x1b[0m");
  EXPECT_THAT(fold_line("\x1b[31mabcd\x1b[0me", 2),
              ElementsAre("\x1b[31mab\x1b[0m", "\x1b[31mcd\x1b[0m", "e"));
  EXPECT_THAT(fold_line("日本語", 4), ElementsAre("日本", "語"));
  EXPECT_THAT(fold_line("", 4), ElementsAre(""));
}

}  // namespace
}  // namespace pawl::app
