#include "io/http/libcurl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace pawl::http {
namespace {

Libcurl whole_library() {
  return {.version = 0x075801,
          .protocols = {"http", "https", "smtp", "smtps"},
          .tls = true,
          .names_aside = true};
}

std::string what_lacks(const Libcurl& library) {
  const Status judged = fit(library);
  return judged ? "" : judged.error().message;
}

TEST(LibcurlMade, ThisOneHasWhatIsUsed) {
  EXPECT_EQ(what_lacks(Libcurl::made()), "");
  EXPECT_EQ(what_lacks(whole_library()), "");
}

TEST(LibcurlMade, EachMissingPartIsSaid) {
  Libcurl old = whole_library();
  old.version = 0x075400;
  EXPECT_THAT(what_lacks(old), testing::EndsWith("lacks version 7.85"));
  for (const std::string gone : {"http", "https", "smtp", "smtps"}) {
    Libcurl without = whole_library();
    std::erase(without.protocols, gone);
    EXPECT_THAT(what_lacks(without), testing::EndsWith("lacks " + gone));
  }
  Libcurl open = whole_library();
  open.tls = false;
  Libcurl slow = whole_library();
  slow.names_aside = false;
  EXPECT_THAT(what_lacks(open), testing::EndsWith("lacks TLS"));
  EXPECT_THAT(what_lacks(slow), testing::HasSubstr("looking up names"));
  EXPECT_THAT(what_lacks({}), testing::HasSubstr("version 7.85, http, https, smtp, smtps, TLS"));
}

TEST(LibcurlMade, RootsAreSoughtWhereItsOwnAreNot) {
  Libcurl library = whole_library();
  library.roots_file = "/no/such/file.pem";
  library.roots_folder = "/no/such/folder";
  const std::string found = roots_elsewhere(library);
  EXPECT_THAT(found, testing::StartsWith("/etc/"));
  library.roots_folder = "/etc";
  EXPECT_EQ(roots_elsewhere(library), "");
  library.roots_folder.clear();
  library.roots_file = found;
  EXPECT_EQ(roots_elsewhere(library), "");
}

// An option that the library does not take stands in the way; one that is only switched off does
// not.
TEST(LibcurlMade, OptionsThatAreNotTakenAreSaid) {
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), &curl_easy_cleanup);
  constexpr auto unknown = static_cast<CURLoption>(9999);
  Options fine(easy.get());
  fine.set(CURLOPT_SSL_VERIFYPEER, 1L);
  fine.forgo(unknown, 0L);
  EXPECT_TRUE(fine.taken());
  Options wrong(easy.get());
  wrong.set(CURLOPT_PROTOCOLS_STR, "https,made-up");
  wrong.set(unknown, 1L);
  ASSERT_FALSE(wrong.taken());
  EXPECT_EQ(wrong.taken().error().fault, ErrorKind::environment);
  EXPECT_THAT(wrong.taken().error().message, testing::HasSubstr("option 10318"));
  Options lacks(easy.get());
  lacks.forgo(CURLOPT_HTTP_VERSION, 99L);  // known, and not like that
  EXPECT_FALSE(lacks.taken());
}

}  // namespace
}  // namespace pawl::http
