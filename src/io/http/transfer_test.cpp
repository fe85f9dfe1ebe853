#include "io/http/transfer.h"

#include <gtest/gtest.h>

#include <string>

namespace pawl::http {
namespace {

TEST(Transfer, LeavesNeitherFieldsNorBodyBehind) {
  const ClientOptions options;
  Ask ask;
  ask.method = "POST";
  ask.body = "grant_type=refresh_token&refresh_token=a-secret-that-is-long";
  ask.headers.add("authorization", "Bearer another-secret");
  const std::size_t bytes = ask.body.size();
  Transfer transfer(options, std::move(ask), {});
  transfer.wipe();  // as its end does
  EXPECT_EQ(transfer.ask.body, std::string(bytes, '\0'));
  EXPECT_NE(transfer.ask.headers.find("authorization"), "Bearer another-secret");
}

}  // namespace
}  // namespace pawl::http
