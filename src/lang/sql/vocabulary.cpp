#include "lang/sql/vocabulary.h"

#include <algorithm>
#include <array>

namespace pawl::sql {

namespace {

// Sorted by byte; the tests look.
constexpr std::array<std::string_view, 51> kOperators = {
    "!=", "!~",  "!~*", "!~~", "!~~*", "##",  "#-",  "#>",  "#>>", "%",   "&",  "&&",  "&<",
    "&>", "*",   "+",   "-",   "->",   "->>", "-|-", "/",   "<",   "<->", "<<", "<<=", "<=",
    "<>", "<@",  "=",   ">",   ">=",   ">>",  ">>=", "?",   "?&",  "?|",  "@",  "@>",  "@?",
    "@@", "@@@", "^",   "^@",  "|",    "|/",  "||",  "||/", "~",   "~*",  "~~", "~~*",
};

constexpr std::array<std::string_view, 68> kTypes = {
    "bigint",
    "bigserial",
    "bit",
    "bool",
    "boolean",
    "box",
    "bpchar",
    "bytea",
    "char",
    "character",
    "cidr",
    "circle",
    "date",
    "datemultirange",
    "daterange",
    "decimal",
    "float4",
    "float8",
    "inet",
    "int",
    "int2",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "integer",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "path",
    "point",
    "polygon",
    "real",
    "record",
    "serial",
    "serial2",
    "serial4",
    "serial8",
    "smallint",
    "smallserial",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "unknown",
    "uuid",
    "varbit",
    "varchar",
    "xml",
};

constexpr std::array<std::string_view, 62> kNodes = {
    "A_ArrayExpr",
    "A_Const",
    "A_Expr",
    "A_Indices",
    "A_Indirection",
    "A_Star",
    "AccessPriv",
    "Alias",
    "AlterTableCmd",
    "BitString",
    "BoolExpr",
    "Boolean",
    "BooleanTest",
    "CaseExpr",
    "CaseWhen",
    "CoalesceExpr",
    "CollateClause",
    "ColumnDef",
    "ColumnRef",
    "CommonTableExpr",
    "Constraint",
    "CurrentOfExpr",
    "DefElem",
    "Float",
    "FuncCall",
    "GroupingFunc",
    "GroupingSet",
    "IndexElem",
    "Integer",
    "JoinExpr",
    "List",
    "LockingClause",
    "MergeWhenClause",
    "MinMaxExpr",
    "MultiAssignRef",
    "NamedArgExpr",
    "NullTest",
    "ParamRef",
    "PartitionCmd",
    "PartitionElem",
    "RangeFunction",
    "RangeSubselect",
    "RangeTableFunc",
    "RangeTableFuncCol",
    "RangeTableSample",
    "RangeVar",
    "ReplicaIdentityStmt",
    "ResTarget",
    "RoleSpec",
    "RowExpr",
    "SQLValueFunction",
    "SetToDefault",
    "SortBy",
    "String",
    "SubLink",
    "TableLikeClause",
    "TypeCast",
    "TypeName",
    "VacuumRelation",
    "WindowDef",
    "XmlExpr",
    "XmlSerialize",
};

constexpr std::array<std::string_view, 11> kParameters = {
    "TRANSACTION",   "application_name",   "bytea_output",
    "datestyle",     "extra_float_digits", "idle_in_transaction_session_timeout",
    "intervalstyle", "lock_timeout",       "statement_timeout",
    "timezone",      "work_mem",
};

constexpr std::array<std::string_view, 39> kListable = {
    "alter_sequence",  "alter_table",  "analyze",     "call",
    "cluster",         "copy_from",    "copy_to",     "create_index",
    "create_sequence", "create_table", "create_view", "cursor",
    "deallocate",      "delete",       "drop_index",  "drop_sequence",
    "drop_table",      "drop_view",    "execute",     "explain",
    "grant",           "insert",       "listen",      "lock",
    "merge",           "notify",       "prepare",     "refresh",
    "reindex",         "revoke",       "select",      "select_for_update",
    "select_into",     "set",          "show",        "transaction",
    "truncate",        "update",       "vacuum",
};

struct Statement {
  std::string_view node, kind;
};
constexpr std::array<Statement, 37> kStatements = {{
    {"AlterSeqStmt", "alter_sequence"},
    {"AlterTableStmt", "alter_table"},
    {"CallStmt", "call"},
    {"ClosePortalStmt", "cursor"},
    {"ClusterStmt", "cluster"},
    {"CopyStmt", "copy"},
    {"CreateFunctionStmt", "create_function"},
    {"CreateSeqStmt", "create_sequence"},
    {"CreateStmt", "create_table"},
    {"CreateTableAsStmt", "create_table"},
    {"DeallocateStmt", "deallocate"},
    {"DeclareCursorStmt", "cursor"},
    {"DeleteStmt", "delete"},
    {"DoStmt", "do"},
    {"DropStmt", "drop"},
    {"ExecuteStmt", "execute"},
    {"ExplainStmt", "explain"},
    {"FetchStmt", "cursor"},
    {"GrantStmt", "grant"},
    {"IndexStmt", "create_index"},
    {"InsertStmt", "insert"},
    {"ListenStmt", "listen"},
    {"LockStmt", "lock"},
    {"MergeStmt", "merge"},
    {"NotifyStmt", "notify"},
    {"PrepareStmt", "prepare"},
    {"RefreshMatViewStmt", "refresh"},
    {"ReindexStmt", "reindex"},
    {"SelectStmt", "select"},
    {"TransactionStmt", "transaction"},
    {"TruncateStmt", "truncate"},
    {"UnlistenStmt", "listen"},
    {"UpdateStmt", "update"},
    {"VacuumStmt", "vacuum"},
    {"VariableSetStmt", "set"},
    {"VariableShowStmt", "show"},
    {"ViewStmt", "create_view"},
}};

static_assert(std::ranges::is_sorted(kOperators) && std::ranges::is_sorted(kTypes) &&
              std::ranges::is_sorted(kNodes) && std::ranges::is_sorted(kParameters) &&
              std::ranges::is_sorted(kListable) &&
              std::ranges::is_sorted(kStatements, {}, &Statement::node));

}  // namespace

std::string_view kind_of(std::string_view node) {
  const auto* found = std::ranges::lower_bound(kStatements, node, {}, &Statement::node);
  return found != kStatements.end() && found->node == node ? found->kind : "other";
}

bool is_statement(std::string_view node) {
  return node.ends_with("Stmt");
}

bool listable(std::string_view kind) {
  return std::ranges::binary_search(kListable, kind);
}

bool known_operator(std::string_view name) {
  return std::ranges::binary_search(kOperators, name);
}

bool known_type(std::string_view name) {
  return std::ranges::binary_search(kTypes, name);
}

bool known_node(std::string_view name) {
  return std::ranges::binary_search(kNodes, name);
}

bool harmless_parameter(std::string_view name) {
  return std::ranges::binary_search(kParameters, name);
}

}  // namespace pawl::sql
