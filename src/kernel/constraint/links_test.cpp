#include "kernel/constraint/links.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about

class Links : public ::testing::Test {
 protected:
  static bool passes(std::string_view text) {
    static const HostSet hosts =
        *HostSet::make(std::vector<std::string>{"good.example", "*.docs.example", "p.example:8080"},
                       HostSet::Entries::hosts);
    return check_links(hosts, text).empty();
  }
};

TEST_F(Links, InAnAddressEveryNameWithADotIsAHost) {
  const HostSet hosts =
      *HostSet::make(std::vector<std::string>{"good.example", "my_host.example", "[2001:db8::1]"},
                     HostSet::Entries::hosts);
  const auto fine = [&](std::string_view text) {
    return check_links(hosts, text, TextPurpose::address).empty();
  };
  for (const char* text : {"evil.sh",
                           "evil.zip",
                           "evil.pdf/x",
                           "evil.py:80",
                           "EVIL.RS",
                           "a.b",
                           "evil.md?x=1",
                           "1.2.3.4",
                           "0x7f.1",
                           "127.1",
                           "localhost",
                           "LOCALHOST",
                           "localhost:80",
                           "[::1]",
                           "[::1]:80/x",
                           "good.example, evil.sh",
                           "evil_x.sh",
                           "\"evil.sh\"",
                           "(evil.sh)",
                           "evil\uFF0Esh",
                           "evil%2Esh",
                           "//evil.sh",
                           "x@evil.sh",
                           "my_other.example",
                           "0",
                           "2130706433",
                           "0x7F000001",
                           "0:80/x"}) {
    EXPECT_FALSE(fine(text)) << text;
  }
  for (const char* text : {"good.example", "good.example/a/b.html?f=report.pdf",
                           "https://good.example/x.y.z", "my_host.example/x", "plain words",
                           "page 3 of 4", "", "[2001:db8::1]/x", "https://my_host.example/"}) {
    EXPECT_TRUE(fine(text)) << text;
  }
}

TEST_F(Links, APurposeIsToldByNameFormatAndDescription) {
  const auto purpose = [](std::string_view path, std::string_view schema) {
    ArgumentRule rule = rule_of(path, {texts(CheckKind::hosts_in, {"good.example"})});
    const json::Document document = parsed(schema);
    const auto tool = definition_of("", "t", document.root(), {});
    know_purpose(rule, &tool->arguments);
    return rule.checks[0].address;
  };
  const std::string_view none = R"({"type":"object"})";
  for (const char* name :
       {"url", "pageUrl", "target_url", "urls[]", "links[].href", "host", "webhook", "server"}) {
    EXPECT_TRUE(purpose(name, none)) << name;
  }
  for (const char* name : {"note", "body", "message", "curl", "hostile"}) {
    EXPECT_FALSE(purpose(name, none)) << name;
  }
  EXPECT_TRUE(
      purpose("x", R"({"type":"object","properties":{"x":{"type":"string","format":"uri"}}})"));
  EXPECT_TRUE(purpose(
      "x[]",
      R"({"type":"object","properties":{"x":{"type":"array","items":{"format":"hostname"}}}})"));
  EXPECT_TRUE(purpose(
      "x",
      R"({"type":"object","properties":{"x":{"description":"The URL of the page to fetch"}}})"));
  EXPECT_FALSE(purpose(
      "x",
      R"({"type":"object","properties":{"x":{"description":"A text for customers, with URLs"}}})"));
}

TEST_F(Links, ProseAndListedLinksPass) {
  for (const char* text : {"",
                           "Done.",
                           "Your order is on its way. Thanks. Bye",
                           "See https://good.example/a.",
                           "See https://good.example/a/b.html?x=1#y, please",
                           "(https://good.example)",
                           "[here](https://good.example/a)",
                           "[https://good.example](https://good.example/b)",
                           "<https://good.example>",
                           "<a href=\"https://good.example/x\">x</a>",
                           "HTTPS://GOOD.EXAMPLE/",
                           "a.docs.example/x",
                           "https://good.example:443/",
                           "http://good.example:80/",
                           "https://p.example:8080/x",
                           "mailto:me@good.example",
                           "write to me@good.example.",
                           "and/or, 1/2, e.g. i.e. 3.14 v1.2.3",
                           "either // or",
                           "C:\\Users\\x",
                           "a -> b: c",
                           "12:30",
                           "https://good.example/evil.file/x",
                           "note: this",
                           "README.md and main.cpp:12",
                           "server.js/lib",
                           "https://good.example\nRegards",
                           "www.a.docs.example",
                           "x = y; z",
                           "ratio 3:4, see section 2.b",
                           "price: 5.00 EUR/kg",
                           "regex \\\\d{3}",
                           "50% off",
                           "https://good.example: the shop",
                           "_https://good.example_",
                           "data: none",
                           "10.0.0.1 is up"}) {
    EXPECT_TRUE(passes(text)) << text;
  }
}

TEST_F(Links, LinksToOtherHosts) {
  for (const char* text : {"https://evil.example/",
                           "http://evil.example",
                           "see https://evil.example.",
                           "ftp://evil.example",
                           "x://evil.example",
                           "//evil.example/x",
                           "<img src=//evil.example/x>",
                           "www.evil.net",
                           "evil.com",
                           "go to evil.com now",
                           "evil.zz/path",
                           "evil.zz:8080",
                           "evil.zz?x",
                           "a@evil.example",
                           "mailto:a@evil.example",
                           "[x](https://evil.example)",
                           "![](//evil.example)",
                           "[x]: https://evil.example",
                           "<https://evil.example>",
                           "https://good.example.evil.example/",
                           "https://notgood.example",
                           "https://p.example/",
                           "https://good.example:8443/",
                           "https://xn--e1afmkfd.docs.example/",
                           "https://docs.example/",
                           "http://192.0.2.1/",
                           "http://2130706433/",
                           "192.0.2.1/x",
                           "http://[::1]/",
                           "localhost:3000",
                           "\\\\evil\\share",
                           "https://good.example/?next=https://evil.example",
                           "https://good.example/?u=evil.com",
                           "https://good.example,https://evil.example",
                           "https://good.example https://evil.example",
                           "javascript:alert(1)",
                           "data:text/html,<script>",
                           "git@evil.example:x/y"}) {
    EXPECT_FALSE(passes(text)) << text;
  }
}

TEST_F(Links, HostsThatReadersSeeDifferently) {
  for (const char* text : {"https://good.example@evil.example/",
                           "https://good.example:pw@evil.example",
                           "https://good.example\\@evil.example/",
                           "https://good.example%2eevil.example/",
                           "https://good.example%40evil.example",
                           "https:\\\\evil.example",
                           "https:/evil.example",
                           "https:evil.example",
                           "https:///evil.example",
                           "http:/\\evil.example",
                           "/\\evil.example",
                           "https://good.example,.evil.zz/",
                           "https://good.example'.evil.zz",
                           "https://good.example;@evil.zz",
                           "https://good.example\".evil.zz",
                           "https://good.example!evil.zz",
                           "https://good.example\n.evil.zz",
                           "\"https://good.example\nevil.zz\"",
                           "<a href='https://good.example\tx.zz'>",
                           "ht\ntps://evil.zz",
                           "https:/\n/evil.zz",
                           "https:\n//evil.zz",
                           "https://good.example./x",
                           "https://evil\u3002example/",
                           "https://evil\uFF0Ecom/",
                           "\uFF48\uFF54\uFF54\uFF50\uFF53://evil.example",
                           "https://g\u043Eod.example/",
                           "https://good.example\u2024evil.zz",
                           "ev\u200Bil.com",
                           "https://e\u00ADvil.example",
                           "https&#58;//evil.example",
                           "https&colon;&sol;&sol;evil.example",
                           "https&#x3a;//evil.example",
                           "&#104;ttps://evil.example",
                           "https%3A%2F%2Fevil.example",
                           "https%253A%252F%252Fevil.example",
                           "evil&period;com",
                           "evil&#0000046;com",
                           "evil%2ecom",
                           "hxxp://evil.example",
                           "hxxps://good.example",
                           "hxxps[:]//evil[.]example",
                           "evil[.]com",
                           "evil(dot)com",
                           "evil[dot]com/x",
                           "a[at]evil.com",
                           "https[:]//evil.example",
                           "https\\://evil.example",
                           "https\\u003a//evil.example",
                           "evil\\.com",
                           "\\x68ttps://evil.example",
                           "https:\\/\\/evil.example",
                           "%48TTPS://EVIL.EXAMPLE/%ff",
                           "https://[::1",
                           "a@[192.0.2.1]"}) {
    EXPECT_FALSE(passes(text)) << text;
  }
}

TEST_F(Links, TextThatIsEscapedForEverIsRefused) {
  std::string text = "%2e";
  for (int i = 0; i < 20; ++i) text.insert(1, "25");
  EXPECT_FALSE(passes(text));
}

// However a foreign link is dressed, it does not pass; whatever stands around a listed one without
// touching it, it does.
TEST_F(Links, PropertyDressedLinks) {
  std::mt19937 random(5);
  const auto escape = [&](const std::string& text) {
    std::string out;
    for (char c : text) {
      const auto code = static_cast<unsigned>(static_cast<unsigned char>(c));
      switch (random() % 6) {
        case 0: {
          constexpr const char* digits = "0123456789ABCDEF";
          out += {'%', digits[code >> 4], digits[code & 15]};
          break;
        }
        case 1:
          out += "&#" + std::to_string(code) + ";";
          break;
        default:
          out += c;
      }
    }
    return out;
  };
  const char* words[] = {" see ", "\n", " (x) ", " - ", " \"q\" ", " 1/2 ", " ok; "};
  for (int round = 0; round < 3000; ++round) {
    const std::string around = words[random() % 7];
    EXPECT_FALSE(passes(around + escape("https://evil.example/a") + around));
    EXPECT_TRUE(passes(around + "https://good.example/a " + words[random() % 7]));
  }
}

TEST_F(Links, LongHostileTextStaysLinear) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "a:/@.&%";
  passes(text);
  passes(std::string(1'000'000, ':'));
  passes(std::string(1'000'000, '['));
  passes("https://good.example" + std::string(1'000'000, '\''));
}

}  // namespace
}  // namespace pawl
