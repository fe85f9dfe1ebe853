#include "doors/mcp/transport/http_answers.h"

#include <gtest/gtest.h>

#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {
namespace {

TEST(Answers, AnErrorAloneHasAStatusOfItsOwn) {
  EXPECT_EQ(status_of(error_line("1", method_not_found, "no")), 404);
  EXPECT_EQ(status_of(error_line("1", unsupported_version, "no", R"({"a":1,"a":2})")), 400);
  EXPECT_EQ(status_of(error_line("\"error\"", internal_error, "no")), 200);
  EXPECT_EQ(status_of(R"({"jsonrpc":"2.0","id":1,"error":{"code":"-32601"}})"), 200);
  EXPECT_EQ(status_of(R"({"jsonrpc":"2.0","id":1,"error":"\"code\":-32601"})"), 200);
  EXPECT_EQ(status_of(result_line("1", R"({"error":{"code":-32601},"x":"\"error\":{"})")), 200);
  EXPECT_EQ(status_of(""), 200);
}

}  // namespace
}  // namespace pawl::mcp
