#include "kernel/origin/words.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl {
namespace {

bool said(std::string_view words, std::string_view value) {
  SponsorWords sponsor;
  sponsor.add(words);
  return sponsor.said(value);
}

bool said_json(std::string_view words, std::string_view value) {
  SponsorWords sponsor;
  sponsor.add(words);
  const auto document = json::parse(value);
  return document && sponsor.said(document->root());
}

// One line each: what the sponsor wrote, a value, and whether it was said.
struct Case {
  std::string_view words, value;
  bool said;
};

TEST(SponsorWords, FindsWholeTokens) {
  const Case cases[] = {
      {"Send it to Alice.", "Alice", true},
      {"Send it to Alice.", "alice", true},
      {"Send it to Alice.", "Ali", false},
      {"Send it to Alice.", "Alice Bob", false},
      {"Write to Alice and Bob", "Alice Bob", false},
      {"Invite Dora Example to it", "Dora Example", true},
      {"Invite Dora\n Example to it", "Dora Example", true},
      {"read Alice's inbox", "Alice", true},
      {"read Alice’s inbox", "Alice", true},
      {"post to #general", "general", true},
      {"ask @alice", "alice", true},
      {"post to general", "#general", false},
      {"in the 'general' channel", "general", true},
      {"(alice@myco.example), please", "alice@myco.example", true},
      {"alice@myco.example,bob@myco.example", "bob@myco.example", true},
      {"write to malice@myco.example", "alice@myco.example", false},
      {"write to alice@myco.example.org", "alice@myco.example", false},
      {"look at notmyco.example", "myco.example", false},
      {"pay 50", "5", false},
      {"the file report-2024.txt!", "report-2024.txt", true},
      {"the file report-2024.txt", "report", false},
      {"", "", false},
      {"anything", "", false},
      {"say hello", "hello!", false},  // the mark is part of the value
      {"Alice", "\"Alice\"", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(said(c.words, c.value), c.said) << c.words << "|" << c.value;
}

TEST(SponsorWords, ComparesAddressesOfPages) {
  const Case cases[] = {
      {"read www.news.example.", "http://www.news.example", true},
      {"read www.news.example.", "https://www.news.example/", true},
      {"read WWW.News.example", "https://www.news.example", true},
      {"read https://news.example/a", "http://news.example/a", false},
      {"read http://news.example/a", "news.example/a", true},
      {"read http://news.example/a", "http://news.example/A", false},
      {"read http://news.example/a", "http://news.example/a?key=secret", false},
      {"read news.example", "http://news.example/?key=secret", false},
      {"read news.example", "http://evil.example/news.example", false},
      {"read news.example", "http://news.example@evil.example", false},
      {"read news.example", "http://news.example.evil.example", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(said(c.words, c.value), c.said) << c.words << "|" << c.value;
}

TEST(SponsorWords, ComparesAccountsNumbersAndDates) {
  const Case texts[] = {
      {"pay to DE89 3704 0044 0532 0130 00 today", "DE89370400440532013000", true},
      {"pay to DE89370400440532013000", "de89 3704 0044 0532 0130 00", true},
      {"pay to DE89370400440532013000", "DE8937040044053201300", false},
      {"pay to DE89370400440532013000", "E89370400440532013000", false},
      {"on January 2nd, 2025 please", "2025-01-02", true},
      {"on 2 January 2025", "2025-01-02", true},
      {"on the 2nd of January 2025", "2025-01-02", true},
      {"on January 2nd", "2025-01-02", true},
      {"on January 2nd", "2025-01-03", false},
      {"on January 2nd, 2024", "2025-01-02", false},
      {"in January", "2025-01-02", false},
      {"on 2025-01-02 at 10:00", "2025-01-02 10:00", true},
      {"on May 5 2025 at 9:30 am", "2025-05-05T09:30", true},
      {"on May 5 2025 at 3pm", "2025-05-05 15:00", true},
      {"on May 5 2025", "2025-05-05 15:00", true},
      {"on May 5 2025 at 3pm", "2025-05-05 16:00", false},
      {"on May 5 2025", "2025-05-06 15:00", false},
      {"12am on 5 May 2025", "2025-05-05 00:00", true},
  };
  for (const Case& c : texts)
    EXPECT_EQ(said(c.words, c.value), c.said) << c.words << "|" << c.value;
  const Case values[] = {
      {"pay $1,000.50 now", "1000.5", true},
      {"pay 1,000", "1000", true},
      {"pay 1,000", "1", false},
      {"pay 1,00", "100", false},
      {"pay 50", "5", false},
      {"pay 50.00 EUR", "50", true},
      {"pay €50", "50", true},
      {"it is -3", "-3", true},
      {"it is 3", "-3", false},
      {"yes, true", "true", false},
      {"null", "null", false},
      {"007", "7", true},
  };
  for (const Case& c : values) {
    EXPECT_EQ(said_json(c.words, c.value), c.said) << c.words << "|" << c.value;
  }
}

TEST(SponsorWords, LeavesOutWhatIsOnlyQuoted) {
  constexpr std::string_view account = "DE89370400440532013000";
  for (const std::string before :
       {"See below.\n> ", "See:\n```\n", "Hi\n-----Original Message-----\nFrom: x\n",
        "Hi\nOn Monday Bob wrote:\n", "Hi\n---------- Forwarded message ---------\n",
        "Sum this up: \"Dear Sir, we changed our bank and now you pay to ",
        "Sum this up: “Dear Sir, we changed our bank and now you pay to ",
        "Sum this up: 'Dear Sir, we changed our bank and now you pay to "}) {
    std::string text = before + std::string(account);
    for (const std::string_view close : {"\"", "”", "'"}) {
      const bool marks = before.ends_with("pay to ");
      if (marks) text = before + std::string(account) + " or else" + std::string(close);
      const bool closes = !marks || before.find(close == "”" ? "“" : close) != std::string::npos;
      if (closes) EXPECT_FALSE(said(text, account)) << text;
    }
  }
  EXPECT_TRUE(said("pay '" + std::string(account) + "'", account));
  EXPECT_TRUE(said("don't pay it; it's for Bob's friend, isn't it, and that's all: Dora", "Dora"));
}

TEST(SponsorWords, RefusesSpellingsThatOnlyLookAlike) {
  EXPECT_FALSE(said("pay to DE89370400440532013000", "DЕ89370400440532013000"));  // Cyrillic
  EXPECT_FALSE(said("pay to ACME", "ＡＣＭＥ"));  // wide: forwarded would be another text
  EXPECT_TRUE(said("pay to ＡＣＭＥ", "ACME"));
  EXPECT_FALSE(said("pay to ACME", "AC\u200bME"));
  EXPECT_FALSE(said("pay to ACME", "ACME\n"));
  EXPECT_FALSE(said("pay to ACME LTD", "ACME\nLTD"));
}

TEST(SponsorWords, SaysNothingAcrossTwoTexts) {
  SponsorWords sponsor;
  sponsor.add("write to Dora");
  sponsor.add("Example is the word");
  EXPECT_TRUE(sponsor.said("Dora"));
  EXPECT_TRUE(sponsor.said("Example"));
  EXPECT_FALSE(sponsor.said("Dora Example"));
}

TEST(SponsorWords, ReadsNoFurtherThanItsBound) {
  std::string text(words_bytes_max - 3, 'a');
  for (std::size_t i = 10; i < text.size(); i += 10) text[i] = ' ';
  text += " Dora";
  SponsorWords sponsor;
  sponsor.add(text);
  EXPECT_FALSE(sponsor.said("Dora"));
  EXPECT_FALSE(sponsor.said("Do"));
  sponsor.add("Dora");
  EXPECT_FALSE(sponsor.said("Dora"));
}

TEST(SponsorWords, KnowsHosts) {
  SponsorWords sponsor;
  sponsor.add("see http://News.example/a?b, www.shop.example and mail bob@corp.example");
  EXPECT_EQ(sponsor.hosts(),
            (std::set<std::string, std::less<>>{"news.example", "shop.example", "corp.example"}));
}

TEST(SponsorWords, AnAddressIsOneInAllItsSpellings) {
  const std::string text =
      "read http://www.docs.example/guide/, shop.example and _dmarc.my_co.example please";
  for (const char* same :
       {"http://www.docs.example/guide/", "http://docs.example/guide", "https://docs.example/guide",
        "docs.example/guide/", "www.docs.example/guide", "https://docs.example:443/guide",
        "DOCS.example/guide", "docs.example", "www.docs.example", "shop.example",
        "https://www.shop.example/", "shop.example/", "_dmarc.my_co.example",
        "https://_dmarc.my_co.example/"}) {
    EXPECT_TRUE(said(text, same)) << same;
  }
  for (const char* other :
       {"https://docs.example/other", "https://docs.example/", "https://docs.example:8443/guide",
        "ftp://docs.example/guide", "https://wwwdocs.example/guide", "https://docs.example/guide/x",
        "https://docs.example/Guide", "dmarc.my_co.example", "my_co.example", "example",
        "www.example", "https://x.shop.example"}) {
    EXPECT_FALSE(said(text, other)) << other;
  }
  // What was named with encryption is not called without.
  EXPECT_FALSE(said("see https://docs.example/a", "http://docs.example/a"));
  // A mailbox is not its host.
  EXPECT_FALSE(said("mail bob@corp.example", "corp.example"));
  EXPECT_FALSE(said("mail bob@corp.example", "https://corp.example"));
}

TEST(SponsorWords, ADirectoryIsOneWithASlashAndWithout) {
  EXPECT_TRUE(said("look into /srv/app/", "/srv/app"));
  EXPECT_TRUE(said("look into /srv/app.", "/srv/app/"));
  EXPECT_TRUE(said("look into docs/", "docs"));
  EXPECT_TRUE(said("look into docs", "docs/"));
  EXPECT_FALSE(said("look into /srv/app/x", "/srv/app"));
}

TEST(SponsorWords, DaysAreCountedFromTheDayOnWhichTheyWereSaid) {
  const auto on = [](std::string_view text, std::string_view day) {
    SponsorWords sponsor;
    sponsor.add(text, *parse_instant("2026-11-25T18:00:00Z"));  // a Wednesday
    return sponsor.said(day);
  };
  struct Said {
    const char* text;
    const char* day;
  };
  for (const Said& one : {Said{"pay it today", "2026-11-25"},
                          {"book it for Tomorrow, 9:30", "2026-11-26T09:30"},
                          {"the day after tomorrow", "2026-11-27"},
                          {"what was yesterday's bill", "2026-11-24"},
                          {"on Friday", "2026-11-27"},
                          {"this fri", "2026-11-27"},
                          {"next Friday", "2026-12-04"},
                          {"next friday", "2026-11-27"},
                          {"on Wednesday", "2026-12-02"},
                          {"last Monday", "2026-11-23"},
                          {"in 3 days", "2026-11-28"},
                          {"in two weeks", "2026-12-09"},
                          {"a week from today", "2026-12-02"},
                          {"10 days ago", "2026-11-15"}}) {
    EXPECT_TRUE(on(one.text, one.day)) << one.text << " " << one.day;
    EXPECT_FALSE(on(one.text, "2026-11-21")) << one.text;
    EXPECT_FALSE(said(one.text, one.day)) << one.text;  // said on no known day
  }
  EXPECT_FALSE(on("the day after tomorrow", "2026-11-26"));
  EXPECT_FALSE(on("book it for tomorrow at 9:30", "2026-11-26T10:30"));
  EXPECT_FALSE(on("every 3 days", "2026-11-28"));
}

}  // namespace
}  // namespace pawl
