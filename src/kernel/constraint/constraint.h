// Constraints on arguments, compiled, and their one evaluator.
//
// A constraint is about one path in the arguments: names separated by dots, `[]` for every element
// of an array: `to`, `customer.email`, `edits[].path`. Each element of an array is checked, also
// where the path does not say `[]` but the value found is an array. A missing argument, and one
// that is null, fails unless `required: false`; an empty array fails unless `min_items: 0` (rule
// 4). A value of the wrong type fails. Compared is forwarded: `path`, `url`, `email_domain` and
// `cidr` refuse a spelling that is not canonical; only a relative path under a declared `base` is
// forwarded in another spelling, the absolute one, through a Rewrite, and all other checks of its
// rule compare that spelling. Therefore all checks of one argument belong into one ArgumentRule.
//
// Where a value came from is a check too (kernel/origin): `from` asks for one of its sources;
// `or_from` stands in for `in`, `email_domain`, `cidr`, `url`, `hosts_in` and `under` of a path,
// whose values may then come from there instead; for `hosts_in` and `url` also each single host,
// and for `under` a directory above. Every other check of the rule still applies. What is known
// about origins comes as facts.
// `otherwise` is what a value asks for that a check does not accept, whatever its kind. Where it is
// `hold`, a person may let the value pass; what is wrong with the form of the call (missing, an
// empty list, a list inside of a list, a path that is not spelled in one way or leads nowhere, a
// number without an exact meaning) is refused all the same.
//
// Strings of one line are the default (P13): unless the schema or the argument's name says long
// text, `lines_allowed` is set, or a check compares the whole value (`in`, `matches`, `path`,
// `url`, `email_domain`, `cidr`), a string with a control character fails.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kernel/definition/definition.h"
#include "kernel/origin/origin.h"
#include "model/facts.h"
#include "model/verdict.h"

namespace re2 {
class RE2;
}

namespace pawl::sql {
struct SqlRule;
}
namespace pawl::document {
struct ManifestRule;
}

namespace pawl {

// One step of a path: a member's name, or "every element" where `name` is empty and `each` is set.
struct Step {
  std::string name;
  bool each = false;
};
using ArgumentPath = std::vector<Step>;
Result<ArgumentPath> parse_argument_path(std::string_view text);
std::string to_string(const ArgumentPath& path);

// A value that a constraint compares with, from the policy. Text in its canonical JSON form, so
// that `5` and `"5"` differ; `string` is the unquoted text where the value is one.
struct Literal {
  std::string json;
  std::optional<std::string> string;
  std::optional<double> number;
  std::optional<std::int64_t> integer;
};

enum class CheckKind : std::uint8_t {
  in,
  not_in,
  min,
  max,
  matches,
  prefix,
  max_length,
  max_items,
  min_items,
  single_line,
  path,
  url,
  email_domain,
  cidr,
  hosts_in,
  sql,
  shell,
  argv,
  manifest,
  json,
  k8s_kind,
};

// What is known of each kind, in one row.
struct CheckTraits {
  enum class Of : std::uint8_t { anything, number, list, text, words };

  CheckKind kind;
  std::string_view name;  // as the policy spells it
  Of of;                  // what a value has to be for it
  bool compares_whole;    // the whole value, so that no line break can hide behind what it saw
  // A value that does not pass is certain to be another one, and not only spelled in another way.
  bool tells_apart;
  bool stands_in;  // `or_from` may stand in for it
  // What it permits is named to an agent: places and values that it has to choose from. What is
  // forbidden, and the text of a pattern, only help to get around it.
  bool is_named;
};
const CheckTraits& traits(CheckKind kind);
std::string_view to_string(CheckKind kind);

struct LineRule;
struct ArgumentRule;

// path {under: [dirs], not_in: [globs], base: dir}. Directories are absolute and clean.
struct PathCheck {
  std::vector<std::string> under;
  std::vector<std::string> not_in;
  std::string base;
  // Directories of `under` that lead over a link, without a trailing slash, and where they led when
  // the policy was loaded. They lead there as long as the policy is in force.
  std::map<std::string, std::string> leads = {};
  // Of `$` and `%`, those that the tool takes as they stand. Any other path with one is refused,
  // because it may stand for something else.
  std::string signs = {};
  bool named_only = false;  // `under: []`: nowhere but where `or_from` says
};
inline constexpr std::string_view path_signs = "$%";
// url {host: [...], scheme: [...], query_max: n}. Hosts are exact or `*.example` (subdomains only).
struct UrlCheck {
  std::vector<std::string> hosts;
  std::vector<std::string> schemes;  // empty: https only
  std::optional<std::uint64_t> query_max;
  bool named_only = false;  // no hosts but those of `or_from`
};

// What the author of a check sets, by kind, before `compile`:
//   in, not_in            values (`json` is enough: compile fills the other members)
//   min, max              exact_bound where written as an integer, else bound
//   matches               texts[0], the pattern (or `pattern`, ready made)
//   prefix                texts, one of which must be the beginning
//   max_length, max_items, min_items    count
//   single_line           nothing
//   path, url             path, url (compile puts canonical copies in their place)
//   email_domain          texts: `myco.example` exactly, `*.myco.example` below it only
//   cidr                  texts: `10.0.0.0/8`, `2001:db8::/32`, or one address
//   hosts_in              texts: hosts as in UrlCheck
//   sql                   sql
//   shell, argv           line
//   manifest              manifest
//   json                  members: rules about the members of the document, and no others
//   k8s_kind              texts; `excludes` where they are the kinds that it must not be
struct Check {
  CheckKind kind;
  Rule rule;                                // path and place of this very key
  std::vector<Literal> values;              // in, not_in
  std::vector<std::string> texts;           // matches, prefix, email_domain, cidr, hosts_in
  std::optional<double> bound;              // min, max
  std::optional<std::int64_t> exact_bound;  // min, max where written as an integer
  std::uint64_t count = 0;                  // max_length, max_items, min_items
  std::shared_ptr<const re2::RE2> pattern;  // matches: whole value
  std::shared_ptr<const PathCheck> path;
  std::shared_ptr<const UrlCheck> url;
  std::shared_ptr<const sql::SqlRule> sql;
  std::shared_ptr<const LineRule> line;
  std::shared_ptr<const document::ManifestRule> manifest;
  std::shared_ptr<const std::vector<ArgumentRule>> members;
  bool excludes = false;
  bool named_only = false;            // hosts_in: no hosts but those of `or_from`
  bool address = false;               // hosts_in: the text is there to be an address (know_purpose)
  std::shared_ptr<const void> index;  // set that the compiler of the check builds for long lists
};

struct ArgumentRule {
  ArgumentPath path;
  // For `allowed_X`: X as written; the argument is X or its singular, whichever the schema has.
  std::string plural;
  Rule rule;
  bool required = true;
  std::uint64_t min_items = 1;  // an empty array fails unless 0 was stated
  std::vector<Check> checks;
  bool lines_allowed = false;  // `single_line: false` was stated
  std::vector<OriginSource> from, or_from;
  Rule from_rule, or_from_rule;
  Effect otherwise = Effect::deny;  // `else`: deny or hold

  // The argument as the policy names it.
  std::string name() const;
  // Whether it, or a member of a document in it, asks a person about some values.
  bool may_hold() const;
};

// Finishes a check after its parts are set: compiles the pattern (RE2, bounded memory), indexes
// lists, canonicalises hosts and directories. The error says what the policy's author wrote wrong;
// the caller adds the place. A check that was never compiled fails every value.
Status compile(Check& check);

// Tells the checks of `hosts_in` whether the argument's purpose is an address, by its name and by
// what the schema says (may be null: unknown). In an address every name with a dot is a host.
void know_purpose(ArgumentRule& rule, const Shape* arguments);

// The singulars that English may mean: `statuses` -> {status, statuse}, `entries` -> {entry, ...}.
// First the word itself. Used by rule 5.
std::vector<std::string> singulars(std::string_view word);

struct Violation {
  const Rule* rule;
  std::string argument;  // path with indexes: `edits[2].path`
  std::string says;      // no bytes of the argument, no entry of a list
  // ambiguous_request where a number has no exact meaning (P05), origin where the origin decided
  Code code = Code::constraint;
  bool hold = false;  // a person may let it pass
};

// Checks one argument rule against the arguments. `shape` is the schema's (may be null: unknown).
// Canonical spellings to forward are appended to `rewrites`.
std::optional<Violation> evaluate(const ArgumentRule& rule, json::View arguments,
                                  const Shape* shape, std::span<const PathFact> facts,
                                  std::vector<Rewrite>& rewrites,
                                  std::span<const sql::Fact> statements = {},
                                  std::span<const OriginFact> origins = {});

// Default checks of every string argument that no rule names: one line unless the schema says long
// text; integers beyond 2^53 need a schema that says integer; unknown arguments are refused where a
// schema is known (`named` are the top-level names the policy gives). `from` says which rule of the
// policy granted the tool.
std::optional<Violation> evaluate_unnamed(json::View arguments, const Shape* shape,
                                          std::span<const std::string> named, const Rule& from);

// The JSON pointers of string values to which path checks apply, for the gate to resolve. At most
// `paths_resolved_max` of one call: each costs a walk through the file system, and one without a
// fact fails its check.
inline constexpr std::size_t paths_resolved_max = 1024;
std::vector<std::pair<std::string, std::string>> paths_to_resolve(
    std::span<const ArgumentRule> rules, json::View arguments, const Shape* shape);

// The same for string values that a `sql` check is about: pointer and text. The code that gathers
// facts has each of them read; a value without a fact fails its check, and so does what is beyond
// these bounds, because another process reads each text while everybody waits.
inline constexpr std::size_t sql_texts_max = 64;           // of one call
inline constexpr std::size_t sql_bytes_max = 256UL << 10;  // of all of them for one rule
std::vector<std::pair<std::string, std::string>> sql_to_read(std::span<const ArgumentRule> rules,
                                                             json::View arguments);

// What is known about where the values of a call came from, for those rules that ask. At most
// `origin_lookups_max` values of one call are looked up; the others come from nowhere.
inline constexpr std::size_t origin_lookups_max = 256;
std::vector<OriginFact> find_origins(std::span<const ArgumentRule> rules, json::View arguments,
                                     const RunOrigins& known);

// Which top-level argument a plural (`allowed_statuses`) binds to. An error where the schema has
// none of the readings or more than one; the message names the candidates.
Result<std::string> bind_plural(std::string_view plural, const Shape& shape);

// Number of records a call touches without a stated `records:`: 1 without an array
// argument, the number of leaves with exactly one; nothing where it cannot be counted.
std::optional<std::uint64_t> count_records(json::View arguments);
// The same question of a schema at load: can every call be counted? Names the arguments in the way.
Status countable(const Shape& shape);

}  // namespace pawl
