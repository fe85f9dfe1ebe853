#include "kernel/state/snapshot.h"

#include <map>

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
    PAWL_TRY(read(element));
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
  PAWL_TRY(member.finish());
  PAWL_TRY(get(flat, counts));
  PAWL_TRY(get_all(recent, counts.recent));
  run.entries[name] = std::move(counts);
  return {};
}

}  // namespace

Status Snapshot::read_runs(json::View list, State& into) {
  return each(list, [&](json::View element) -> Status {
    MemberReader member(element);
    const json::View entries = member.inner("entries");
    const json::View grants = member.has("grants") ? member.inner("grants") : json::View();
    const json::View repeats = member.inner("repeats");
    const json::View flat = member.inner("run");
    const json::View seen = member.has("seen") ? member.inner("seen") : json::View();
    const json::View spending = member.inner("spending");
    const json::View standing = member.has("standing") ? member.inner("standing") : json::View();
    const json::View sums = member.inner("sums");
    Run run;
    PAWL_TRY(member.finish());
    PAWL_TRY(get(flat, run));
    const auto entry = [&](json::View view) { return get_entry(view, run); };
    PAWL_TRY(each(entries, entry));
    if (grants.exists()) {
      PAWL_TRY(get_all(grants, run.grants));
    }
    if (standing.exists()) {
      PAWL_TRY(get_all(standing, run.standing));
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
      PAWL_TRY(each(seen, executed));
    }
    if (repeats.exists()) {
      PAWL_TRY(read_repeats(repeats, run.repeats));
    }
    if (spending.exists()) {
      PAWL_TRY(get(spending, run.spending));
    }
    if (sums.exists()) {
      PAWL_TRY(read_sums(sums, run.sums));
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
    PAWL_TRY(get(element, call));
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
    PAWL_TRY(member.finish());
    PAWL_TRY(get(flat, approval));
    ApprovalOpened opened;
    PAWL_TRY(get(asked, opened));
    approval.asked = OpenedQuestion(opened);
    if (changed.exists()) {
      auto change = std::make_shared<ChangedQuestion>();
      PAWL_TRY(get(changed, *change));
      approval.changed = std::move(change);
    }
    if (talk.exists()) {
      auto said = std::make_shared<Talk>();
      PAWL_TRY(get(talk, *said));
      PAWL_TRY(get_all(remarks, said->remarks));
      approval.talk = std::move(said);
    }
    PAWL_TRY(get_all(answers, approval.answers));
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
    PAWL_TRY(member.finish());
    return read_sums(counters, into.sums_[agent]);
  });
}

Status Snapshot::read_budgets(json::View list, State& into) {
  if (!list.exists()) return {};
  return each(list, [&](json::View element) -> Status {
    MemberReader member(element);
    BudgetWindow window;
    member.need("budget", window.budget);
    member.need("since", window.since);
    const json::View spending = member.inner("spending");
    PAWL_TRY(member.finish());
    return get(spending, into.budgets_.at(window));
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
    PAWL_TRY(get(element, person));
    into.reviewers_[person.person] = person;
    return {};
  };
  PAWL_TRY(each(member.inner("keys"), key));
  PAWL_TRY(get_all(member.inner("kills"), into.kills_));
  PAWL_TRY(each(member.inner("pins"), pin));
  PAWL_TRY(each(member.inner("policies"), policy));
  return each(member.inner("reviewers"), reviewer);
}

Status Snapshot::read_escalations(MemberReader& member, State& into) {
  const auto escalation = [&](json::View element) -> Status {
    MemberReader of(element);
    const json::View flat = of.inner("escalation");
    const json::View opened = of.inner("opened");
    Escalation one;
    PAWL_TRY(of.finish());
    PAWL_TRY(get(flat, one));
    PAWL_TRY(get(opened, one.opened));
    into.escalations_.emplace(one.opened.escalation, std::move(one));
    return {};
  };
  if (const json::View list = member.inner("escalations"); list.exists()) {
    PAWL_TRY(each(list, escalation));
  }
  const json::View drill = member.inner("last_drill");
  if (!drill.exists()) return {};
  MemberReader of(drill);
  State::LastDrill last;
  of.need("at", last.at);
  const json::View inner = of.inner("drill");
  PAWL_TRY(of.finish());
  PAWL_TRY(get(inner, last.drill));
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
  PAWL_TRY(read_runs(member.inner("runs"), into));
  PAWL_TRY(read_calls(member.inner("calls"), into));
  PAWL_TRY(read_approvals(member.inner("approvals"), into));
  PAWL_TRY(read_people(member, into));
  PAWL_TRY(read_agents(member.inner("sums"), into));
  PAWL_TRY(read_budgets(member.inner("budgets"), into));
  PAWL_TRY(read_escalations(member, into));
  into.closed_.assign(closed.begin(), closed.end());
  into.ended_.assign(ended.begin(), ended.end());
  into.definitions_.insert(definitions.begin(), definitions.end());
  PAWL_TRY(member.finish());
  return into.consistent();
}

Result<State> State::from_json(std::string_view text) {
  json::ParseLimits limits;
  limits.bytes_max = 4UL << 30;
  limits.duplicate_keys = json::DuplicateKeys::refuse_exact_only;
  const Result<json::Document> document = json::parse(text, limits);
  PAWL_TRY(document);
  State state;
  if (Status done = Snapshot::read(document->root(), state); !done) {
    return fail(ErrorKind::corrupt, "snapshot: " + done.error().message);
  }
  return state;
}

// What a run did last.

void write_repeats(const Repeats& repeats, json::Writer& out) {
  out.object().key("last").array();
  for (const Repeats::Step& step : repeats.last()) {
    MemberWriter member(out);
    members(member, step);
    out.end();
  }
  out.end().key("matched").array();
  for (const std::uint64_t count : repeats.matched()) out.natural(count);
  out.end().end();
}

Status read_repeats(json::View object, Repeats& into) {
  MemberReader member(object);
  const json::View steps = member.inner("last");
  const json::View counts = member.inner("matched");
  PAWL_TRY(member.finish());
  std::vector<Repeats::Step> last;
  PAWL_TRY(get_all(steps, last));
  std::vector<std::uint64_t> matched;
  PAWL_TRY(each(counts, [&](json::View count) -> Status {
    if (!count.is_integer() || count.integer() < 0) {
      return fail(ErrorKind::corrupt, "a count of repetitions is not a natural number");
    }
    matched.push_back(static_cast<std::uint64_t>(count.integer()));
    return {};
  }));
  if (into.restore(std::move(last), matched)) return {};
  return fail(ErrorKind::corrupt, "no steps of a run can have left these repetitions");
}

// Sums of counters in a snapshot.

namespace {

template <class V>
void members(V& v, Part<V, Sum::End>& e) {
  v.need("add_nano", e.add.nano);
  v.need("at", e.at);
}

}  // namespace

void write_sums(const Sums& sums, json::Writer& out) {
  out.array();
  for (const auto& [name, counter] : sums.counters()) {
    out.object().key("counter").string(name).key("sums").array();
    for (const auto& [key, sum] : counter.sums) {
      out.object().key("ends").array();
      for (const Sum::End& end : sum.ends) {
        MemberWriter member(out);
        members(member, end);
        out.end();
      }
      out.end().key("in_flight").natural(sum.in_flight).key("key").string(key);
      out.key("reserved_nano").natural(sum.reserved.nano);
      out.key("settled_nano").natural(sum.settled.nano).end();
    }
    out.end().key("window_ns").integer(counter.window.ns).end();
  }
  out.end();
}

namespace {

Status read_sum(json::View view, CounterSums& into) {
  MemberReader member(view);
  Sum sum;
  std::string key;
  const json::View ends = member.inner("ends");
  member.need("in_flight", sum.in_flight);
  member.may("key", key);
  member.need("reserved_nano", sum.reserved.nano);
  member.need("settled_nano", sum.settled.nano);
  PAWL_TRY(member.finish());
  for (const json::View element : ends.elements()) {
    MemberReader of(element);
    members(of, sum.ends.emplace_back());
    PAWL_TRY(of.finish());
  }
  into.places += 1 + sum.ends.size() + sum.in_flight;
  if (!into.sums.emplace(key, std::move(sum)).second) {
    return fail(ErrorKind::corrupt, "a sum stands there twice");
  }
  return {};
}

}  // namespace

Status read_sums(json::View list, Sums& into) {
  if (!list.is_array()) return fail(ErrorKind::corrupt, "a list of sums is missing");
  for (const json::View element : list.elements()) {
    MemberReader member(element);
    std::string name;
    CounterSums counter;
    member.need("counter", name);
    const json::View sums = member.inner("sums");
    member.need("window_ns", counter.window);
    PAWL_TRY(member.finish());
    for (const json::View one : sums.elements()) {
      PAWL_TRY(read_sum(one, counter));
    }
    into.put(std::move(name), std::move(counter));
  }
  return {};
}

namespace {

template <class T>
void put(const T& part, json::Writer& out) {
  MemberWriter member(out);
  members(member, part);
  out.end();
}

template <class T>
std::map<std::string_view, const T*> sorted(const ByName<T>& parts) {
  std::map<std::string_view, const T*> out;
  for (const auto& [name, part] : parts) out.emplace(name, &part);
  return out;
}

template <class List>
void put_texts(const List& texts, json::Writer& out) {
  out.array();
  for (const std::string& text : texts) out.string(text);
  out.end();
}

void put_run(const Run& run, json::Writer& out) {
  out.object().key("entries").array();
  for (const auto& [name, counts] : run.entries) {
    out.object().key("counts");
    put(counts, out);
    out.key("entry").string(name).key("recent").array();
    for (const Starts& starts : counts.recent) put(starts, out);
    out.end().end();
  }
  out.end();
  if (!run.grants.empty()) {
    out.key("grants").array();
    for (const Grant& grant : run.grants) put(grant, out);
    out.end();
  }
  if (!run.repeats.empty()) {
    out.key("repeats");
    write_repeats(run.repeats, out);
  }
  out.key("run");
  put(run, out);
  if (!run.seen.empty()) {
    out.key("seen").array();
    for (const auto& [tool, calls] : run.seen) {
      out.object().key("calls").natural(calls).key("tool").string(tool).end();
    }
    out.end();
  }
  if (!(run.spending == Spending{})) {
    out.key("spending");
    put(run.spending, out);
  }
  if (!run.standing.empty()) {
    out.key("standing").array();
    for (const Standing& one : run.standing) put(one, out);
    out.end();
  }
  if (!run.sums.empty()) {
    out.key("sums");
    write_sums(run.sums, out);
  }
  out.end();
}

void put_approval(const Approval& approval, json::Writer& out) {
  out.object().key("answers").array();
  for (const Answer& answer : approval.answers) put(answer, out);
  out.end().key("approval");
  put(approval, out);
  out.key("asked");
  put(approval.asked.record(), out);
  if (approval.changed) {
    out.key("changed");
    put(*approval.changed, out);
  }
  if (approval.talk) {
    out.key("remarks").array();
    for (const Remark& remark : approval.talk->remarks) put(remark, out);
    out.end().key("talk");
    put(*approval.talk, out);
  }
  out.end();
}

void put_escalations(const std::map<std::string, Escalation, std::less<>>& escalations,
                     json::Writer& out) {
  if (escalations.empty()) return;
  out.key("escalations").array();
  for (const auto& [id, escalation] : escalations) {
    out.object().key("escalation");
    put(escalation, out);
    out.key("opened");
    put(escalation.opened, out);
    out.end();
  }
  out.end();
}

void put_budgets(const StandingBudgets& budgets, json::Writer& out) {
  if (budgets.empty()) return;
  out.key("budgets").array();
  for (const auto& [name, windows] : budgets.all()) {
    for (const auto& [since, spending] : windows) {
      out.object().key("budget").string(name).key("since").string(to_string(since));
      out.key("spending");
      put(spending, out);
      out.end();
    }
  }
  out.end();
}

}  // namespace

std::string Snapshot::write(const State& state) {
  json::Writer out;
  out.object().key("approvals").array();
  for (const auto& [id, approval] : sorted(state.approvals_)) put_approval(*approval, out);
  out.end();
  put_budgets(state.budgets_, out);
  out.key("calls").array();
  for (const auto& [id, call] : sorted(state.calls_)) put(*call, out);
  out.end().key("closed");
  put_texts(state.closed_, out);
  out.key("definitions");
  put_texts(state.definitions_, out);
  out.key("ended");
  put_texts(state.ended_, out);
  out.key("epoch").integer(state.epoch_);
  put_escalations(state.escalations(), out);
  out.key("keys").array();
  for (const auto& [key, run] : sorted(state.run_keys_)) {
    out.object().key("key").string(key).key("run").string(*run).end();
  }
  out.end().key("kills").array();
  for (const Kill& kill : state.kills_) put(kill, out);
  out.end();
  if (state.last_drill_) {
    out.key("last_drill").object().key("at").string(to_string(state.last_drill_->at));
    out.key("drill");
    put(state.last_drill_->drill, out);
    out.end();
  }
  out.key("next_seq").natural(state.next_seq_).key("pins").array();
  for (const auto& [tool, pin] : state.pins_) {
    out.object().key("digest").string(pin.digest).key("person").string(pin.person);
    out.key("server").string(tool.first).key("tool").string(tool.second).end();
  }
  out.end().key("policies").array();
  for (const auto& [digest, payload] : state.policy_payloads_) {
    out.object().key("digest").string(digest).key("payload").string(payload).end();
  }
  out.end();
  out.key("reviewers").array();
  for (const auto& [person, reviewer] : sorted(state.reviewers_)) put(*reviewer, out);
  out.end().key("runs").array();
  for (const auto& [id, run] : sorted(state.runs_)) put_run(*run, out);
  out.end();
  if (!state.sums_.empty()) {
    out.key("sums").array();
    for (const auto& [agent, sums] : state.sums_) {
      out.object().key("agent").string(agent).key("counters");
      write_sums(sums, out);
      out.end();
    }
    out.end();
  }
  out.key("v").integer(snapshot_format).end();
  return out.take();
}

std::string State::to_json() const {
  return Snapshot::write(*this);
}

}  // namespace pawl
