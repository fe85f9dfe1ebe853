#include "doors/api/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"

namespace pawl::api {
namespace {

TEST(Operations, AreFoundByMethodAndPath) {
  const Asked settle = find_operation("POST", "/v1/runs/r-1/calls/c-2/outcome?x=y");
  ASSERT_NE(settle.operation, nullptr);
  EXPECT_EQ(settle.operation->op, Op::settle);
  EXPECT_EQ(settle.run, "r-1");
  EXPECT_EQ(settle.call, "c-2");
  EXPECT_EQ(find_operation("POST", "/v1/runs").operation->op, Op::open_run);
}

TEST(Operations, WhatIsNoneIsNone) {
  for (const char* target :
       {"/v1", "/v1/", "/v1/runs/", "/v1/runs/r-1/", "/v1/runs//calls", "/v1/runs/R-1",
        "/v1/runs/../runs", "/v1/runs/r-1/calls/c-2/outcome/x", "/v1/runs/r%2d1"}) {
    const Asked asked = find_operation("GET", target);
    EXPECT_EQ(asked.operation, nullptr) << target;
    EXPECT_EQ(asked.allow, "") << target;
  }
  const Asked wrong = find_operation("DELETE", "/v1/runs/r-1/calls/c-2");
  EXPECT_EQ(wrong.operation, nullptr);
  EXPECT_EQ(wrong.allow, "GET");
}

TEST(Operations, SettlingNeedsARightOfItsOwn) {
  for (const Operation& row : operations()) {
    if (row.op == Op::settle) {
      EXPECT_EQ(row.right, "settle");
    } else if (row.op != Op::openapi) {
      EXPECT_TRUE(row.right == "propose" || row.right == "watch") << row.path;
    }
  }
}

TEST(Operations, TheOpenApiTextNamesEachOfThemOnce) {
  const auto text = json::parse(openapi("https://gate.example"));
  ASSERT_TRUE(text) << text.error().message;
  std::size_t named = 0;
  std::set<std::string, std::less<>> ids;
  for (const auto [path, item] : text->root()["paths"].members()) {
    for (const auto [method, operation] : item.members()) {
      ++named;
      ids.emplace(operation.text("operationId").value_or(""));
    }
  }
  EXPECT_EQ(named, operations().size());
  EXPECT_EQ(ids.size(), operations().size());
}

}  // namespace
}  // namespace pawl::api
