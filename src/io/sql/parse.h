// One SQL text to its summary, in this process: bounds, libpg_query, the reader of its tree.
//
// libpg_query is a C parser that recurses with the text. The caller on hostile text is a
// process that may die of it (serve.h), a fuzzer, or a test.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "lang/sql/summary.h"

namespace pawl::sql {

// Keeps its buffers from text to text. For one thread.
class TextReader {
 public:
  // Errors hold no byte of the text.
  Result<Summary> parse(std::string_view text);

 private:
  json::Parser parser_;
  json::Document document_;
};

// With a reader of its own; for cold paths and tests.
Result<Summary> parse(std::string_view text);

}  // namespace pawl::sql
