#include "lang/sql/summary.h"

#include <algorithm>
#include <functional>

#include "base/members.h"

namespace pawl::sql {

namespace {

template <class V>
void members(V& v, Part<V, Summary>& s) {
  v.may("aliases", s.aliases);
  v.may("columns", s.columns);
  v.may("functions", s.functions);
  v.may("kinds", s.kinds);
  v.may("reads", s.reads);
  v.may("refusals", s.refusals);
  v.may("statements", s.statements);
  v.may("types", s.types);
  v.may("unbounded", s.unbounded);
  v.may("writes", s.writes);
}

bool is_set(const std::vector<std::string>& names) {
  return std::ranges::adjacent_find(names, std::greater_equal<>()) == names.end() &&
         std::ranges::none_of(names, &std::string::empty);
}

}  // namespace

std::string to_json(const Summary& summary) {
  json::Writer out;
  MemberWriter member(out);
  members(member, summary);
  out.end();
  return out.take();
}

Result<Summary> parse_summary(json::View view) {
  Summary summary;
  MemberReader member(view);
  members(member, summary);
  PAWL_TRY(member.finish());
  for (const auto* names :
       {&summary.kinds, &summary.reads, &summary.writes, &summary.columns, &summary.functions,
        &summary.types, &summary.unbounded, &summary.aliases, &summary.refusals}) {
    if (!is_set(*names)) return fail(ErrorKind::corrupt, "a list of names is not sorted");
  }
  return summary;
}

std::string to_json(const Fact& fact) {
  json::Writer out;
  MemberWriter member(out);
  member.may("failure", fact.failure);
  member.may("pointer", fact.pointer);
  if (fact.failure.empty()) member.object("summary", to_json(fact.summary));
  out.end();
  return out.take();
}

Result<Fact> parse_fact(json::View view) {
  Fact fact;
  MemberReader member(view);
  member.may("failure", fact.failure);
  member.may("pointer", fact.pointer);
  const json::View summary = member.inner("summary");
  PAWL_TRY(member.finish());
  if (fact.failure.empty() != summary.exists()) {
    return fail(ErrorKind::corrupt, "a statement has either a summary or a failure");
  }
  if (!summary.exists()) return fact;
  Result<Summary> read = parse_summary(summary);
  PAWL_TRY(read);
  fact.summary = std::move(*read);
  return fact;
}

}  // namespace pawl::sql
