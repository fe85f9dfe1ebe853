#include "doors/api/events.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/json.h"
#include "io/http/sse.h"

namespace pawl::api {
namespace {

// Writes the members of a record that a watcher may have; answers the run, empty for none.
struct EventMembers {
  json::Writer& out;

  void text(std::string_view name, std::string_view value) const {
    if (!value.empty()) out.key(name).string(value);
  }
  std::string operator()(const RunOpened& b) const {
    text("agent", b.agent);
    text("sponsor", b.sponsor);
    text("policy", b.policy);
    return b.run;
  }
  std::string operator()(const RunHalted& b) const {
    text("code", b.code);
    text("why", b.why);
    return b.run;
  }
  std::string operator()(const RunClosed& b) const {
    text("why", b.why);
    return b.run;
  }
  std::string operator()(const RunTightened& b) const {
    text("policy", b.policy);
    return b.run;
  }
  std::string operator()(const CallDecided& b) const {
    text("call", b.call);
    text("approval", b.approval);
    text("server", b.server);
    text("tool", b.tool);
    text("effect", b.effect);
    text("code", b.code);
    text("reason", b.reason);
    text("class", b.class_text);
    return b.run;
  }
  std::string operator()(const ApprovalOpened& b) const {
    text("approval", b.approval);
    text("call", b.call);
    text("tool", b.tool);
    text("why", b.why);
    out.key("expires").string(to_string(b.expires));
    return b.run;
  }
  std::string operator()(const CallEnded& b) const {
    text("call", b.call);
    text("outcome", b.outcome);
    out.key("is_error").boolean(b.is_error);
    out.key("records").natural(b.records);
    return b.run;
  }
  std::string operator()(const DenialsCounted& b) const {
    if (b.count == 0) return {};
    text("code", b.code);
    out.key("count").natural(b.count);
    return b.run;
  }
  template <class T>
  std::string operator()(const T&) const {
    return {};
  }
};

std::string text_of(const RunEvent& event) {
  const std::string id = std::to_string(event.seq);
  const auto text =
      http::write_event({.name = event.type, .text = event.text, .id = id, .retry = {}});
  return text.value_or(std::string());
}

}  // namespace

std::optional<EventOfRun> event_of(const Record& record) {
  json::Writer out;
  out.object().key("at").string(to_string(record.at));
  EventOfRun found;
  found.run = std::visit(EventMembers{out}, record.body);
  if (found.run.empty()) return std::nullopt;
  found.event = {record.seq, type_of(record.body), {}};
  out.key("run").string(found.run).key("seq").natural(record.seq);
  found.event.text = out.key("type").string(found.event.type).end().take();
  return found;
}

void Events::note(const Record& record, const State& state) {
  if (auto event = event_of(record)) waiting_.push_back(std::move(*event));
  const KillSet* kill = std::get_if<KillSet>(&record.body);
  if (kill == nullptr) return;
  for (const auto& [id, kept] : kept_) {
    const Run* run = state.run(id);
    const Kill over{kill->id, kill->scope, kill->name, kill->person, kill->reason, record.at};
    if (run == nullptr || !covers(over, *run)) continue;
    json::Writer out;
    out.object().key("at").string(to_string(record.at)).key("reason").string(kill->reason);
    out.key("run").string(id).key("seq").natural(record.seq).key("type").string("kill.set").end();
    waiting_.push_back({id, {record.seq, type_of(record.body), out.take()}});
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
    const std::string text = text_of(one.event);
    for (Watching& watching : streams_) {
      if (watching.run == one.run) (void)watching.stream.write(text);
    }
    keep(one.run, std::move(one.event));
  }
  std::erase_if(streams_, [](const Watching& watching) { return watching.stream.gone(); });
}

bool Events::watch(const std::string& run, std::optional<std::uint64_t> after,
                   http::Responder& responder) {
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
      if (!after || event.seq > *after) (void)stream.write(text_of(event));
    }
  }
  streams_.push_back({run, std::move(stream)});
  return true;
}

void Events::sign_of_life() {
  for (Watching& watching : streams_) (void)watching.stream.write(http::write_comment("."));
  std::erase_if(streams_, [](const Watching& watching) { return watching.stream.gone(); });
}

void Events::end() {
  flush();
  for (Watching& watching : streams_) watching.stream.end();
  streams_.clear();
}

}  // namespace pawl::api
