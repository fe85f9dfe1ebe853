// Threats 5.2, P11: URLs about which parsers disagree; and the lists of hosts.
#include "kernel/constraint/url_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "kernel/constraint/host_set.h"
#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about

const Check https = url_check({{"good.example", "*.docs.example", "port.example:8443", "192.0.2.7",
                                "[2001:db8::1]", "xn--bcher-kva.example"},
                               {},
                               std::nullopt});

TEST(Url, AcceptsTheCanonicalSpelling) {
  for (const char* url :
       {"https://good.example", "https://good.example/", "https://good.example/a/b.html",
        "https://good.example/a?x=1&y=2#z", "https://a.docs.example/x", "https://b.a.docs.example/",
        "https://port.example:8443/", "https://192.0.2.7/x", "https://[2001:db8::1]/",
        "https://good.example/%20%2F", "https://good.example/a;b=c,d",
        "https://good.example/?q=a/b?c", "https://xn--bcher-kva.example/",
        "https://good.example/..a/...", "https://good.example//x"}) {
    EXPECT_TRUE(accepts(https, url)) << url;
  }
}

TEST(Url, P11WhatParsersReadDifferentlyIsRefused) {
  for (const char* url : {"https://good.example\\@evil.example/",
                          "https://good.example\\.evil.example",
                          "https://good\t.example/",
                          "https://good.example\n/",
                          "https://good.example\r\n.evil.example",
                          "https:evil.example",
                          "https:/good.example/",
                          "https:///good.example/",
                          "https:\\\\good.example/",
                          "https://good.example%2eevil.example",
                          "https://good.example%00.evil.example/",
                          "https://\u2460good.example/",
                          "https://good\u3002example/",
                          "https://good.example\uFF0Fevil",
                          "https://g\u043Eod.example/",
                          "https://good.example@evil.example/",
                          "https://evil.example@good.example/",
                          "https://good.example:443@evil.example/",
                          "https://good.example:@evil.example",
                          " https://good.example/",
                          "https://good.example/ ",
                          "https://good.example /",
                          "HTTPS://good.example/",
                          "https://GOOD.example/"}) {
    EXPECT_FALSE(accepts(https, url)) << url;
  }
}

TEST(Url, P11SpellingsThatAreNotCanonicalAreRefused) {
  for (const char* url : {"https://good.example./",
                          "https://good.example:/",
                          "https://good.example:443/",
                          "https://good.example:0443/",
                          "https://good.example:99999/",
                          "https://good.example:8443/",
                          "//good.example/",
                          "good.example",
                          "https://",
                          "https:///",
                          "https://?good.example",
                          "https://good.example?x",
                          "https://good.example#x",
                          "https://good.example/a b",
                          "https://good.example/<",
                          "https://good.example/\"",
                          "https://good.example/{}",
                          "https://good.example/|",
                          "https://good.example/^",
                          "https://good.example/`",
                          "https://good.example/[x]",
                          "https://good.example/../x",
                          "https://good.example/a/..",
                          "https://good.example/./a",
                          "https://good.example/%2e%2e/x",
                          "https://good.example/%61",
                          "https://good.example/%0d%0aX",
                          "https://good.example/%0D%0AX",
                          "https://good.example/%5C",
                          "https://good.example/%",
                          "https://good.example/%4",
                          "https://good.example/%zz",
                          "https://good.example/a#b#c",
                          "https://good.example/\u00e9",
                          "http://good.example/",
                          "javascript:alert(1)",
                          "data:text/html,x",
                          "file:///etc/passwd",
                          "ftp://good.example/"}) {
    EXPECT_FALSE(accepts(https, url)) << url;
  }
  EXPECT_FALSE(accepts(https, std::string("https://good.example\0.evil.example/", 35)));
  EXPECT_FALSE(accepts(https, "https://good.example/" + std::string(url_bytes_max, 'a')));
}

TEST(Url, HostsThatAreNotInTheList) {
  for (const char* url : {"https://evil.example/",
                          "https://notgood.example/",
                          "https://good.example.evil.example/",
                          "https://x.good.example/",
                          "https://docs.example/",
                          "https://xdocs.example/",
                          "https://port.example/",
                          "https://port.example:8444/",
                          "https://192.0.2.8/",
                          "https://192.0.2.07/",
                          "https://3221225991/",
                          "https://0xc0.0.2.7/",
                          "https://192.0.519/",
                          "https://[2001:db8:0::1]/",
                          "https://[2001:DB8::1]/",
                          "https://[::ffff:192.0.2.7]/",
                          "https://2001:db8::1/",
                          "https://[2001:db8::1/",
                          "https://[2001:db8::1%25eth0]/",
                          "https://xn--e1afmkfd.docs.example/",
                          "https://-good.example/",
                          "https://good_.example/"}) {
    EXPECT_FALSE(accepts(https, url)) << url;
  }
}

TEST(Url, SchemesAndQueries) {
  const Check both = url_check({{"a.example"}, {"http", "https"}, 5});
  EXPECT_TRUE(accepts(both, "http://a.example/?12345"));
  EXPECT_FALSE(accepts(both, "http://a.example/?123456"));
  EXPECT_TRUE(accepts(both, "http://a.example/?12#45"));
  EXPECT_FALSE(accepts(both, "http://a.example/?12#456"));
  EXPECT_FALSE(accepts(both, "http://a.example/#123456"));
  EXPECT_FALSE(accepts(both, "http://a.example:80/"));
  EXPECT_FALSE(accepts(both, "ws://a.example/"));
}

TEST(HostSet, RefusesEntriesThatAreNoHosts) {
  for (const char* entry :
       {"", "*", "*.", "https://a.example", "a.example/", "a..example", ".a", "a b",
        "a.example:", "a.example:0", "a.example:65536", "*.*.example", "a*.example", "1.2.3",
        "0x7f.1", "[::1", "u@a.example", "b\u00fccher.example"}) {
    EXPECT_FALSE(HostSet::make(std::vector<std::string>{entry}, HostSet::Entries::hosts)) << entry;
  }
  EXPECT_FALSE(HostSet::make(std::vector<std::string>{}, HostSet::Entries::hosts));
  EXPECT_FALSE(HostSet::make(std::vector<std::string>{"1.2.3.4"}, HostSet::Entries::domains));
  EXPECT_FALSE(HostSet::make(std::vector<std::string>{"a.example:1"}, HostSet::Entries::domains));
  const auto mixed = HostSet::make(std::vector<std::string>{"A.Example"}, HostSet::Entries::hosts);
  ASSERT_TRUE(mixed);
  EXPECT_TRUE(mixed->contains("a.example"));
}

TEST(HostSet, LongListsFindTheSame) {
  std::vector<std::string> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back("h" + std::to_string(i) + ".example");
  entries.emplace_back("*.below.example");
  const auto set = HostSet::make(entries, HostSet::Entries::hosts);
  ASSERT_TRUE(set);
  entries.pop_back();
  for (const std::string& entry : entries) EXPECT_TRUE(set->contains(entry)) << entry;
  EXPECT_TRUE(set->contains("x.below.example"));
  EXPECT_FALSE(set->contains("h1000.example"));
}

// An accepted value has its host exactly once behind `://`, whatever the rest holds: every other
// reader that takes the bytes between `://` and the next `/` sees the same host.
TEST(UrlProperty, P11AnAcceptedValueHasOneHost) {
  const std::vector<std::string> pieces = {
      "https", "http", ":", "//",  "/",    "\\",     "@", "good.example", "evil.example", ".",
      "%2e",   "?",    "#", "[",   "]",    ":443",   " ", "\t",           "..",           "\u3002",
      "xn--",  "a",    "*", "%00", "good", "example"};
  std::mt19937 random(7);
  int accepted = 0;
  const Check only = url_check({{"good.example"}, {}, std::nullopt});
  for (int round = 0; round < 60000; ++round) {
    std::string value = round % 2 == 0 ? "https://good.example" : "";
    for (unsigned n = random() % 7; n > 0; --n) value += pieces[random() % pieces.size()];
    if (!accepts(only, value)) continue;
    ++accepted;
    const std::size_t begin = value.find("://") + 3;
    EXPECT_EQ(begin, 8U) << value;
    EXPECT_EQ(value.substr(begin, value.find('/', begin) - begin), "good.example") << value;
    for (char bad : {'\\', '\t', ' ', '@'})
      EXPECT_EQ(value.substr(0, 21).find(bad), std::string::npos);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace pawl
