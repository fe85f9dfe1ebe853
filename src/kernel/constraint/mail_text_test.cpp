// Threats 5.2, P12: one plain address and nothing around it.
#include "kernel/constraint/mail_text.h"

#include <gtest/gtest.h>

#include <string>

#include "kernel/constraint/testing.h"

namespace pawl {
namespace {

using namespace testing_rules;  // NOLINT: the short names are what the tests are about

const Check mail = texts(CheckKind::email_domain, {"myco.example", "*.shops.example"});

TEST(Mail, AcceptsPlainAddresses) {
  for (const char* text : {"a@myco.example", "first.last+tag@myco.example", "o'brien@myco.example",
                           "A_b-c=d~e&f@myco.example", "x@berlin.shops.example"}) {
    EXPECT_TRUE(accepts(mail, text)) << text;
  }
}

TEST(Mail, P12EverythingAroundOrInsideAnAddressIsRefused) {
  for (const char* text : {"a@evil.example(b@myco.example)",
                           "\"b@myco.example\" <a@evil.example>",
                           "<a@evil.example>b@myco.example",
                           "=?utf-8?q?=41=42?=@myco.example",
                           "v%evil.example@myco.example",
                           "@evil.example:a@myco.example",
                           "a@\u043Cyco.example",
                           "a@evil.example\n,b@myco.example",
                           "a@myco.example\nBcc: b@evil.example",
                           "evil.example!a@myco.example",
                           "a@myco.example,b@evil.example",
                           "a@myco.example b@evil.example",
                           "a@myco.example;b@evil.example",
                           "<a@myco.example>",
                           "A <a@myco.example>",
                           " a@myco.example",
                           "a@myco.example ",
                           "a@MYCO.example",
                           "a@myco.example.",
                           "a@.myco.example",
                           "a@myco..example",
                           "a@xmyco.example",
                           "a@myco.example.evil.example",
                           "a@x.myco.example",
                           "a@shops.example",
                           "a@xn--e1afmkfd.shops.example",
                           "@myco.example",
                           "a@",
                           "a",
                           "",
                           "a@b@myco.example",
                           ".a@myco.example",
                           "a.@myco.example",
                           "a..b@myco.example",
                           "\"a b\"@myco.example",
                           "a(comment)@myco.example",
                           "a@(comment)myco.example",
                           "a@[192.0.2.1]",
                           "a@192.0.2.1",
                           "-oQ/tmp@myco.example",
                           "a/b@myco.example",
                           "a\\@evil.example@myco.example",
                           "a\t@myco.example",
                           "\u0430@myco.example",
                           "a@myco.example\u200B",
                           "mailto:a@myco.example"}) {
    EXPECT_FALSE(accepts(mail, text)) << text;
  }
  EXPECT_FALSE(accepts(mail, std::string("a\0@myco.example", 15)));
  EXPECT_FALSE(accepts(mail, std::string(65, 'a') + "@myco.example"));
  EXPECT_FALSE(accepts(mail, std::string(64, 'a') + "@" + std::string(250, 'b')));
}

TEST(Mail, EachElementOfAList) {
  const ArgumentRule to = rule_of("to", {mail});
  EXPECT_TRUE(passes(to, R"({"to":["a@myco.example","b@myco.example"]})"));
  const Outcome bad = outcome(to, R"({"to":["a@myco.example","b@evil.example"]})");
  ASSERT_FALSE(bad.passes());
  EXPECT_EQ(bad.violation->argument, "to[1]");
}

}  // namespace
}  // namespace pawl
