#include "app/cli/diff.h"

#include <unistd.h>

#include <fmt/format.h>

#include "analysis/replay/candidate.h"
#include "analysis/replay/recorded.h"
#include "app/cli/commands.h"
#include "app/common/command.h"
#include "app/common/evidence.h"
#include "app/terminal/terminal.h"
#include "base/json.h"
#include "base/text.h"
#include "node/files/config_files.h"

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

namespace {

constexpr int look_again_every_us = 100'000;

constexpr OptionRow kDiffOptions[] = {
    policy_option,
    config_option,
    {"--live", "", "goes on with new calls until it is interrupted", Takes::nothing},
    {"--run", "R", "only this run: its id, the beginning of it, or `last`"},
    {"--since", "TIME", "from this time on: RFC 3339, a date, or how long ago (`2h`)"},
    {"--all", "", "says every call, those that come out alike too", Takes::nothing},
    json_option,
    state_option,
};

std::string_view word_of(Compared::Kind kind) {
  switch (kind) {
    case Compared::Kind::same:
      return "same";
    case Compared::Kind::reason:
      return "reason";
    case Compared::Kind::laxer:
      return "laxer";
    case Compared::Kind::stricter:
      return "stricter";
    case Compared::Kind::unknown:
      return "unknown";
  }
  return "";
}

Ink ink_of_kind(Compared::Kind kind) {
  if (kind == Compared::Kind::laxer) return Ink::bad;
  if (kind == Compared::Kind::unknown) return Ink::warn;
  return kind == Compared::Kind::stricter ? Ink::strong : Ink::dim;
}

std::string side(const Said& said) {
  return said.code == "none"
             ? std::string(to_string(said.effect))
             : fmt::format("{} [{}]", to_string(said.effect), escape_untrusted(said.code));
}

void say_compared(const Compared& one) {
  std::string line = fmt::format(
      "{}  record {}  {}  {}: {}", paint(ink_of_kind(one.kind), word_of(one.kind)), one.seq,
      to_string(one.at), paint(Ink::strong, escape_untrusted(one.tool)), side(one.was));
  if (one.kind == Compared::Kind::unknown) {
    line += ", and " + escape_untrusted(one.why);
  } else {
    line += ", would be " + side(one.would);
    if (!one.would.rule_at.empty())
      line += "  " + paint(Ink::dim, escape_untrusted(one.would.rule_at));
  }
  out(line);
}

void write_side(json::Writer& to, std::string_view name, const Said& said) {
  to.key(name).object().key("code").string(said.code);
  to.key("effect").string(to_string(said.effect));
  if (!said.reason.empty()) to.key("reason").string(said.reason);
  if (!said.rule.empty()) to.key("rule").string(said.rule).key("rule_at").string(said.rule_at);
  to.end();
}

void say_json(const Compared& one) {
  json::Writer to;
  to.object().key("at").string(to_string(one.at)).key("call").string(one.call);
  to.key("kind").string(word_of(one.kind)).key("run").string(one.run);
  to.key("seq").natural(one.seq).key("tool").string(one.tool);
  write_side(to, "was", one.was);
  if (one.kind == Compared::Kind::unknown) {
    to.key("why").string(one.why);
  } else {
    write_side(to, "would", one.would);
  }
  out(to.end().text());
}

std::string counts_text(const ComparedCounts& counts) {
  std::string line = fmt::format("{} call{} of this role: {} alike", counts.calls,
                                 counts.calls == 1 ? "" : "s", counts.same);
  const auto add = [&line](std::uint64_t many, std::string_view what) {
    if (many > 0) line += fmt::format(", {} {}", many, what);
  };
  add(counts.reason, "for another reason");
  add(counts.stricter, "stricter");
  add(counts.laxer, "laxer");
  add(counts.unknown, "not known");
  return line;
}

class Differ {
 public:
  Differ(std::shared_ptr<const Policy> candidate, Evidence& evidence, DiffView view)
      : evidence_(evidence),
        view_(std::move(view)),
        judge_(std::move(candidate), lookup_in(evidence)) {}

  // Everything that is in the journal by now.
  Status read() {
    const auto take = [this](const JournalEntry& entry, const Record& record) -> Result<bool> {
      auto compared = judge_.take(record);
      PAWL_TRY(compared);
      next_ = entry.seq + 1;
      if (*compared && view_.wants((*compared)->run, (*compared)->at)) show(**compared);
      return true;
    };
    return evidence_.parsed_records(next_, take);
  }
  const ComparedCounts& counts() const { return counts_; }

 private:
  void show(const Compared& one) {
    counts_.count(one.kind);
    if (one.kind == Compared::Kind::same && !view_.all) return;
    view_.json ? say_json(one) : say_compared(one);
  }

  Evidence& evidence_;
  DiffView view_;
  CandidateJudge judge_;
  ComparedCounts counts_;
  std::uint64_t next_ = 0;
};

}  // namespace

Result<DiffView> diff_view_of(const Arguments& arguments, Evidence& evidence) {
  DiffView view;
  view.all = arguments.has("--all");
  view.json = arguments.has("--json");
  if (const auto wanted = arguments.one("--run")) {
    auto run = evidence.find_run(*wanted);
    PAWL_TRY(run);
    view.run = std::move(*run);
  }
  const auto since = moment_of(arguments, "--since");
  PAWL_TRY(since);
  view.since = since->value_or(view.since);
  return view;
}

namespace {

// The candidate as the role would get it: with the layers that the deployment file names.
Result<std::shared_ptr<const Policy>> candidate_of(const Arguments& arguments) {
  const auto file = arguments.one("--policy");
  if (!file) {
    return fail(ErrorKind::usage,
                "which policy? expected `--policy F`, or `--live ROLE` for what the "
                "candidate of a role said");
  }
  const bool named = arguments.has("--config");
  const node::DeploymentRead deployment = node::read_deployment(config_path(arguments), named);
  if (!deployment.deployment && !deployment.errors.empty()) {
    return std::unexpected(deployment.errors.front());
  }
  const Deployment* in_force = deployment.deployment ? &*deployment.deployment : nullptr;
  Loaded loaded = node::read_policy(*file, in_force);
  for (const Error& error : loaded.errors) err("pawl: " + to_string(error));
  if (!loaded.policy)
    return fail(ErrorKind::invalid, "`" + escape_untrusted(*file) + "` does not load");
  return loaded.policy;
}

constexpr WordRow kDiffWords[] = {
    {"role", "with --live: the role whose candidate was judged as its calls came", false},
};

int run_diff(const Arguments& arguments) {
  if (!arguments.word("role").empty()) return run_diff_recorded(arguments);
  auto candidate = candidate_of(arguments);
  if (!candidate) {
    (void)complain(candidate.error());
    return exit_usage;
  }
  auto evidence = Evidence::open(arguments);
  if (!evidence) return complain(evidence.error());
  auto view = diff_view_of(arguments, *evidence);
  if (!view) return evidence->ends(view.error());
  Differ differ(std::move(*candidate), *evidence, *view);
  for (;;) {
    if (Status read = differ.read(); !read) return evidence->ends(read.error());
    if (!arguments.has("--live") || !evidence->damage().empty()) break;
    ::usleep(look_again_every_us);
  }
  const ComparedCounts& counts = differ.counts();
  if (!view->json) out(counts_text(counts));
  return evidence->ends(counts.same == counts.calls ? exit_good : exit_no);
}

}  // namespace

extern const CommandRow diff_command = {
    "diff",
    "prove",
    "says what another policy would have decided, of the calls in the journal",
    kDiffOptions,
    kDiffWords,
    run_diff,
    "Decides every proposed call of the role once more under the policy of `--policy`, from the "
    "recorded facts, arguments and counters, and says where it comes out otherwise: `laxer`, "
    "`stricter`, or the same for another `reason`. With `--live` it goes on with the calls of a "
    "node that runs. The policy is never in force: nothing is asked, held or forwarded because of "
    "it. A fact that was not recorded is `unknown` and never guessed. What came "
    "after a call that "
    "it would have denied is what really came. Exits with 1 where a call comes out otherwise.\n\n"
    "    pawl diff --live ROLE\n\n"
    "says what the role's own `candidate` said as the calls came, from their records: how often it "
    "came out otherwise, and for each rule the newest calls. Only the newest candidate, or with "
    "--all every one that was judged."};

}  // namespace pawl::app
