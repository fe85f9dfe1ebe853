#include "node/journal_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "io/journal/posix_disk.h"
#include "io/journal/reader.h"
#include "model/record.h"
#include "views/display.h"

namespace pawl::node {

std::string report_refusal(std::string_view fault, std::string_view why) {
  json::Writer out;
  out.object().key("error").string(why).key("fault").string(fault);
  return out.key("ok").boolean(false).end().take();
}

namespace {

constexpr std::size_t kSaidBytesMax = 400;
constexpr std::size_t kArgumentsBytesMax = 300;
constexpr std::size_t kArgumentsReadBytesMax = 64UL << 10;
constexpr std::size_t kPayloadBytesMax = 64UL << 10;
constexpr std::size_t kRelatedMax = 100;
constexpr std::size_t kEventsMax = 200;

// The files, opened; and what is wrong with them.
class Reading {
 public:
  explicit Reading(const JournalRead& read)
      : stop_(read.stop), damage_(read.damage), met_(read.met) {
    auto disk = PosixDisk::open(read.directory, PosixDisk::Root::must_exist);
    if (!disk) {
      refusal_ = report_refusal("environment", disk.error().message);
      return;
    }
    disk_ = std::move(*disk);
    auto reader = JournalReader::open(*disk_);
    if (!reader) {
      refusal_ = report_refusal("environment", reader.error().message);
      return;
    }
    reader_ = std::make_unique<JournalReader>(std::move(*reader));
  }

  // Empty where the journal can be read.
  const std::string& refusal() const { return refusal_; }

  // Each record until the end, or the damage: what stands before it is shown, and that it is all.
  template <class Each>
  void records(Each each) {
    (void)reader_->seek(0);
    json::Parser parser;
    json::Document document;
    while (!stop_ || !stop_()) {
      const auto entry = reader_->next();
      if (!entry) meet(entry.error().message);
      if (!entry || !*entry) return;
      // A record of ours that is no JSON is found by the proof, and by no search.
      if (parser.parse((*entry)->record, document)) each((*entry)->seq, document.root());
    }
  }

  Payload payload(std::string_view commitment) {
    Digest digest{};
    if (!parse_spelled(commitment, digest)) return {};
    auto stored = reader_->payload(digest);
    return stored ? std::move(*stored) : Payload{};
  }

  std::string text(std::string_view commitment) {
    Payload stored = payload(commitment);
    return stored.state == PayloadState::present ? std::move(stored.bytes) : std::string();
  }

  void write_damage(json::Writer& out) const {
    if (!damage_.empty()) out.key("damage").string(escape_untrusted(damage_));
  }

 private:
  void meet(const std::string& what) {
    if (met_ != nullptr) *met_ = true;
    if (damage_.empty()) damage_ = "the journal is damaged: " + what;
  }

  std::function<bool()> stop_;
  std::string damage_, refusal_;
  bool* met_ = nullptr;
  std::unique_ptr<PosixDisk> disk_;
  std::unique_ptr<JournalReader> reader_;
};

std::string shown_member(json::View record, std::string_view name) {
  return escape_untrusted(utf8::shortened(record.text(name).value_or(""), kSaidBytesMax));
}

// What a table shows of a record; everything in it may be someone else's words.
struct FoundRecord {
  std::uint64_t seq = 0;
  std::string at, type, word, tool, run, said, call, approval, person, arguments;
};

std::string how_it_ended(json::View record) {
  const json::View took = record["took_ns"];
  const std::string after =
      took.is_integer() ? fmt::format("after {} ms", took.integer() / 1'000'000) : std::string();
  const json::View said = record["is_error"];
  const bool error = said.kind() == json::Kind::boolean && said.boolean();
  if (!error) return after;
  return "the tool reports an error" + (after.empty() ? after : " " + after);
}

FoundRecord found_record(std::uint64_t seq, json::View record) {
  const auto member = [record](std::string_view name) { return shown_member(record, name); };
  FoundRecord found;
  found.seq = seq;
  found.at = member("at");
  found.type = member("type");
  for (const char* name : {"effect", "answer", "how", "outcome"}) {
    if (found.word.empty()) found.word = member(name);
  }
  found.tool = member("tool");
  found.run = member("run");
  found.call = member("call");
  found.approval = member("approval");
  found.person = member("person");
  if (const std::string server = member("server"); !server.empty()) {
    found.tool = server + "/" + found.tool;
  }
  for (const char* name : {"reason", "why", "topic", "text"}) {
    const std::string part = member(name);
    if (!part.empty()) found.said += (found.said.empty() ? "" : " · ") + part;
  }
  if (found.type == "call.ended") found.said = how_it_ended(record);
  return found;
}

void write_found(json::Writer& out, const FoundRecord& found) {
  const auto text = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out.key(name).string(value);
  };
  out.object().key("seq").natural(found.seq).key("at").string(found.at);
  out.key("type").string(found.type).key("tool").string(found.tool);
  out.key("run").string(found.run).key("said").string(found.said);
  text("word", found.word);
  text("call", found.call);
  text("approval", found.approval);
  text("person", found.person);
  text("arguments", found.arguments);
  out.end();
}

}  // namespace

std::string search_journal(const JournalRead& read, AuditFilter filter) {
  Reading reading(read);
  if (!reading.refusal().empty()) return reading.refusal();
  filter.payload = [&reading](std::string_view commitment) { return reading.text(commitment); };
  struct Fitting {
    FoundRecord found;
    std::string args;
  };
  std::deque<Fitting> fitting;
  bool more = false;
  reading.records([&](std::uint64_t seq, json::View record) {
    if (!filter.wants(record)) return;
    const bool decided = record.text("type") == "call.decided";
    const json::View bytes = record["args_bytes"];
    const bool small = !bytes.is_integer() || bytes.natural() <= kArgumentsReadBytesMax;
    FoundRecord found = found_record(seq, record);
    if (found.tool.empty() && !(found.call + found.approval).empty())
      found.tool = filter.tool_of_last();
    fitting.push_back(
        {std::move(found), decided && small ? std::string(record.text("args").value_or("")) : ""});
    if (fitting.size() <= records_found_max) return;
    fitting.pop_front();
    more = true;
  });
  json::Writer out;
  out.object();
  reading.write_damage(out);
  out.key("more").boolean(more).key("ok").boolean(true).key("records").array();
  for (Fitting& one : fitting) {
    const auto document = json::parse(one.args.empty() ? "" : reading.text(one.args));
    if (document) {
      one.found.arguments = views::arguments_text(document->root(), kArgumentsBytesMax);
    }
    write_found(out, one.found);
  }
  return out.end().end().take();
}

namespace {

// The members of records that commit to a payload, and what to call it.
struct CommittedMember {
  std::string_view member, name;
};
constexpr CommittedMember kCommittedMembers[] = {
    {"args", "arguments"},  {"forwarded", "what was forwarded"},
    {"result", "result"},   {"words", "words"},
    {"payload", "payload"},
};

void write_payloads(json::Writer& out, Reading& reading, json::View record) {
  out.key("payloads").array();
  for (const CommittedMember& one : kCommittedMembers) {
    const auto commitment = record.text(one.member);
    if (!commitment || commitment->empty()) continue;
    const Payload stored = reading.payload(*commitment);
    out.object().key("name").string(one.name);
    if (stored.state == PayloadState::present) {
      const auto document = json::parse(stored.bytes);
      const std::string whole = document ? json::write(document->root()) : stored.bytes;
      out.key("text").string(escape_untrusted(utf8::shortened(whole, kPayloadBytesMax)));
    } else {
      out.key("missing").string(stored.state == PayloadState::erased
                                    ? "erased: salt and bytes are gone, the proofs stand"
                                    : "not kept: only its digest is in the record");
    }
    out.end();
  }
  out.end();
}

}  // namespace

std::string show_record(const JournalRead& read, std::uint64_t seq) {
  Reading reading(read);
  if (!reading.refusal().empty()) return reading.refusal();
  json::Document wanted;
  json::Parser parser;
  std::string call, approval;
  reading.records([&](std::uint64_t at, json::View record) {
    if (at != seq || !parser.parse(json::write(record), wanted)) return;
    call = record.text("call").value_or("");
    approval = record.text("approval").value_or("");
  });
  if (!wanted.root().exists()) {
    return report_refusal("missing", "there is no record " + std::to_string(seq));
  }
  std::deque<FoundRecord> related;
  reading.records([&](std::uint64_t at, json::View record) {
    const bool same = (!call.empty() && record.text("call") == call) ||
                      (!approval.empty() && record.text("approval") == approval);
    if (at == seq || !same) return;
    related.push_back(found_record(at, record));
    if (related.size() > kRelatedMax) related.pop_front();
  });
  json::Writer out;
  out.object();
  reading.write_damage(out);
  out.key("ok").boolean(true).key("seq").natural(seq).key("members").array();
  for (const auto& [name, value] : wanted.root().members()) {
    const std::string text = value.is_string() ? std::string(value.string()) : json::write(value);
    out.object().key("name").string(escape_untrusted(name));
    out.key("text").string(escape_untrusted(text)).end();
  }
  out.end();
  write_payloads(out, reading, wanted.root());
  out.key("related").array();
  for (const FoundRecord& one : related) write_found(out, one);
  return out.end().end().take();
}

namespace {

struct CallTold {
  std::uint64_t seq = 0;
  std::string at, tool, args, effect, code, reason, rule_at, class_text, approval, how;
  std::string outcome;
  bool is_error = false, enforced = true;
  std::int64_t took_ms = -1;
  struct Answered {
    std::string person, answer, reason;
  };
  std::vector<Answered> answers;
};

struct EventTold {
  std::uint64_t seq = 0;
  std::string at, word, said;
};

// The story of one run, folded from its records.
class RunTold {
 public:
  explicit RunTold(std::string run) : run_(std::move(run)) {}

  bool known() const { return known_; }

  void take(std::uint64_t seq, json::View view) {
    const auto record = parse_record(view);
    if (!record) return;
    seq_ = seq;
    at_ = to_string(record->at);
    std::visit([this](const auto& body) { tell(body); }, record->body);
  }

  void write(json::Writer& out, Reading& reading) {
    out.key("run").string(escape_untrusted(run_)).key("agent").string(escape_untrusted(agent_));
    out.key("sponsor").string(escape_untrusted(sponsor_)).key("phase").string(phase_);
    out.key("opened").string(opened_).key("why").string(escape_untrusted(why_));
    if (!closed_.empty()) out.key("closed").string(closed_);
    out.key("more").boolean(more_).key("calls").array();
    for (const std::string& id : order_) write_call(out, id, calls_.at(id), reading);
    out.end().key("events").array();
    for (const EventTold& one : events_) {
      out.object().key("seq").natural(one.seq).key("at").string(one.at);
      out.key("word").string(one.word).key("said").string(escape_untrusted(one.said)).end();
    }
    out.end();
  }

 private:
  template <class T>
  void tell(const T&) {}
  void tell(const RunOpened& b) {
    if (b.run != run_) return;
    known_ = true;
    agent_ = b.agent;
    sponsor_ = b.sponsor;
    phase_ = "open";
    opened_ = at_;
  }
  void tell(const RunHalted& b) {
    if (b.run != run_) return;
    phase_ = "halted";
    why_ = b.why;
    event("halted", b.why);
  }
  void tell(const RunClosed& b) {
    if (b.run != run_) return;
    phase_ = "closed";
    closed_ = at_;
    why_ = b.why;
    event("closed", b.why);
  }
  void tell(const KillSet& b) {
    const bool own = (b.scope == "run" && b.name == run_) || b.scope == "all" ||
                     ((b.scope == "agent" || b.scope == "role") && b.name == agent_);
    if (own && known_ && closed_.empty()) {
      event("killed", b.scope + " " + b.name + " by " + b.person + ": " + b.reason);
    }
  }
  void tell(const Resumed& b) {
    const bool own = (b.scope == "run" && b.name == run_) || b.scope == "all" ||
                     ((b.scope == "agent" || b.scope == "role") && b.name == agent_);
    if (!own || !known_ || !closed_.empty()) return;
    if (phase_ == "halted") phase_ = "open";
    why_.clear();
    event("resumed", b.scope + " " + b.name + " by " + b.person + ": " + b.reason);
  }
  void tell(const DenialsCounted& b) {
    if (b.run == run_ && b.count > 0) {
      event("denied", std::to_string(b.count) + " more calls [" + b.code + "]");
    }
  }
  void tell(const CallDecided& b) {
    if (b.run != run_) return;
    const std::string id = b.call.empty() ? "#" + std::to_string(seq_) : b.call;
    const auto [at, fresh] = calls_.try_emplace(id);
    CallTold& call = at->second;
    if (fresh) {
      order_.push_back(id);
      call.seq = seq_;
      call.at = at_;
      call.tool = b.server.empty() ? b.tool : b.server + "/" + b.tool;
      call.args = b.args_bytes <= kArgumentsReadBytesMax ? b.args : std::string();
    }
    call.effect = b.effect;
    call.code = b.code;
    call.reason = b.reason;
    call.rule_at = b.rule_at;
    call.class_text = b.class_text;
    call.enforced = call.enforced && b.enforced;
    if (!b.approval.empty()) {
      call.approval = b.approval;
      asked_[b.approval] = id;
    }
    if (order_.size() <= calls_of_run_max) return;
    calls_.erase(order_.front());
    order_.pop_front();
    more_ = true;
  }
  void tell(const ApprovalAnswered& b) {
    if (CallTold* call = about(b.approval)) call->answers.push_back({b.person, b.answer, b.reason});
  }
  void tell(const ApprovalChanged& b) {
    CallTold* call = about(b.approval);
    if (call == nullptr) return;
    call->answers.push_back({b.person, "changed", b.reason});
    call->args = b.args;
  }
  void tell(const ApprovalEnded& b) {
    if (CallTold* call = about(b.approval)) call->how = b.how;
  }
  void tell(const CallEnded& b) {
    const auto found = calls_.find(b.call);
    if (found == calls_.end()) return;
    found->second.outcome = b.outcome;
    found->second.is_error = b.is_error;
    found->second.took_ms = b.took.ns / 1'000'000;
  }

  CallTold* about(const std::string& approval) {
    const auto id = asked_.find(approval);
    if (id == asked_.end()) return nullptr;
    const auto call = calls_.find(id->second);
    return call == calls_.end() ? nullptr : &call->second;
  }
  void event(std::string_view word, const std::string& said) {
    events_.push_back({seq_, at_, std::string(word), utf8::shortened(said, kSaidBytesMax)});
    if (events_.size() > kEventsMax) events_.pop_front();
  }

  static void write_call(json::Writer& out, const std::string& id, const CallTold& call,
                         Reading& reading) {
    const auto text = [&out](std::string_view name, const std::string& value) {
      if (!value.empty()) out.key(name).string(escape_untrusted(value));
    };
    const auto document = json::parse(call.args.empty() ? "" : reading.text(call.args));
    const json::View values = document ? document->root() : json::View();
    out.object().key("call").string(id).key("seq").natural(call.seq).key("at").string(call.at);
    text("tool", call.tool);
    out.key("wants").string(views::wants_text(call.tool, values));
    if (values.exists()) {
      out.key("arguments").string(views::arguments_text(values, kArgumentsBytesMax));
    }
    text("effect", call.effect);
    text("code", call.code == "none" ? std::string() : call.code);
    text("reason", utf8::shortened(call.reason, kSaidBytesMax));
    text("rule_at", call.rule_at);
    text("class", call.class_text);
    text("approval", call.approval);
    text("how", call.how);
    text("outcome", call.outcome);
    if (call.is_error) out.key("error").boolean(true);
    if (!call.enforced) out.key("enforced").boolean(false);
    if (call.took_ms >= 0) out.key("took_ms").integer(call.took_ms);
    out.key("answers").array();
    for (const CallTold::Answered& one : call.answers) {
      out.object().key("person").string(escape_untrusted(one.person));
      out.key("answer").string(one.answer);
      out.key("reason").string(escape_untrusted(one.reason)).end();
    }
    out.end().end();
  }

  std::string run_, agent_, sponsor_, phase_, opened_, closed_, why_, at_;
  std::uint64_t seq_ = 0;
  bool known_ = false, more_ = false;
  std::map<std::string, CallTold, std::less<>> calls_;
  std::deque<std::string> order_;
  std::map<std::string, std::string, std::less<>> asked_;  // approval -> call
  std::deque<EventTold> events_;
};

struct RunOver {
  std::string run, agent, sponsor, opened, closed, why;
  std::uint64_t calls = 0, denied = 0;
};

}  // namespace

std::string tell_run(const JournalRead& read, const std::string& run) {
  Reading reading(read);
  if (!reading.refusal().empty()) return reading.refusal();
  RunTold told(run);
  reading.records([&](std::uint64_t seq, json::View record) { told.take(seq, record); });
  if (!told.known()) {
    return report_refusal("missing", "there is no run `" + escape_untrusted(run) + "`");
  }
  json::Writer out;
  out.object();
  reading.write_damage(out);
  told.write(out, reading);
  return out.key("ok").boolean(true).end().take();
}

std::string ended_runs(const JournalRead& read) {
  Reading reading(read);
  if (!reading.refusal().empty()) return reading.refusal();
  std::map<std::string, RunOver, std::less<>> open;
  std::deque<RunOver> over;
  reading.records([&](std::uint64_t, json::View record) {
    const std::string type(record.text("type").value_or(""));
    const std::string run(record.text("run").value_or(""));
    if (type == "run.opened") {
      open[run] = {.run = shown_member(record, "run"),
                   .agent = shown_member(record, "agent"),
                   .sponsor = shown_member(record, "sponsor"),
                   .opened = shown_member(record, "at"),
                   .closed = {},
                   .why = {}};
      return;
    }
    const auto known = open.find(run);
    if (known == open.end()) return;
    const json::View round = record["round"];
    if (type == "call.decided") {
      // A call that waited is decided again, and may be denied then.
      known->second.calls += !round.is_integer() || round.integer() < 2 ? 1 : 0;
      known->second.denied += record.text("effect") == "deny" ? 1 : 0;
    }
    if (type != "run.closed") return;
    known->second.closed = shown_member(record, "at");
    known->second.why = shown_member(record, "why");
    over.push_back(std::move(known->second));
    open.erase(known);
    if (over.size() > ended_runs_max) over.pop_front();
  });
  json::Writer out;
  out.object();
  reading.write_damage(out);
  out.key("ok").boolean(true).key("runs").array();
  for (auto one = over.rbegin(); one != over.rend(); ++one) {
    out.object().key("run").string(one->run).key("agent").string(one->agent);
    out.key("sponsor").string(one->sponsor).key("opened").string(one->opened);
    out.key("closed").string(one->closed).key("why").string(one->why);
    out.key("calls").natural(one->calls).key("denied").natural(one->denied).end();
  }
  return out.end().end().take();
}

}  // namespace pawl::node
