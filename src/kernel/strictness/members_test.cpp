// What the comparison of two policies has to know.
#include <gtest/gtest.h>

#include "kernel/policy/commands.h"
#include "kernel/strictness/strictness.h"
#include "lang/document/manifest.h"
#include "lang/sql/judge.h"

namespace pawl {
namespace {

Check make_check() {
  Check check{};
  check.kind = CheckKind::in;
  return check;
}

Exception make_exception() {
  return {{}, {}, {true, NamePart(""), NamePart("")}, nullptr, Effect::hold, {}, {}};
}

// A new member of these does not compile here until its author has looked whether the
// comparison knows it: what it does not know would pass as equal.
TEST(Strictness, KnowsEveryMember) {
  const auto& [rule, names, stated, by_call, class_rule, scope, scope_at, arguments, named,
               conditions, only_if, entry_cases, records, records_by, counted, most_records,
               most_calls, most_rate, records_rule, calls_rule, rate_rule, counters,
               approval_needed, approval_if, approval_rule, approval, commands, say, instead,
               credential, secrets, secrets_rule, untrusted, source_rule, environment_by,
               credential_by, call_examples, index, model_cap, cap_rule, uses, key] = ToolRule{};
  const auto& [secrets_then, listed, listed_texts, of_secrets] = Secrets{};
  const auto& [of_case, condition, by_arguments, effect, of_class, case_class, terms, words,
               limits] = Case{};
  const auto& [list, otherwise, else_rule] = Cases{};
  const auto& [counter, counter_rule, whole, add, add_by, window, by, max] = CounterRule{};
  const auto& [route_if, to, route_rule] = Route{};
  const auto& [path, plural, own, required, min_items, checks, lines, from_sources, or_from,
               from_rule, or_from_rule, failing] = ArgumentRule{};
  const auto& [kind, at, values, texts, bound, exact, count, pattern, in_path, in_url, in_sql, line,
               manifest, members, excludes, no_more_hosts, in_address, kept] = make_check();
  const auto& [under, not_in, base, leads, signs, no_more_places] = PathCheck{};
  const auto& [hosts, schemes, query_max, no_more] = UrlCheck{};
  const auto& [dialect, statements, tables, columns, functions, types, where, most_statements] =
      sql::SqlRule{};
  const auto& [quorum, within, reviewers, routes, deny_on_timeout, typed, wider, wider_rule] =
      ApprovalTerms{};
  const auto& [typed_argument, typed_rule] = TypedText{};
  const auto& [rows_rule, rows_else, line_argument, rows_line, rows, rows_otherwise, programs,
               all_reads, all_writes, examples] = CommandRule{};
  const auto& [row_rule, row_class, row_then, row_approval, row_words, row_cases, row_reads,
               row_writes] = CommandRow{};
  const auto& [places_rule, places_under, places_not_in, places_compiled] = FilePlaces{};
  const auto& [in_words, reader, compiled, spelled] = LineRule{};
  const auto& [kinds, namespaces, denies] = document::ManifestRule{};
  const auto& [freeze, from, until, stop, then, freeze_rule, weekly, env] = Freeze{};
  const auto& [what, lasts, ask, lent] = Askable{};  // the last two are made of the others
  const auto& [risk, reason, owner, end, risk_rule] = AcceptedRisk{};
  const auto& [layer, of_layer, layer_file, layer_rule, requirements, exceptions, bundled] =
      Layer{};
  const auto& [row_of_layer, layer_if, layer_then, asked, layer_words] = Requirement{};
  const auto& [except_rule, role, tool, except_if, except_then, except_end, why] = make_exception();
  EXPECT_TRUE(names.empty() && checks.empty() && under.empty() && hosts.empty());
  EXPECT_FALSE(lines || required == approval_needed);
}

TEST(Strictness, OtherPacksMayBeLaxer) {
  const auto with = [](std::string_view use) {
    return load_policy("version: 1\nagent: {id: a}\n" + std::string(use) +
                           "tools: {allowed: [{name: read_it}]}\n",
                       "p.yaml", {})
        .policy;
  };
  const auto none = with(""), git = with("use: [pawl:git@1]\n"),
             slack = with("use: [pawl:slack@1]\n");
  ASSERT_TRUE(none && git && slack);
  EXPECT_TRUE(laxer_parts(*git, *git).empty());
  EXPECT_EQ(laxer_parts(*none, *git).size(), 1U);
  EXPECT_EQ(laxer_parts(*git, *none).size(), 1U);
  EXPECT_EQ(laxer_parts(*git, *slack).size(), 1U);
}

}  // namespace
}  // namespace pawl
