#include "kernel/state/snapshot.h"
#include "model/record_members.h"

namespace pawl {

namespace {

template <class T>
Status get(json::View view, T& part) {
  MemberReader member(view);
  members(member, part);
  return member.finish();
}

template <class Read>
Status each(json::View list, Read read) {
  if (!list.is_array()) return fail(ErrorKind::corrupt, "a list is missing");
  for (const json::View element : list.elements()) {
    if (Status done = read(element); !done) return done;
  }
  return {};
}

template <class T>
Status get_all(json::View list, std::vector<T>& parts) {
  return each(list, [&](json::View element) { return get(element, parts.emplace_back()); });
}

Status get_entry(json::View view, Run& run) {
  MemberReader member(view);
  std::string name;
  EntryCounts counts;
  const json::View flat = member.inner("counts");
  member.may("entry", name);
  const json::View recent = member.inner("recent");
  if (Status done = member.finish(); !done) return done;
  if (Status done = get(flat, counts); !done) return done;
  if (Status done = get_all(recent, counts.recent); !done) return done;
  run.entries[name] = std::move(counts);
  return {};
}

}  // namespace

Status Snapshot::read_runs(json::View list, State& into) {
  return each(list, [&](json::View element) -> Status {
    MemberReader member(element);
    const json::View entries = member.inner("entries");
    const json::View grants = member.has("grants") ? member.inner("grants") : json::View();
    const json::View flat = member.inner("run");
    const json::View seen = member.has("seen") ? member.inner("seen") : json::View();
    const json::View standing = member.has("standing") ? member.inner("standing") : json::View();
    const json::View sums = member.inner("sums");
    Run run;
    if (Status done = member.finish(); !done) return done;
    if (Status done = get(flat, run); !done) return done;
    const auto entry = [&](json::View view) { return get_entry(view, run); };
    if (Status done = each(entries, entry); !done) return done;
    if (grants.exists()) {
      if (Status done = get_all(grants, run.grants); !done) return done;
    }
    if (standing.exists()) {
      if (Status done = get_all(standing, run.standing); !done) return done;
    }
    const auto executed = [&](json::View view) -> Status {
      MemberReader of(view);
      std::string tool;
      std::uint64_t calls = 0;
      of.need("calls", calls);
      of.need("tool", tool);
      run.seen[tool] = calls;
      return of.finish();
    };
    if (seen.exists()) {
      if (Status done = each(seen, executed); !done) return done;
    }
    if (sums.exists()) {
      if (Status done = read_sums(sums, run.sums); !done) return done;
    }
    if (!run.halted.empty()) into.halts_[run.agent][run.sponsor].insert(run.id);
    const std::string id = run.id;
    if (!into.runs_.emplace(id, std::move(run)).second) {
      return fail(ErrorKind::corrupt, "a run stands there twice");
    }
    return {};
  });
}

Status Snapshot::read_calls(json::View list, State& into) {
  return each(list, [&](json::View element) -> Status {
    LiveCall call;
    if (Status done = get(element, call); !done) return done;
    const std::string id = call.id;
    into.calls_[id] = std::move(call);
    return {};
  });
}

Status Snapshot::read_approvals(json::View list, State& into) {
  return each(list, [&](json::View element) -> Status {
    MemberReader member(element);
    const json::View answers = member.inner("answers");
    const json::View flat = member.inner("approval");
    const json::View asked = member.inner("asked");
    const json::View changed = member.inner("changed");
    const json::View remarks = member.inner("remarks");
    const json::View talk = member.inner("talk");
    Approval approval;
    if (Status done = member.finish(); !done) return done;
    if (Status done = get(flat, approval); !done) return done;
    ApprovalOpened opened;
    if (Status done = get(asked, opened); !done) return done;
    approval.asked = OpenedQuestion(opened);
    if (changed.exists()) {
      auto change = std::make_shared<ChangedQuestion>();
      if (Status done = get(changed, *change); !done) return done;
      approval.changed = std::move(change);
    }
    if (talk.exists()) {
      auto said = std::make_shared<Talk>();
      if (Status done = get(talk, *said); !done) return done;
      if (Status done = get_all(remarks, said->remarks); !done) return done;
      approval.talk = std::move(said);
    }
    if (Status done = get_all(answers, approval.answers); !done) return done;
    if (!approval.attached) into.detached_[opened.binding].insert(opened.approval);
    into.put_question(std::move(approval));
    return {};
  });
}

// A state without counters has none.
Status Snapshot::read_agents(json::View list, State& into) {
  if (!list.exists()) return {};
  return each(list, [&](json::View element) -> Status {
    MemberReader member(element);
    std::string agent;
    member.need("agent", agent);
    const json::View counters = member.inner("counters");
    if (Status done = member.finish(); !done) return done;
    return read_sums(counters, into.sums_[agent]);
  });
}

Status Snapshot::read_people(MemberReader& member, State& into) {
  const auto key = [&](json::View element) -> Status {
    MemberReader of(element);
    std::string name, run;
    of.need("key", name);
    of.need("run", run);
    into.run_keys_[name] = run;
    return of.finish();
  };
  const auto pin = [&](json::View element) -> Status {
    MemberReader of(element);
    Pin accepted;
    std::string server, tool;
    of.need("digest", accepted.digest);
    of.may("person", accepted.person);
    of.may("server", server);
    of.need("tool", tool);
    into.pins_[{server, tool}] = accepted;
    return of.finish();
  };
  const auto policy = [&](json::View element) -> Status {
    MemberReader of(element);
    std::string digest, payload;
    of.need("digest", digest);
    of.may("payload", payload);
    into.policies_.insert(digest);
    into.policy_payloads_[digest] = payload;
    return of.finish();
  };
  const auto reviewer = [&](json::View element) -> Status {
    Reviewer person;
    if (Status done = get(element, person); !done) return done;
    into.reviewers_[person.person] = person;
    return {};
  };
  if (Status done = each(member.inner("keys"), key); !done) return done;
  if (Status done = get_all(member.inner("kills"), into.kills_); !done) return done;
  if (Status done = each(member.inner("pins"), pin); !done) return done;
  if (Status done = each(member.inner("policies"), policy); !done) return done;
  return each(member.inner("reviewers"), reviewer);
}

Status Snapshot::read_escalations(MemberReader& member, State& into) {
  const auto escalation = [&](json::View element) -> Status {
    MemberReader of(element);
    const json::View flat = of.inner("escalation");
    const json::View opened = of.inner("opened");
    Escalation one;
    if (Status done = of.finish(); !done) return done;
    if (Status done = get(flat, one); !done) return done;
    if (Status done = get(opened, one.opened); !done) return done;
    into.escalations_.emplace(one.opened.escalation, std::move(one));
    return {};
  };
  if (const json::View list = member.inner("escalations"); list.exists()) {
    if (Status done = each(list, escalation); !done) return done;
  }
  const json::View drill = member.inner("last_drill");
  if (!drill.exists()) return {};
  MemberReader of(drill);
  State::LastDrill last;
  of.need("at", last.at);
  const json::View inner = of.inner("drill");
  if (Status done = of.finish(); !done) return done;
  if (Status done = get(inner, last.drill); !done) return done;
  into.last_drill_ = std::move(last);
  return {};
}

Status Snapshot::read(json::View root, State& into) {
  MemberReader member(root);
  std::vector<std::string> closed, definitions, ended;
  int format = 0;
  member.need("v", format);
  if (format != snapshot_format) {
    return fail(ErrorKind::corrupt,
                "a snapshot of format " + std::to_string(format) + " is not known to this version");
  }
  member.need("closed", closed);
  member.need("definitions", definitions);
  member.need("ended", ended);
  member.need("epoch", into.epoch_);
  member.need("next_seq", into.next_seq_);
  if (Status done = read_runs(member.inner("runs"), into); !done) return done;
  if (Status done = read_calls(member.inner("calls"), into); !done) return done;
  if (Status done = read_approvals(member.inner("approvals"), into); !done) return done;
  if (Status done = read_people(member, into); !done) return done;
  if (Status done = read_agents(member.inner("sums"), into); !done) return done;
  if (Status done = read_escalations(member, into); !done) return done;
  into.closed_.assign(closed.begin(), closed.end());
  into.ended_.assign(ended.begin(), ended.end());
  into.definitions_.insert(definitions.begin(), definitions.end());
  if (Status done = member.finish(); !done) return done;
  return into.consistent();
}

Result<State> State::from_json(std::string_view text) {
  json::ParseLimits limits;
  limits.bytes_max = 4UL << 30;
  limits.duplicate_keys = json::DuplicateKeys::refuse_exact_only;
  const Result<json::Document> document = json::parse(text, limits);
  if (!document) return std::unexpected(document.error());
  State state;
  if (Status done = Snapshot::read(document->root(), state); !done) {
    return fail(ErrorKind::corrupt, "snapshot: " + done.error().message);
  }
  return state;
}

}  // namespace pawl
