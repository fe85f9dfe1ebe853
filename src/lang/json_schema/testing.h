// What the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "lang/json_schema/schema.h"

namespace pawl::json_schema::testing {

inline json::Document read(std::string_view text) {
  auto document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text;
  return document ? std::move(*document) : json::Document{};
}

inline Result<Schema> compiled(std::string_view text, const Limits& limits = {}) {
  const json::Document document = read(text);
  return compile(document.root(), limits);
}

// `valid`, or the first violation as `POINTER KEYWORD: SAYS`, or `refused: ERROR`. The quick walk
// and the one that reports must agree.
inline std::string verdict(std::string_view schema, std::string_view value,
                           const Limits& limits = {}) {
  const Result<Schema> made = compiled(schema, limits);
  if (!made) return "refused: " + made.error().message;
  const json::Document document = read(value);
  const auto first = made->validate(document.root());
  EXPECT_EQ(made->valid(document.root()), !first.has_value());
  EXPECT_EQ(made->violations(document.root()).empty(), !first.has_value());
  if (!first) return "valid";
  return first->pointer + " " + first->keyword + ": " + first->says;
}

}  // namespace pawl::json_schema::testing
