// Any bytes: the look before the parser, the parser itself, the reader of its tree and a rule.
// The parser is PostgreSQL's, in this process: what passes the bounds must not end it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/sql/parse.h"
#include "lang/sql/judge.h"
#include "lang/sql/scan.h"

namespace {

const pawl::sql::SqlRule& rule() {
  static const pawl::sql::SqlRule compiled = [] {
    pawl::sql::SqlRule made{
        .dialect = "postgresql", .statements = {"select", "update"}, .tables = {"orders"}};
    if (!pawl::sql::compile(made)) std::abort();
    return made;
  }();
  return compiled;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const pawl::Result<pawl::sql::Summary> summary = pawl::sql::parse(text);
  if (!summary) return 0;
  // What a parser was given had passed the bounds, and a summary survives its own form.
  if (!pawl::sql::scan(text)) std::abort();
  const auto document = pawl::json::parse(pawl::sql::to_json(*summary));
  if (!document) std::abort();
  const auto again = pawl::sql::parse_summary(document->root());
  if (!again || *again != *summary) std::abort();
  const bool allowed = !pawl::sql::judge(rule(), *summary);
  if (allowed && (summary->statements != 1 || !summary->functions.empty())) std::abort();
  return 0;
}
