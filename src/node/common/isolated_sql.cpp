// `pawl sql-parser`: the isolated parser, started by the others as needed.
#include "node/common/isolated_sql.h"

#include <memory>

#include "io/sql/parser.h"

namespace pawl::node {
sql::ReadSql isolated_sql() {
  auto parser =
      std::make_shared<sql::Parser>(std::vector<std::string>{"/proc/self/exe", "sql-parser"});
  return [parser = std::move(parser)](std::string_view pointer, std::string_view text) {
    sql::Fact fact{std::string(pointer), {}, {}};
    Result<sql::Summary> summary = parser->read(text);
    if (summary) {
      fact.summary = *std::move(summary);
    } else {
      fact.failure = summary.error().message;
    }
    return fact;
  };
}

}  // namespace pawl::node
