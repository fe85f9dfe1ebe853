// `pawl sql-parser`: the isolated parser, started by the others as needed.
#include "app/sql.h"

#include <memory>

#include "app/commands.h"
#include "io/sql/parser.h"
#include "io/sql/serve.h"

namespace pawl::app {
namespace {

int run_sql(const Arguments&) {
  return sql::serve();
}

}  // namespace

extern const CommandRow sql_parser_command = {
    "sql-parser", "", "reads SQL for the others, confined; started by them as needed",
    {},           {}, run_sql};

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

}  // namespace pawl::app
