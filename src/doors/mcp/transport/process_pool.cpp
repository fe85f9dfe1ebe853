#include "doors/mcp/transport/process_pool.h"

#include <algorithm>
#include <utility>

#include "doors/mcp/transport/process_pool_impl.h"
#include "io/net/pipe.h"

namespace pawl::mcp {
std::string with_id(std::string_view message, std::string_view old_id, std::string_view id) {
  const auto at = static_cast<std::size_t>(old_id.data() - message.data());
  std::string out(message.substr(0, at));
  out += id;
  out += message.substr(at + old_id.size());
  return out;
}

std::string only_request_of(const RunningProgram& process) {
  std::string call, other;
  std::size_t calls = 0;
  for (const auto& [id, is_call] : process.asked) {
    calls += is_call ? 1 : 0;
    (is_call ? call : other) = id;
  }
  if (calls > 0) return calls == 1 ? call : std::string();
  return process.asked.size() == 1 ? other : std::string();
}

std::vector<std::string> calls_of(const RunningProgram& process) {
  std::vector<std::string> calls;
  for (const auto& [id, is_call] : process.asked) {
    if (is_call) calls.push_back(id);
  }
  return calls;
}

bool ProcessPool::send(std::string message, std::string_view /*request*/) {
  const std::shared_ptr<Pass> pass = std::exchange(next_pass, nullptr);
  if (!sending) return false;
  const auto read = read_message(message, Side::server, parser, document);
  if (!read) return false;
  if (read->kind == MessageKind::result || read->kind == MessageKind::error) {
    answer_question(read->id, std::move(message));
    return true;
  }
  auto what = read_outgoing(message, parser, document);
  if (!what) return false;
  if (what->method == "initialize") {
    hello = message;
    hello_id = key_of(what->id);
  }
  if (what->method == "notifications/initialized") ready = message;
  const ProgramLinePtr line = line_for(*what, pass.get());
  if (!line) {
    refuse(*what, "too many credentials are in use at once");
    return true;
  }
  line->used = ++uses;
  queued_bytes += message.size();
  line->queue.push_back({*std::move(what), std::move(message), pass});
  look_whether_crowded();
  if (!line->moving) spawn(advance(shared_from_this(), line));
  return true;
}

// Our answer to what a process asked: to that one, if it is still there.
void ProcessPool::answer_question(std::string_view id, std::string message) {
  const std::string key = key_of(id);
  for (const RunningPtr& one : processes) {
    const auto found = one->questions.find(key);
    if (found == one->questions.end()) continue;
    (void)one->program.transport->send(with_id(message, id, found->second), {});
    one->questions.erase(found);
    return;
  }
}

// Where a message waits for its process. Null: there are too many.
ProgramLinePtr ProcessPool::line_for(const Outgoing& what, const Pass* pass) {
  std::string credential = pass == nullptr ? std::string() : pass->credential;
  if (!what.cancels.empty()) {
    // UpstreamSession what it takes back.
    for (const auto& [name, line] : lines) {
      const bool waits = std::ranges::any_of(
          line->queue, [&](const ProgramLine::Item& one) { return one.what.id == what.cancels; });
      const bool sent = line->running && line->running->asked.contains(key_of(what.cancels));
      if (waits || sent || line->next == what.cancels) credential = name;
    }
  }
  if (credential == server.own) credential.clear();
  const auto known = lines.find(credential);
  if (known != lines.end()) return known->second;
  if (lines.size() >= programs_max) {
    // The one that was not used for the longest time makes room.
    auto oldest = lines.end();
    for (auto it = lines.begin(); it != lines.end(); ++it) {
      const ProgramLine& line = *it->second;
      const bool busy = line.moving || (line.running && !line.running->asked.empty());
      if (it->first.empty() || busy) continue;
      if (oldest == lines.end() || line.used < oldest->second->used) oldest = it;
    }
    if (oldest == lines.end()) return nullptr;
    if (oldest->second->running) retire(RunningPtr(oldest->second->running));
    lines.erase(oldest);
  }
  auto line = std::make_shared<ProgramLine>();
  line->credential = credential;
  lines[credential] = line;
  return line;
}

void ProcessPool::deliver(std::string text, std::string request, std::vector<std::string> calls) {
  Delivery one{.text = std::move(text), .among = std::move(calls)};
  if (one.among.empty()) one.about = std::move(request);
  TransportBase::deliver(std::move(one));
}

void ProcessPool::on_pause() {
  for (const RunningPtr& one : processes) one->program.transport->pause();
}

void ProcessPool::on_resume() {
  for (const RunningPtr& one : std::vector(processes)) {
    if (!one->over) one->program.transport->resume();
  }
}

// It was not sent. Whoever asked is told in a later turn.
void ProcessPool::refuse(const Outgoing& what, const std::string& why) {
  if (what.kind != MessageKind::request) return;
  // That one is asked for again, however it ended.
  if (what.method == "subscriptions/listen") return tell_lost(what.id, why);
  loop.post(
      [weak = weak_from_this(), line = error_line(what.id, refused_by_policy, why)]() mutable {
        if (const auto self = weak.lock()) self->deliver(std::move(line));
      });
}

void ProcessPool::look_whether_crowded() {
  const bool any = std::ranges::any_of(processes, [](const auto& one) { return one->crowded; });
  const bool full = queued_bytes > (crowded ? net::kQueueBytesLow : net::kQueueBytesHigh);
  set_crowded(any || full);
}

bool ProcessPool::idle() const {
  return std::ranges::none_of(lines, [](const auto& one) { return one.second->moving; });
}

Task<bool> ProcessPool::drained() {
  const auto self = shared_from_this();
  if (!idle() && !co_await until_drained()) co_return false;
  bool all = true;
  for (const RunningPtr& one : std::vector(processes)) {
    if (!one->over && !co_await one->program.transport->drained()) all = false;
  }
  co_return all;
}

void ProcessPool::finish_sending() {
  sending = false;
  look_whether_over();
}

// Nothing more will be sent: each process is told so once it has what waited for it.
void ProcessPool::look_whether_over() {
  if (!idle()) return;
  release_drained(true);
  if (sending || told_end || !hearing) return;
  for (const RunningPtr& one : std::vector(processes)) {
    if (!one->over) one->program.transport->finish_sending();
  }
  const auto own = lines.find("");
  if (own != lines.end() && own->second->running) return;
  tell_end();
}

void ProcessPool::stop_hearing() {
  if (!std::exchange(hearing, false)) return;
  sending = false;
  for (const RunningPtr& one : std::exchange(processes, {})) {
    one->over = true;
    one->program.transport->stop_hearing();
    one->opened.deliver(false);
    one->program = {};
  }
  for (const auto& [name, line] : std::exchange(lines, {})) {
    line->queue.clear();
    line->running.reset();
  }
  waiting.clear();
  release_drained(false);
}

std::unique_ptr<Transport> over_programs(net::Loop& loop, ServerPrograms programs) {
  return TransportBase::handle(std::make_shared<ProcessPool>(loop, std::move(programs)));
}

}  // namespace pawl::mcp
