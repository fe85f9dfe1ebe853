#include "app/diff_recorded.h"

#include <fmt/format.h>

#include "analysis/replay/recorded.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/text.h"

namespace pawl::app {
namespace {

Ink ink_of_candidate(CandidateKind kind) {
  switch (kind) {
    case CandidateKind::laxer:
      return Ink::bad;
    case CandidateKind::error:
      return Ink::warn;
    case CandidateKind::stricter:
      return Ink::strong;
    case CandidateKind::same:
    case CandidateKind::other:
      return Ink::dim;
  }
  return Ink::plain;
}

std::string several(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string counts_of(const CandidateCounts& counts) {
  std::string text;
  for (const CandidateKind kind : candidate_kinds) {
    if (counts.of(kind) == 0 && kind != CandidateKind::same) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts.of(kind), to_string(kind));
  }
  return text;
}

void say_reason(const RecordedReason& reason, const RecordedReasonLooks& looks) {
  std::string line = fmt::format(
      "{}  {}: {}, ",
      paint(ink_of_candidate(reason.kind), fmt::format("{:<8}", to_string(reason.kind))),
      several(looks.count, "look"), escape_untrusted(reason.was));
  line +=
      (reason.kind == CandidateKind::error ? "and " : "would be ") + escape_untrusted(reason.would);
  if (!reason.rule.empty()) line += "   " + escape_untrusted(reason.rule);
  if (!reason.rule_at.empty()) line += "  " + paint(Ink::dim, escape_untrusted(reason.rule_at));
  out(line);
  for (const RecordedLook& look : looks.newest) {
    out(fmt::format("          record {}  {}  {}  {}  {}{}", look.seq, to_string(look.at),
                    escape_untrusted(look.run), escape_untrusted(look.call),
                    escape_untrusted(look.tool), look.again ? "  (after the hold)" : ""));
  }
  if (looks.count > looks.newest.size()) {
    out(paint(Ink::dim,
              fmt::format("          and {} before them", looks.count - looks.newest.size())));
  }
}

void say_candidate_of(const std::string& role, const RecordedCandidate& one) {
  out(fmt::format("{} of {}: {}   {} from {} to {}", paint(Ink::strong, "candidate"),
                  escape_untrusted(role), escape_untrusted(one.policy),
                  several(one.counts.total(), "look"), to_string(one.first), to_string(one.last)));
  out("          " + counts_of(one.counts));
  for (const auto& [reason, looks] : one.reasons) say_reason(reason, looks);
  if (one.unlisted > 0) out(fmt::format("          and {} for other reasons", one.unlisted));
}

void write_look(const RecordedLook& look) {
  json::Writer to;
  to.object().key("after_hold").boolean(look.again).key("at").string(to_string(look.at));
  to.key("call").string(look.call).key("kind").string(to_string(look.kind));
  to.key("policy").string(look.would.policy).key("run").string(look.run);
  to.key("seq").natural(look.seq).key("tool").string(look.tool);
  to.key("was").object().key("code").string(look.was_code).key("effect").string(look.was_effect);
  if (!look.was_rule.empty()) {
    to.key("rule").string(look.was_rule).key("rule_at").string(look.was_rule_at);
  }
  to.end();
  if (look.kind == CandidateKind::error) {
    to.key("why").string(look.would.why);
  } else {
    to.key("would").object().key("code").string(look.would.code);
    to.key("effect").string(look.would.effect);
    if (!look.would.rule.empty()) {
      to.key("rule").string(look.would.rule).key("rule_at").string(look.would.rule_at);
    }
    to.end();
  }
  out(to.end().text());
}

void write_counts_of(const std::string& role, const RecordedCandidate& one) {
  json::Writer to;
  to.object().key("candidate").string(one.policy).key("first").string(to_string(one.first));
  to.key("last").string(to_string(one.last)).key("looks").object();
  for (const CandidateKind kind : candidate_kinds) {
    to.key(to_string(kind)).natural(one.counts.of(kind));
  }
  to.end().key("reasons").array();
  for (const auto& [reason, looks] : one.reasons) {
    to.object().key("count").natural(looks.count).key("kind").string(to_string(reason.kind));
    to.key("rule").string(reason.rule).key("rule_at").string(reason.rule_at);
    to.key("was").string(reason.was).key("would").string(reason.would).end();
  }
  to.end().key("role").string(role).end();
  out(to.text());
}

}  // namespace

int run_diff_recorded(const Arguments& arguments) {
  const std::string role = arguments.word("role");
  if (!arguments.has("--live") || arguments.one("--policy")) {
    return complain({ErrorKind::usage,
                     "a role goes with `--live` alone: expected `pawl diff --live ROLE`, or "
                     "`pawl diff --policy F`",
                     {}});
  }
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  auto view = diff_view_of(arguments, *evidence);
  if (!view) return evidence->ends(view.error());
  CandidateHistory history(
      role, [&view](std::string_view run, Instant at) { return view->wants(run, at); });
  std::vector<RecordedLook> looks;
  const Status read = evidence->parsed_records(0, [&](const JournalEntry&, const Record& record) {
    auto look = history.take(record);
    if (look && view->json) looks.push_back(std::move(*look));
    return true;
  });
  if (!read) return evidence->ends(read.error());
  const auto& all = history.candidates();
  if (all.empty()) {
    if (!view->json)
      out("no candidate of " + escape_untrusted(role) + " was judged on these calls");
    return evidence->ends(exit_good);
  }
  const std::string& newest = all.back().policy;
  const auto shown = [&](const std::string& policy) { return view->all || policy == newest; };
  for (const RecordedLook& look : looks) {
    if (shown(look.would.policy)) write_look(look);
  }
  bool otherwise = false;
  for (const RecordedCandidate& one : all) {
    if (!shown(one.policy)) continue;
    otherwise |= one.counts.of(CandidateKind::same) != one.counts.total();
    view->json ? write_counts_of(role, one) : say_candidate_of(role, one);
  }
  if (!view->json && !view->all && all.size() > 1) {
    out(paint(Ink::dim, fmt::format("{} before it: --all", several(all.size() - 1, "candidate"))));
  }
  return evidence->ends(otherwise ? exit_no : exit_good);
}

}  // namespace pawl::app
