#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "base/json.h"
#include "base/json_mistake.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pawl::json {
namespace {

std::string in_canonical_form(std::string_view text) {
  return write(parse(text)->root());
}

std::string literal(std::string_view text) {
  std::string out;
  write_string(text, out);
  return out;
}

std::string to_string(double value) {
  std::string out;
  write_number(value, out);
  return out;
}

TEST(JsonWrite, SortsNamesByTheirBytes) {
  EXPECT_EQ(in_canonical_form(R"( { "b" : 1, "a" : { "d" : [ ], "c" : { } } } )"),
            R"({"a":{"c":{},"d":[]},"b":1})");
  EXPECT_EQ(in_canonical_form("{\"\u00E4\":1,\"z\":2,\"Y\":3,\"\":4,\"z1\":5}"),
            "{\"\":4,\"Y\":3,\"z\":2,\"z1\":5,\"\u00E4\":1}");
}

TEST(JsonWrite, SortsObjectsOfEverySize) {
  for (std::size_t members : {2UL, 16UL, 17UL, 300UL}) {
    std::string text = "{";
    std::string sorted = "{";
    for (std::size_t i = 0; i < members; ++i) {
      const std::string comma = i == 0 ? "" : ",";
      text += comma + "\"k" + std::to_string(100'000 + members - i) + "\":0";
      sorted += comma + "\"k" + std::to_string(100'001 + i) + "\":0";
    }
    EXPECT_EQ(in_canonical_form(text + "}"), sorted + "}");
  }
}

TEST(JsonWrite, UsesTheFewestEscapes) {
  EXPECT_EQ(literal("plain / \x7f \u20AC"), "\"plain / \x7f \u20AC\"");
  EXPECT_EQ(literal("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(literal(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(in_canonical_form(R"("\/\u0041\u00e4\ud83d\ude00")"), "\"/A\u00E4\U0001F600\"");
  // An escape at every distance from the start of a block of sixteen.
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string plain(before, 'x');
    EXPECT_EQ(literal(fmt::format("{0}\n{0}", plain)), fmt::format("\"{0}\\n{0}\"", plain));
  }
}

// Several bytes are looked at together: none of them may hide behind the others.
TEST(JsonWrite, EscapesWhereverTheyStandInTextsOfEveryLength) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char c : {'"', '\\', '\n', '\x1f', '\0', ' ', '\x7f'}) {
        std::string text(size, 'a');
        text[at] = c;
        const std::string written = literal(text);
        const bool escaped = c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
        ASSERT_EQ(written.size() == size + 2, !escaped) << size << ' ' << at;
        ASSERT_EQ(parse(written)->root().string(), text) << size << ' ' << at;
      }
      std::string broken(size, 'a');
      broken[at] = '\xff';
      ASSERT_NE(literal(broken).find("\xEF\xBF\xBD"), std::string::npos) << size << ' ' << at;
    }
  }
}

TEST(JsonWrite, RepairsWhatIsNotUtf8) {
  EXPECT_EQ(literal("a\xFF\"b"), "\"a\uFFFD\\\"b\"");
  EXPECT_EQ(literal("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(literal("\xC3"), "\"\uFFFD\"");
}

TEST(JsonWrite, NumbersAreTheShortestThatReadBack) {
  EXPECT_EQ(to_string(10.0), "10");
  EXPECT_EQ(to_string(-0.0), "0");
  EXPECT_EQ(to_string(0.1), "0.1");
  EXPECT_EQ(to_string(1e17), "100000000000000000");
  EXPECT_EQ(to_string(0x1p63), "9223372036854775808");
  EXPECT_EQ(to_string(-0x1p63), "-9223372036854775808");
  EXPECT_EQ(to_string(0x1p64), "1.8446744073709552e+19");
  EXPECT_EQ(to_string(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(to_string(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(to_string(std::nan("")), "null");
  EXPECT_EQ(to_string(HUGE_VAL), "null");
}

TEST(JsonWriter, PlacesCommasAndColons) {
  Writer w;
  w.object().key("a").string("x\n").key("b").array().integer(-1).natural(UINT64_MAX).null().end();
  w.key("c").object().end().key("d").boolean(true).key("e").raw("[1]").key("f").number(0.5);
  w.key("g").array().object().end().object().key("h").boolean(false).end().end().end();
  EXPECT_EQ(w.text(), R"({"a":"x\n","b":[-1,18446744073709551615,null],"c":{},"d":true,"e":[1],)"
                      R"("f":0.5,"g":[{},{"h":false}]})");
  EXPECT_TRUE(parse(w.text()));
  const auto document = parse(R"({"z":1,"a":[true]})");
  Writer v;
  v.array().value(document->root()).value(document->root()["a"]).end();
  EXPECT_EQ(v.take(), R"([{"a":[true],"z":1},[true]])");
}

// Makes JSON texts of all shapes, with odd spellings and blanks, out of a seed.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string value(int depth) {
    switch (pick(depth > 0 ? 8 : 6)) {
      case 0:
        return std::array{"null", "true", "false"}[pick(3)];
      case 1:
      case 2:
        return number();
      case 3:
      case 4:
      case 5:
        return string();
      case 6:
        return array(depth);
      default:
        return object(depth);
    }
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  std::string blanks() { return std::string(pick(3), std::array{' ', '\n', '\t', '\r'}[pick(4)]); }

  std::string number() {
    const std::uint64_t bits = random_() >> pick(64);
    switch (pick(5)) {
      case 0:
        return std::to_string(bits);
      case 1:
        return std::to_string(std::bit_cast<std::int64_t>(bits));
      case 2:
        return std::to_string(bits % 1'000) + "." + std::to_string(bits / 7 % 100'000) + "0";
      case 3:
        return std::to_string(bits % (pick(2) == 0 ? 10'000 : 100'000'000'000'000'000)) +
               std::array{"e", "E", "e+", "E-"}[pick(4)] + std::to_string(pick(25));
      default: {
        const auto value = std::bit_cast<double>(random_());
        return std::isfinite(value) ? to_string(value) : "-0.0";
      }
    }
  }

  std::string string() {
    std::string out = "\"";
    for (std::size_t i = pick(20); i > 0; --i) {
      switch (pick(5)) {
        case 0:
          out += std::array{"\\n", "\\u0041", "\\\"", "\\/", "\\ud83d\\ude00", "\\u0000"}[pick(6)];
          break;
        case 1:
          utf8::append(std::array{U'ä', U'\u20AC', U'\U0001F600', U'\u202E'}[pick(4)], out);
          break;
        default:
          out += static_cast<char>('a' + pick(26));
      }
    }
    return out + "\"";
  }

  std::string array(int depth) {
    std::string out = "[" + blanks();
    for (std::size_t i = pick(5); i > 0; --i) {
      out += value(depth - 1) + blanks() + (i > 1 ? "," : "");
    }
    return out + "]";
  }

  std::string object(int depth) {
    std::string out = "{" + blanks();
    for (std::size_t i = pick(pick(10) == 0 ? 40 : 6), first = i; i > 0; --i) {
      // Digits keep the names apart, whatever folding does to the letters.
      const std::string name = string();
      out += (i == first ? "" : ",") + name.substr(0, name.size() - 1) + "#" +
             std::to_string((i * 7) % 41) + "\"" + blanks() + ":" + value(depth - 1) + blanks();
    }
    return out + "}";
  }

  std::mt19937_64 random_;
};

TEST(JsonProperty, WhatIsWrittenReadsBackEqualAndIsWrittenTheSame) {
  Parser parser;
  Document first, second;
  int accepted = 0;
  for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
    const std::string text = Generator(seed).value(5);
    const Status status = parser.parse(text, first);
    const auto mistake = first_mistake(text, 128);
    if (!status) {
      // Only numbers may be at fault: too large, or of too many digits.
      EXPECT_THAT(
          status.error().message,
          ::testing::AnyOf(::testing::HasSubstr("out of the range"), ::testing::HasSubstr("digits"),
                           ::testing::HasSubstr("rounded"), ::testing::HasSubstr("does not fit"),
                           ::testing::HasSubstr("rounded")))
          << text;
      continue;
    }
    ++accepted;
    EXPECT_FALSE(mistake) << text << ": " << mistake->message;
    const std::string once = write(first.root());
    ASSERT_TRUE(parser.parse(once, second)) << text << "\n" << once;
    EXPECT_TRUE(equal(first.root(), second.root())) << text << "\n" << once;
    EXPECT_EQ(write(second.root()), once) << text;
  }
  EXPECT_GT(accepted, 4'000);
}

// Both readers must agree on every text that is nearly JSON.
TEST(JsonProperty, TheQuickAndTheSlowReaderAgreeOnDamagedTexts) {
  Parser parser;
  Document document;
  std::mt19937_64 random(7);
  constexpr std::string_view alphabet = "{}[]:,\"\\ue+-.019 \n\t\xC3\xA4\xFF/tfn";
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    std::string text = Generator(seed % 500).value(3);
    for (std::size_t edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 3);
      } else {
        text[at] = alphabet[random() % alphabet.size()];
      }
    }
    const Status status = parser.parse(text, document);
    const auto mistake = first_mistake(text, 128);
    if (status) {
      EXPECT_FALSE(mistake) << text << ": " << mistake->message;
    } else if (!mistake) {
      EXPECT_THAT(status.error().message,
                  ::testing::AnyOf(::testing::HasSubstr("two keys"), ::testing::HasSubstr("digits"),
                                   ::testing::HasSubstr("rounded"),
                                   ::testing::HasSubstr("out of the range")))
          << text;
    }
  }
}

}  // namespace
}  // namespace pawl::json
