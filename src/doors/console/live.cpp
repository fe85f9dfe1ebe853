#include "doors/console/live.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/json.h"
#include "io/http/sse.h"

namespace pawl::console {
namespace {

struct Changed {
  std::string_view kind;  // empty: no page shows it
  std::string name;
};

// What of the page a record changes.
struct ChangeOf {
  Changed operator()(const ApprovalOpened& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalAnswered& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalChanged& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalAsked& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalReplied& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalPassed& b) const { return {"question", b.approval}; }
  Changed operator()(const ApprovalEnded& b) const { return {"question", b.approval}; }
  Changed operator()(const CallDecided& b) const {
    return b.round > 1 && !b.approval.empty() ? Changed{"question", b.approval}
                                              : Changed{"run", b.run};
  }
  Changed operator()(const RunOpened& b) const { return {"run", b.run}; }
  Changed operator()(const RunHalted& b) const { return {"stop", b.run}; }
  Changed operator()(const RunClosed& b) const { return {"run", b.run}; }
  Changed operator()(const CallEnded& b) const { return {"run", b.run}; }
  Changed operator()(const GrantMade& b) const { return {"run", b.run}; }
  Changed operator()(const GrantEnded& b) const { return {"run", b.run}; }
  Changed operator()(const KillSet&) const { return {"stop", {}}; }
  Changed operator()(const Resumed&) const { return {"stop", {}}; }
  Changed operator()(const Escalated&) const { return {"health", {}}; }
  Changed operator()(const EscalationOpened&) const { return {"health", {}}; }
  Changed operator()(const EscalationChanged&) const { return {"health", {}}; }
  Changed operator()(const Drilled&) const { return {"health", {}}; }
  Changed operator()(const PolicyLoaded&) const { return {"health", {}}; }
  template <class T>
  Changed operator()(const T&) const {
    return {};
  }
};

std::string line(std::string_view kind, std::string_view text) {
  return http::write_event({.name = kind, .text = text, .id = std::nullopt, .retry = {}})
      .value_or(std::string());
}

std::string named(std::string_view key, const std::string& name) {
  json::Writer out;
  out.object();
  if (!name.empty()) out.key(key).string(name);
  return out.end().take();
}

}  // namespace

void Live::changed(std::string_view kind, std::string name) {
  if (changed_.size() > limits_.events_of_a_turn_max) return;
  Change change{std::string(kind), std::move(name)};
  if (std::ranges::find(changed_, change) == changed_.end()) changed_.push_back(std::move(change));
}

void Live::note(const Record& record) {
  if (streams_.empty()) return;
  Changed change = std::visit(ChangeOf{}, record.body);
  if (!change.kind.empty()) changed(change.kind, std::move(change.name));
  const auto* closed = std::get_if<RunClosed>(&record.body);
  const auto* killed = std::get_if<KillSet>(&record.body);
  // Both withdraw questions, in their own record.
  if (closed != nullptr || killed != nullptr || std::get_if<RunHalted>(&record.body) != nullptr) {
    changed("again", {});
  }
}

void Live::catch_up(Watching& watching) {
  if (!watching.behind || watching.stream.queued_bytes() > 0) return;
  watching.behind = !watching.stream.write(line("again", "{}"));
}

void Live::send(const std::string& text) {
  for (Watching& watching : streams_) {
    catch_up(watching);
    if (watching.behind) continue;
    if (watching.stream.queued_bytes() + text.size() > limits_.unread_bytes_max) {
      watching.behind = true;
    } else {
      (void)watching.stream.write(text);
    }
  }
}

void Live::flush() {
  std::vector<Change> now = std::exchange(changed_, {});
  if (now.size() > limits_.events_of_a_turn_max) now = {{"again", {}}};
  for (const Change& change : now) {
    if (change.kind != "question") {
      send(line(change.kind, named("run", change.name)));
      continue;
    }
    const std::string row = row_(change.name);
    send(row.empty() ? line("answered", named("approval", change.name)) : line("question", row));
  }
  std::erase_if(streams_, [](const Watching& watching) { return watching.stream.gone(); });
}

bool Live::watch(std::uint64_t session, http::Response head, http::Responder& asked) {
  std::erase_if(streams_, [](const Watching& watching) { return watching.stream.gone(); });
  const auto mine = [session](const Watching& watching) { return watching.session == session; };
  if (static_cast<std::size_t>(std::ranges::count_if(streams_, mine)) >=
      limits_.streams_of_one_max) {
    const auto oldest = std::ranges::find_if(streams_, mine);
    oldest->stream.end();
    streams_.erase(oldest);
  }
  if (streams_.size() >= limits_.streams_max) return false;
  http::Stream stream = std::move(asked).stream(std::move(head));
  (void)stream.write(http::write_comment("."));
  streams_.push_back({session, std::move(stream), false});
  return true;
}

void Live::beat(const std::function<bool(std::uint64_t session)>& stands) {
  for (Watching& watching : streams_) {
    if (!stands(watching.session)) {
      watching.stream.end();
    } else {
      catch_up(watching);
      if (!watching.behind) (void)watching.stream.write(http::write_comment("."));
    }
  }
  std::erase_if(streams_, [&](const Watching& watching) {
    return watching.stream.gone() || !stands(watching.session);
  });
}

void Live::end(std::uint64_t session) {
  for (Watching& watching : streams_) {
    if (watching.session == session) watching.stream.end();
  }
  std::erase_if(streams_, [session](const Watching& w) { return w.session == session; });
}

void Live::end_all() {
  for (Watching& watching : streams_) watching.stream.end();
  streams_.clear();
}

}  // namespace pawl::console
