#include "io/sql/parse.h"

#include <pg_query.h>

#include <string>

#include "base/json.h"
#include "lang/sql/read.h"
#include "lang/sql/scan.h"

namespace pawl::sql {

namespace {

// A level of the tree is about three levels of its JSON.
constexpr std::size_t depth_max = 4000;

struct Tree {
  PgQueryParseResult result;
  explicit Tree(const char* text) : result(pg_query_parse(text)) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { pg_query_free_parse_result(result); }
};

}  // namespace

Result<Summary> parse(std::string_view text) {
  return TextReader().parse(text);
}

Result<Summary> TextReader::parse(std::string_view text) {
  PAWL_TRY(scan(text));
  const std::string ended(text);
  const Tree tree(ended.c_str());
  // The parser's own words quote the text: they are not passed on.
  if (tree.result.error != nullptr) {
    return fail(ErrorKind::invalid, "the text is not SQL as PostgreSQL reads it");
  }
  const json::ParseLimits limits{.depth_max = depth_max,
                                 .duplicate_keys = json::DuplicateKeys::refuse_exact_only};
  const Status read = parser_.parse(tree.result.parse_tree, document_, limits);
  if (!read) return fail(ErrorKind::invalid, "the SQL text is nested too deeply");
  return read_tree(document_.root());
}

}  // namespace pawl::sql
