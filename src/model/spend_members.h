// The members of what requests to models use, in byte order of their names: in facts, in records
// and in snapshots. docs/formats/records.md says what each of them means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/members.h"
#include "model/spend.h"

namespace pawl {

template <class V>
void limit_member(V& v, std::string_view name, Part<V, std::optional<std::uint64_t>>& limit) {
  if constexpr (V::writes) {
    if (limit) v.need(name, *limit);
  } else {
    limit.reset();
    if (v.has(name)) v.need(name, limit.emplace());
  }
}

template <class V>
void members(V& v, Part<V, Spend>& s) {
  v.may("bounded", s.bounded, true);
  v.may("input", s.input);
  v.may("money", s.money);
  v.may("output", s.output);
}

template <class V>
void members(V& v, Part<V, BudgetWindow>& b) {
  v.need("budget", b.budget);
  v.need("since", b.since);
}

template <class V>
void members(V& v, Part<V, Spent>& s) {
  v.may("cache_read", s.usage.cache_read);
  v.may("cache_write", s.usage.cache_write);
  v.may("cache_write_long", s.usage.cache_write_long);
  v.may("input", s.usage.input);
  v.may("line", s.line);
  v.may("measured", s.measured, true);
  v.may("money", s.money);
  v.may("output", s.usage.output);
  v.may("reasoning", s.usage.reasoning);
  v.may("searches", s.usage.searches);
  v.may("table", s.table);
  v.may("why", s.why);
}
template <class V>
void members(V& v, Part<V, DearestPrice>& p) {
  v.may("input", p.input);
  v.need("line", p.line);
  v.may("output", p.output);
  v.may("request", p.request);
  v.need("table", p.table);
}

// No limit is no member; a limit of zero is none that anybody can write.
template <class V>
void members(V& v, Part<V, BudgetFact>& b) {
  v.need("budget", b.window.budget);
  limit_member(v, "calls", b.calls);
  limit_member(v, "money", b.money);
  v.need("since", b.window.since);
  limit_member(v, "tokens", b.tokens);
}

template <class V>
void members(V& v, Part<V, ModelFact>& m) {
  v.list("budgets", m.budgets);
  v.need("choices", m.choices);
  v.need("input_most", m.input_most);
  v.may("output_asked", m.output_asked);
  v.may("output_least", m.output_least);
  v.may("output_most", m.output_most);
  v.part("price", m.price);
}

}  // namespace pawl
