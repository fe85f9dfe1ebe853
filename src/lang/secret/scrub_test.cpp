#include "lang/secret/scrub.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "base/text.h"

namespace pawl {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kToken = "s3cr3t/+\"\\-T0k%n=";

Scrubber scrubber_of(const std::vector<Scrubber::Secret>& secrets) {
  auto made = Scrubber::make(secrets);
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

std::string in_json(std::string_view text) {
  std::string out;
  json::write_string(text, out);
  return out.substr(1, out.size() - 2);
}

// Every character as one `\uXXXX`, or as two where it needs a pair.
std::string in_unicode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
    for (int i = 0; i < more; ++i) point = point << 6 | (text[at++] & 0x3F);
    if (point < 0x10000) {
      out += fmt::format("\\u{:04X}", point);
    } else {
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((point - 0x10000) >> 10),
                         0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return out;
}

std::string in_percent(std::string_view text, bool all, bool lower = false) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto byte = static_cast<unsigned char>(c);
    if (plain && !all) {
      out += c;
    } else {
      out += lower ? fmt::format("%{:02x}", byte) : fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::string for_urls(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

// Each way in which servers write a text without meaning harm.
std::vector<std::string> spellings(const std::string& value) {
  return {value,
          in_json(value),
          in_json(in_json(value)),
          in_unicode(value),
          in_json(in_unicode(value)),
          in_percent(value, false),
          in_percent(value, true),
          in_percent(value, true, true),
          in_percent(in_percent(value, false), false),
          in_json(in_percent(value, false)),
          in_unicode(in_percent(value, true)),
          hex(value),
          upper(hex(value)),
          base64(value),
          for_urls(base64(value)),
          in_json(base64(value)),
          in_percent(base64(value), false),
          base64("user:" + value),
          base64("a" + value + "b"),
          for_urls(base64("ab" + value + "cde"))};
}

TEST(Scrubber, FindsASecretInEveryUsualSpelling) {
  const Scrubber scrubber = scrubber_of({{"mail-relay", kToken}});
  for (const std::string& spelled : spellings(kToken)) {
    const std::string clean = scrubber.scrub("before <" + spelled + "> behind");
    EXPECT_THAT(clean, HasSubstr("[redacted mail-relay]")) << spelled;
    EXPECT_THAT(clean, testing::StartsWith("before <")) << spelled;
    EXPECT_THAT(clean, testing::EndsWith("> behind")) << spelled;
    // Of base64 behind and before other bytes a character or two at each end are not the secret's.
    EXPECT_LE(clean.size(), std::string_view("before <[redacted mail-relay]> behind").size() + 16)
        << spelled;
  }
  EXPECT_EQ(scrubber.scrub(kToken), "[redacted mail-relay]");
  EXPECT_EQ(scrubber.scrub(kToken + kToken), "[redacted mail-relay][redacted mail-relay]");
}

TEST(Scrubber, JsonStaysJson) {
  const Scrubber scrubber = scrubber_of({{"crm", kToken}});
  json::Writer inside;
  inside.object().key("authorization").string("Bearer " + kToken).end();
  json::Writer text;
  text.object().key("content").string(inside.text()).key("x").string(in_unicode(kToken)).end();
  const std::string clean = scrubber.scrub(text.text());
  const auto read = json::parse(clean);
  ASSERT_TRUE(read) << clean;
  EXPECT_EQ(read->root()["content"].string(), R"({"authorization":"Bearer [redacted crm]"})");
  EXPECT_EQ(read->root()["x"].string(), "[redacted crm]");
}

TEST(Scrubber, LeavesEverythingElse) {
  const Scrubber scrubber = scrubber_of({{"a", "first-secret"}, {"b", "second-secret"}});
  for (const std::string& text :
       {std::string(), std::string("first-secre"), std::string("irst-secret"),
        std::string("%66irst%2Dsecre%"), std::string("\\u006"), std::string("\\"),
        std::string("\\ud83d\\ude0"), std::string("%"), std::string("100 %% \\n \\x41 \\q %zz"),
        std::string("\0\xff\xfe", 3), std::string("first-\nsecret")}) {
    EXPECT_EQ(scrubber.scrub(text), text);
  }
  EXPECT_EQ(scrubber_of({}).scrub("anything at all"), "anything at all");
}

TEST(Scrubber, OverlapsAreOneCut) {
  const Scrubber scrubber = scrubber_of({{"a", "abcdefgh"}, {"b", "efghijkl"}, {"c", "cdefghij"}});
  EXPECT_EQ(scrubber.scrub("xabcdefghijkly"), "x[redacted a]y");
  EXPECT_EQ(scrubber.scrub("xefghijklabcdefghy"), "x[redacted b][redacted a]y");
  const Scrubber nested = scrubber_of({{"inner", "bbbbbbbb"}, {"outer", "aabbbbbbbbcc"}});
  EXPECT_EQ(nested.scrub("xaabbbbbbbbccy"), "x[redacted outer]y");
  EXPECT_EQ(nested.scrub("xaabbbbbbbbcxy"), "xaa[redacted inner]cxy");
  const Scrubber periodic = scrubber_of({{"p", "abababab"}});
  EXPECT_EQ(periodic.scrub("xabababababababy"), "x[redacted p]y");
}

TEST(Scrubber, RefusesWhatItCouldNotKeepApart) {
  const auto why = [](std::string_view name, std::string_view value) {
    const Scrubber::Secret one[] = {{name, value}};
    const auto made = Scrubber::make(one);
    return made ? "made" : made.error().message;
  };
  EXPECT_EQ(why("a", "12345678"), "made");
  EXPECT_EQ(why("a", "1234567"), "the secret `a` has not between 8 and 16384 bytes");
  EXPECT_EQ(why("a", std::string(scrubbed_bytes_max, 'x')), "made");
  EXPECT_NE(why("a", std::string(scrubbed_bytes_max + 1, 'x')), "made");
  EXPECT_NE(why("", "12345678"), "made");
  EXPECT_NE(why("a\"b", "12345678"), "made");
  EXPECT_NE(why("a\\b", "12345678"), "made");
  EXPECT_NE(why("a\n", "12345678"), "made");
}

TEST(ScrubStream, SaysHowManyAndHoldsBackOnlyWhatItMust) {
  const Scrubber scrubber = scrubber_of({{"a", "first-secret"}});
  ScrubStream stream(scrubber);
  std::string out;
  stream.feed("some text first-se", out);
  EXPECT_EQ(out, "some text ");
  stream.feed("cret and more fi", out);
  EXPECT_EQ(out, "some text [redacted a] and more ");
  stream.feed("%72", out);
  stream.finish(out);
  EXPECT_EQ(out, "some text [redacted a] and more fi%72");
  EXPECT_EQ(stream.found(), 1U);
}

// Texts of the secrets' own characters and of escapes, cut anywhere: the pieces say what the whole
// says, nothing of a secret is left, and whatever was put in is found.
TEST(ScrubStream, PiecesSayWhatTheWholeSays) {
  std::mt19937_64 random(8);
  const std::string values[] = {kToken, "abababab", "aab%4141", "\xc3\xa4\xf0\x9f\x98\x80-umlaut"};
  const Scrubber scrubber =
      scrubber_of({{"t", values[0]}, {"ab", values[1]}, {"p", values[2]}, {"u", values[3]}});
  const std::string_view pool[] = {"a",     "b",     "ab",      "%",      "41",   "\\",
                                   "u0061", "\\u00", "%25",     "x",      "\\\\", "\"",
                                   " ",     "%5C",   "\\ud83d", "s3cr3t", "61"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    std::size_t put_in = 0;
    for (int i = 0; i < 20; ++i) {
      if (random() % 12 == 0) {
        const auto all = spellings(values[random() % std::size(values)]);
        // A border that no escape and no alphabet reaches over.
        text += "<" + all[random() % all.size()] + ">";
        ++put_in;
      } else {
        text += pool[random() % std::size(pool)];
      }
    }
    const std::string whole = scrubber.scrub(text);
    ScrubStream stream(scrubber);
    std::string pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 7;
      stream.feed(std::string_view(text).substr(at, size), pieces);
      at += size;
    }
    stream.finish(pieces);
    ASSERT_EQ(pieces, whole) << text;
    ASSERT_GE(stream.found(), put_in) << text;
    for (const std::string& value : values) {
      for (const std::string& left : {value, in_json(value), in_percent(value, true), hex(value)}) {
        ASSERT_THAT(whole, Not(HasSubstr(left))) << text;
      }
    }
  }
}

// A large text over a large secret, each of whose beginnings it is full of. What is not linear in
// the text does not end here.
TEST(ScrubStream, IsLinearOnTextsThatAreAlmostTheSecret) {
  const std::string secret = std::string(scrubbed_bytes_max - 1, 'a') + "b";
  const Scrubber scrubber = scrubber_of({{"long", secret}});
  EXPECT_EQ(scrubber.scrub(std::string(4 << 20, 'a')), std::string(4 << 20, 'a'));
  std::string escaped;
  while (escaped.size() < 1 << 20) escaped += "aaa%61\\u0061\\\\u0061%2561";
  EXPECT_EQ(scrubber.scrub(escaped), escaped);
  EXPECT_EQ(scrubber.scrub(std::string(100'000, 'a') + "b"),
            std::string(100'000 - secret.size() + 1, 'a') + "[redacted long]");
}

}  // namespace
}  // namespace pawl
