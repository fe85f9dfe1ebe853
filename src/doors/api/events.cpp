#include "doors/api/events.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>
#include <variant>

#include "base/json.h"
#include "io/http/sse.h"

namespace pawl::api {
namespace {

// What an event may say of its record. The order is that of `kNames`.
enum class Name : std::uint8_t {
  agent,
  sponsor,
  policy,
  code,
  why,
  call,
  approval,
  server,
  tool,
  effect,
  reason,
  of_class,
  expires,
  outcome,
  is_error,
  records,
  count,
  enforced,
};
constexpr auto kNames = std::to_array<std::string_view>(
    {"agent", "sponsor", "policy", "code", "why", "call", "approval", "server", "tool", "effect",
     "reason", "class", "expires", "outcome", "is_error", "records", "count", "enforced"});

// Members in a row: a name, whether the value is JSON already, its length, its bytes.
class Members {
 public:
  void text(Name name, std::string_view value) {
    if (!value.empty()) put(name, false, value);
  }
  void json(Name name, std::string_view value) { put(name, true, value); }
  void number(Name name, std::uint64_t value) {
    std::array<char, 24> digits;
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    json(name, {digits.data(), end});
  }
  std::string take() { return std::move(bytes_); }

  static void write(std::string_view bytes, json::Writer& out) {
    while (bytes.size() >= kHeadBytes) {
      std::uint32_t size = 0;
      std::memcpy(&size, bytes.data() + 2, sizeof size);
      const std::string_view value = bytes.substr(kHeadBytes, size);
      out.key(kNames[static_cast<std::size_t>(bytes[0])]);
      bytes[1] != 0 ? out.raw(value) : out.string(value);
      bytes.remove_prefix(kHeadBytes + value.size());
    }
  }

 private:
  static constexpr std::size_t kHeadBytes = 6;
  void put(Name name, bool is_json, std::string_view value) {
    if (bytes_.empty()) bytes_.reserve(kUsualBytes);
    std::array<char, kHeadBytes> head{static_cast<char>(name), is_json ? '\1' : '\0'};
    const auto size = static_cast<std::uint32_t>(value.size());
    std::memcpy(head.data() + 2, &size, sizeof size);
    bytes_.append(head.data(), head.size()).append(value);
  }
  static constexpr std::size_t kUsualBytes = 160;
  std::string bytes_;
};

// Takes the members of a record that a watcher may have; answers the run, empty for none.
struct EventMembers {
  Members& out;

  std::string operator()(const RunOpened& b) const {
    out.text(Name::agent, b.agent);
    out.text(Name::sponsor, b.sponsor);
    out.text(Name::policy, b.policy);
    return b.run;
  }
  std::string operator()(const RunHalted& b) const {
    out.text(Name::code, b.code);
    out.text(Name::why, b.why);
    return b.run;
  }
  std::string operator()(const RunClosed& b) const {
    out.text(Name::why, b.why);
    return b.run;
  }
  std::string operator()(const RunTightened& b) const {
    out.text(Name::policy, b.policy);
    return b.run;
  }
  std::string operator()(const CallDecided& b) const {
    out.text(Name::call, b.call);
    out.text(Name::approval, b.approval);
    out.text(Name::server, b.server);
    out.text(Name::tool, b.tool);
    out.text(Name::effect, b.effect);
    if (!b.enforced) out.json(Name::enforced, "false");
    out.text(Name::code, b.code);
    out.text(Name::reason, b.reason);
    out.text(Name::of_class, b.class_text);
    return b.run;
  }
  std::string operator()(const ApprovalOpened& b) const {
    out.text(Name::approval, b.approval);
    out.text(Name::call, b.call);
    out.text(Name::tool, b.tool);
    out.text(Name::why, b.why);
    out.text(Name::expires, to_string(b.expires));
    return b.run;
  }
  std::string operator()(const CallEnded& b) const {
    out.text(Name::call, b.call);
    out.text(Name::outcome, b.outcome);
    out.json(Name::is_error, b.is_error ? "true" : "false");
    out.number(Name::records, b.records);
    return b.run;
  }
  std::string operator()(const DenialsCounted& b) const {
    if (b.count == 0) return {};
    out.text(Name::code, b.code);
    out.number(Name::count, b.count);
    return b.run;
  }
  template <class T>
  std::string operator()(const T&) const {
    return {};
  }
};

std::string text_of(std::string_view run, const RunEvent& event) {
  const std::string id = std::to_string(event.seq);
  const std::string json = json_of(run, event);
  const auto text = http::write_event({.name = event.type, .text = json, .id = id, .retry = {}});
  return text.value_or(std::string());
}

}  // namespace

std::optional<EventOfRun> event_of(const Record& record) {
  Members members;
  EventOfRun found;
  found.run = std::visit(EventMembers{members}, record.body);
  if (found.run.empty()) return std::nullopt;
  found.event = {record.seq, type_of(record.body), record.at, members.take()};
  return found;
}

std::string json_of(std::string_view run, const RunEvent& event) {
  json::Writer out;
  out.object().key("at").string(to_string(event.at));
  Members::write(event.members, out);
  out.key("run").string(run).key("seq").natural(event.seq);
  return out.key("type").string(event.type).end().take();
}

void Events::note(const Record& record, const State& state) {
  if (auto event = event_of(record)) waiting_.push_back(std::move(*event));
  const KillSet* kill = std::get_if<KillSet>(&record.body);
  if (kill == nullptr) return;
  Members members;
  std::string reason;  // also where it is empty
  json::write_string(kill->reason, reason);
  members.json(Name::reason, reason);
  const std::string told = members.take();
  for (const auto& [id, kept] : kept_) {
    const Run* run = state.run(id);
    const Kill over{kill->id, kill->scope, kill->name, kill->person, kill->reason, record.at};
    if (run == nullptr || !covers(over, *run)) continue;
    waiting_.push_back({id, {record.seq, type_of(record.body), record.at, told}});
  }
}

void Events::forget_one() {
  const auto oldest = kept_.find(order_.front());
  events_ -= oldest->second.events.size();
  kept_.erase(oldest);
  order_.pop_front();
}

void Events::keep(const std::string& run, RunEvent event) {
  while (events_ >= limits_.events_max && !order_.empty()) forget_one();
  auto known = kept_.find(run);
  if (known == kept_.end()) {
    if (order_.size() >= limits_.runs_max) forget_one();
    known = kept_.emplace(run, Kept{}).first;
    order_.push_back(run);
    known->second.complete = event.type == "run.opened";
    if (!known->second.complete && event.seq > 0) known->second.dropped = event.seq - 1;
  }
  Kept& kept = known->second;
  kept.events.push_back(std::move(event));
  ++events_;
  if (kept.events.size() <= limits_.events_per_run_max) return;
  kept.dropped = kept.events.front().seq;
  kept.complete = false;
  kept.events.pop_front();
  --events_;
}

void Events::flush() {
  std::vector<EventOfRun> now = std::exchange(waiting_, {});
  for (EventOfRun& one : now) {
    std::string text;
    for (Watching& watching : streams_) {
      if (watching.run != one.run) continue;
      if (text.empty()) text = text_of(one.run, one.event);
      (void)watching.stream.write(text);
    }
    keep(one.run, std::move(one.event));
  }
  std::erase_if(streams_, [](const Watching& watching) { return watching.stream.gone(); });
}

bool Events::watch(const std::string& run, std::optional<std::uint64_t> after,
                   http::Responder& responder, Watcher who) {
  flush();
  const auto of_run =
      std::ranges::count_if(streams_, [&](const Watching& other) { return other.run == run; });
  if (streams_.size() >= limits_.streams_max ||
      static_cast<std::size_t>(of_run) >= limits_.streams_per_run_max) {
    return false;
  }
  http::Stream stream = std::move(responder).stream(http::event_stream());
  const auto known = kept_.find(run);
  const bool whole = known != kept_.end() &&
                     (known->second.complete || (after && *after >= known->second.dropped));
  if (!whole) {
    const auto gap = http::write_event(
        {.name = "gap", .text = R"({"type":"gap"})", .id = std::nullopt, .retry = {}});
    if (gap) (void)stream.write(*gap);
  }
  if (known != kept_.end()) {
    for (const RunEvent& event : known->second.events) {
      if (!after || event.seq > *after) (void)stream.write(text_of(run, event));
    }
  }
  streams_.push_back({run, std::move(stream), std::move(who)});
  return true;
}

void Events::sign_of_life(Instant now) {
  const auto over = [now](const Watching& watching) {
    const Watcher& who = watching.who;
    return watching.stream.gone() || (who.until && now >= *who.until) ||
           (who.stands && !*who.stands);
  };
  for (Watching& watching : streams_) {
    if (over(watching)) {
      watching.stream.end();
    } else {
      (void)watching.stream.write(http::write_comment("."));
    }
  }
  std::erase_if(streams_, over);
}

void Events::end() {
  flush();
  for (Watching& watching : streams_) watching.stream.end();
  streams_.clear();
}

}  // namespace pawl::api
