#include "doors/mcp/transport/process_pool.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/unreadable.h"
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
    // Behind what it takes back.
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

// It was not sent. The one that asked is told in a later turn.
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

namespace {

// Our request that opens a process: no id of a session looks like it.
constexpr std::string_view kOpeningId = R"("pawl-opens")";

std::string question_id(const RunningProgram& process, std::string_view raw) {
  std::string id;
  json::write_string(fmt::format("p{}:{}", process.serial, raw), id);
  return id;
}

// An id of ours as we wrote it, however the server spells it.
std::string asked_as(std::string_view raw) {
  const auto number = own_id(raw);
  return number ? std::to_string(*number) : key_of(raw);
}

}  // namespace

// Sends what waits, one after the other: a call waits for its secret, and nothing overtakes it.
Task<void> ProcessPool::advance(std::shared_ptr<ProcessPool> self, ProgramLinePtr line) {
  line->moving = true;
  while (self->hearing && !line->queue.empty()) {
    ProgramLine::Item item = std::move(line->queue.front());
    line->queue.pop_front();
    line->next = item.what.id;
    self->queued_bytes -= item.message.size();
    // What takes a request back is about a process that is there, and about nothing else.
    const bool moot = !item.what.cancels.empty() && !line->running;
    if (moot) continue;
    if (item.pass || !line->running) {
      const bool opens = item.what.method == "initialize";
      const Status equipped = co_await equip(self, line, item.pass, opens);
      if (!self->hearing) break;
      if (!equipped) {
        self->refuse(item.what, equipped.error().message);
        continue;
      }
    }
    self->hand_over(RunningPtr(line->running), std::move(item));
  }
  line->moving = false;
  if (!self->hearing) co_return;
  self->look_whether_crowded();
  self->look_whether_over();
}

// Makes `line` run a process that has the secret of this message.
Task<Status> ProcessPool::equip(std::shared_ptr<ProcessPool> self, ProgramLinePtr line,
                                std::shared_ptr<Pass> pass, bool opens) {
  Pass wanted = pass ? *pass : Pass{};
  wanted.credential = line->credential;
  auto equipment = co_await self->server.equip(wanted);
  if (!self->hearing) co_return fail(ErrorKind::environment, "the session ends");
  PAWL_CO_TRY(equipment);
  if (pass) pass->used = equipment->used;
  if (line->running && line->running->mark == equipment->mark) co_return Status{};
  auto program = self->server.start(*equipment);
  PAWL_CO_TRY(program);
  const RunningPtr before = line->running;
  const RunningPtr process = self->adopt(*std::move(program), equipment->mark);
  if (!opens && !self->revision.empty()) {
    const bool fine = co_await open_as_before(self, process);
    if (!self->hearing) co_return fail(ErrorKind::environment, "the session ends");
    if (!fine) {
      self->retire(process);
      co_return fail(ErrorKind::io,
                     "the tool server was restarted and did not initialize as before");
    }
  }
  line->running = process;
  if (before) {
    self->retire(before);
    // It may offer something else with another secret: what it offers is read and compared again.
    if (line->credential.empty()) {
      self->deliver(notification_line("notifications/tools/list_changed", "{}"));
    }
  }
  co_return Status{};
}

RunningPtr ProcessPool::adopt(Program program, std::string mark) {
  auto process = std::make_shared<RunningProgram>();
  process->serial = ++serials;
  process->mark = std::move(mark);
  process->program = std::move(program);
  processes.push_back(process);
  const std::weak_ptr<ProcessPool> weak = weak_from_this();
  const std::weak_ptr<RunningProgram> one = process;
  const auto with = [weak, one](auto&& what) {
    const auto self = weak.lock();
    const auto alive = one.lock();
    if (self && alive && self->hearing && !alive->over) what(*self, alive);
  };
  process->program.transport->open(
      {.message =
           [with](std::string_view text) {
             with([&](ProcessPool& self, const RunningPtr& it) { self.said(it, text); });
           },
       .too_long =
           [with](std::string_view head) {
             with([&](ProcessPool& self, const RunningPtr& it) { self.too_long(it, head); });
           },
       .crowded =
           [with](bool crowded) {
             with([&](ProcessPool& self, const RunningPtr& it) {
               it->crowded = crowded;
               self.look_whether_crowded();
             });
           },
       .ended = [with] { with([](ProcessPool& self, const RunningPtr& it) { self.ended(it); }); },
       .failed = {}});
  if (paused) process->program.transport->pause();
  return process;
}

// A later process hears what the first one heard, and has to speak the same revision.
Task<bool> ProcessPool::open_as_before(std::shared_ptr<ProcessPool> self, RunningPtr process) {
  auto what = read_outgoing(self->hello, self->parser, self->document);
  if (!what) co_return false;
  std::string_view id;
  for (const Slice& slice : top_level(self->hello)) {
    if (slice.key == MemberName::id) id = slice.value;
  }
  process->opening = true;
  const net::Timer patience = self->loop.after(
      opened_within, [opened = process->opened]() mutable { opened.deliver(false); });
  (void)process->program.transport->send(with_id(self->hello, id, kOpeningId), {});
  const bool fine = co_await process->opened;
  process->opening = false;
  if (!fine || !self->hearing || process->over) co_return false;
  if (!self->ready.empty()) (void)process->program.transport->send(self->ready, {});
  co_return true;
}

void ProcessPool::hand_over(const RunningPtr& process, ProgramLine::Item item) {
  const bool request = item.what.kind == MessageKind::request;
  if (request) process->asked[key_of(item.what.id)] = item.pass != nullptr;
  const bool sent =
      process->program.transport && process->program.transport->send(std::move(item.message), {});
  if (sent || !request) return;
  process->asked.erase(key_of(item.what.id));
  refuse(item.what, "the tool server has ended");
}

void ProcessPool::said(const RunningPtr& process, std::string_view text) {
  const auto self = shared_from_this();
  std::string line(text);
  if (server.scrub) server.scrub(line);
  std::string_view whole = line;
  std::string mended;
  const auto message = read_server_message(whole, mended, parser, document);
  if (!mended.empty()) return said(process, mended);
  if (!message) return unreadable(process, std::move(line));
  switch (message->kind) {
    case MessageKind::request: {
      const std::string id = question_id(*process, message->id);
      process->questions[key_of(id)] = std::string(message->id);
      const std::string only = only_request_of(*process);
      return deliver(with_id(line, message->id, id), only,
                     only.empty() ? calls_of(*process) : std::vector<std::string>());
    }
    case MessageKind::notification: {
      const json::View which = message->params["requestId"];
      if (message->method == "notifications/cancelled" && which.exists()) {
        const std::string id = question_id(*process, json::write(which));
        return deliver(notification_line(message->method, R"({"requestId":)" + id + "}"));
      }
      return deliver(std::move(line), only_request_of(*process));
    }
    case MessageKind::result:
    case MessageKind::error:
      return answered(process, *message, line);
  }
}

// The session looks at it, and ends the requests that it names.
void ProcessPool::unreadable(const RunningPtr& process, std::string line) {
  const MeantFor meant = meant_for(line);
  for (std::string_view raw : meant.ids) {
    if (!meant.answer) break;
    process->asked.erase(asked_as(raw));
    if (process->opening && key_of(raw) == kOpeningId) process->opened.deliver(false);
  }
  deliver(std::move(line));
  end_if_unused(process);
}

void ProcessPool::too_long(const RunningPtr& process, std::string_view head) {
  const MeantFor meant = meant_for(head, OfLine::beginning);
  std::vector<std::string> named;
  for (std::string_view raw : meant.ids) named.push_back(asked_as(raw));
  // Its id stands behind what is too long.
  if (named.empty() && process->asked.size() == 1) named.push_back(process->asked.begin()->first);
  for (const std::string& id : named) {
    if (meant.answer && process->asked.erase(id) > 0) tell_lost(id, "its answer is too long");
  }
  end_if_unused(process);
}

void ProcessPool::answered(const RunningPtr& process, const Message& message,
                           std::string_view text) {
  const std::string id = asked_as(message.id);
  const std::string chosen(message.result.text("protocolVersion").value_or(""));
  if (process->opening && id == kOpeningId) {
    process->opened.deliver(message.kind == MessageKind::result && chosen == revision);
    return;
  }
  const auto asked = process->asked.find(id);
  if (asked == process->asked.end()) {
    // The one that it was that was asked, it was not this process.
    return deliver(with_id(text, message.id, question_id(*process, id)));
  }
  process->asked.erase(asked);
  if (id == hello_id && message.kind == MessageKind::result) revision = chosen;
  deliver(std::string(text));
  end_if_unused(process);
}

void ProcessPool::ended(const RunningPtr& process) {
  const auto self = shared_from_this();
  process->over = true;
  process->opened.deliver(false);
  for (const auto& [id, call] : std::exchange(process->asked, {})) {
    tell_lost(id, "the tool server ended");
  }
  std::erase(processes, process);
  bool own = false;
  for (const auto& [name, line] : lines) {
    if (line->running != process) continue;
    line->running.reset();
    own = name.empty();
  }
  loop.post([program = std::make_shared<Program>(std::move(process->program))] {});
  look_whether_crowded();
  if (!own || std::exchange(told_end, true)) return;
  if (events.ended) events.ended();
}

// It gets nothing more. Calls that it has are finished; whatever else it has is asked elsewhere.
void ProcessPool::retire(const RunningPtr& process) {
  process->retired = true;
  for (auto it = process->asked.begin(); it != process->asked.end();) {
    if (it->second) {
      ++it;
      continue;
    }
    tell_lost(it->first, "the tool server was restarted with another secret");
    it = process->asked.erase(it);
  }
  end_if_unused(process);
}

void ProcessPool::end_if_unused(const RunningPtr& process) {
  if (!process->retired || process->over || !process->asked.empty()) return;
  process->over = true;
  std::erase(processes, process);
  // In a later turn: one of its own events may be what brought us here.
  loop.post([program = std::make_shared<Program>(std::move(process->program))] {});
}

}  // namespace pawl::mcp
