#include "model/facts.h"

#include <algorithm>
#include <array>

#include "base/members.h"
#include "model/spend_members.h"

namespace pawl {

namespace {

constexpr std::array<std::string_view, 7> pin_words = {
    "none", "accepted", "first_use", "changed", "hidden", "ambiguous", "unknown_tool",
};
static_assert(static_cast<std::size_t>(PinState::unknown_tool) + 1 == pin_words.size());

template <class V>
void members(V& v, Part<V, ApprovalFact>& a) {
  v.need("approval", a.approval);
  v.may("binding", a.binding);
  v.may("expired", a.expired);
  v.may("granted", a.granted);
  v.may("reason", a.reason);
  v.may("rejected_by", a.rejected_by);
}

template <class V>
void members(V& v, Part<V, PathFact>& p) {
  v.may("failure", p.failure);
  v.may("pointer", p.pointer);
  v.may("resolved", p.resolved);
}

template <class V>
void members(V& v, Part<V, ProgramFact>& p) {
  v.may("found", p.found);
  v.may("real", p.real);
  v.need("word", p.word);
}

void write_programs(const std::vector<ProgramFact>& programs, json::Writer& out) {
  out.array();
  for (const ProgramFact& program : programs) {
    MemberWriter member(out);
    members(member, program);
    out.end();
  }
  out.end();
}

Status read_programs(json::View view, Facts& into) {
  if (!view.exists()) return {};
  if (!view.is_array()) return fail(ErrorKind::corrupt, "`programs` is not a list");
  into.programs_known = true;
  for (const json::View element : view.elements()) {
    MemberReader member(element);
    members(member, into.programs.emplace_back());
    PAWL_TRY(member.finish());
  }
  return {};
}

template <class V>
void members(V& v, Part<V, OriginFact>& o) {
  v.may("call", o.call);
  v.may("part", o.part);
  v.may("pointer", o.pointer);
  v.need("source", o.source);
}

template <class F>
void write_list(std::string_view key, const std::vector<F>& facts, json::Writer& out) {
  if (facts.empty()) return;
  out.key(key).array();
  for (const F& fact : facts) {
    MemberWriter member(out);
    members(member, fact);
    out.end();
  }
  out.end();
}

template <class F>
Status read_list(std::string_view key, json::View view, std::vector<F>& into) {
  if (!view.exists()) return {};
  if (!view.is_array()) return fail(ErrorKind::corrupt, "`" + std::string(key) + "` is not a list");
  for (const json::View element : view.elements()) {
    MemberReader member(element);
    members(member, into.emplace_back());
    PAWL_TRY(member.finish());
  }
  return {};
}

Status read_sql(json::View view, std::vector<sql::Fact>& into) {
  if (!view.exists()) return {};
  if (!view.is_array()) return fail(ErrorKind::corrupt, "`sql` is not a list");
  for (const json::View element : view.elements()) {
    Result<sql::Fact> fact = sql::parse_fact(element);
    PAWL_TRY(fact);
    into.push_back(*std::move(fact));
  }
  return {};
}

}  // namespace

std::string_view to_string(PinState pin) {
  const auto index = static_cast<std::size_t>(pin);
  return index < pin_words.size() ? pin_words[index] : "changed";
}

std::optional<PinState> parse_pin(std::string_view text) {
  const auto found = std::ranges::find(pin_words, text);
  if (found == pin_words.end()) return std::nullopt;
  return static_cast<PinState>(found - pin_words.begin());
}

std::string to_json(const Facts& facts) {
  json::Writer out;
  out.object();
  if (facts.approval) {
    out.key("approval");
    MemberWriter member(out);
    members(member, *facts.approval);
    out.end();
  }
  if (facts.clock_suspect) out.key("clock_suspect").boolean(true);
  if (!facts.definition.empty()) out.key("definition").string(facts.definition);
  if (!facts.fault.empty()) out.key("fault").string(facts.fault);
  if (facts.model) {
    out.key("model");
    MemberWriter member(out);
    members(member, *facts.model);
    out.end();
  }
  write_list("origins", facts.origins, out);
  write_list("paths", facts.paths, out);
  out.key("pin").string(to_string(facts.pin));
  if (facts.programs_known) {
    out.key("programs");
    write_programs(facts.programs, out);
  }
  if (facts.repeats > 0) out.key("repeats").natural(facts.repeats);
  if (!facts.sql.empty()) {
    out.key("sql").array();
    for (const sql::Fact& fact : facts.sql) out.raw(to_json(fact));
    out.end();
  }
  out.end();
  return out.take();
}

Result<Facts> parse_facts(json::View view) {
  Facts facts;
  std::string pin;
  MemberReader member(view);
  const json::View approval = member.inner("approval");
  member.may("clock_suspect", facts.clock_suspect);
  member.may("definition", facts.definition);
  member.may("fault", facts.fault);
  const json::View model = member.inner("model");
  const json::View origins = member.inner("origins");
  const json::View paths = member.inner("paths");
  member.need("pin", pin);
  const json::View programs = member.inner("programs");
  member.may("repeats", facts.repeats);
  const json::View statements = member.inner("sql");
  PAWL_TRY(member.finish());

  const std::optional<PinState> state = parse_pin(pin);
  if (!state) return fail(ErrorKind::corrupt, "`pin` is not one of the states of a pin");
  facts.pin = *state;
  PAWL_TRY(read_list("origins", origins, facts.origins));
  PAWL_TRY(read_list("paths", paths, facts.paths));
  PAWL_TRY(read_programs(programs, facts));
  PAWL_TRY(read_sql(statements, facts.sql));
  if (approval.exists()) {
    MemberReader answer(approval);
    members(answer, facts.approval.emplace());
    PAWL_TRY(answer.finish());
  }
  if (model.exists()) {
    MemberReader request(model);
    members(request, facts.model.emplace());
    PAWL_TRY(request.finish());
  }
  return facts;
}

}  // namespace pawl
