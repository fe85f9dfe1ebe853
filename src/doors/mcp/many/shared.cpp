#include "doors/mcp/many/shared.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/many/shared_room.h"

namespace pawl::mcp {
namespace {

// What a session takes for its server. It keeps the process.
class GuestTransport final : public Transport {
 public:
  GuestTransport(std::shared_ptr<SharedServer> server, std::shared_ptr<SharedProcess> process,
            GuestPtr guest)
      : server_(std::move(server)), process_(std::move(process)), guest_(std::move(guest)) {}
  ~GuestTransport() override { stop_hearing(); }
  GuestTransport(const GuestTransport&) = delete;

  void open(TransportEvents events) override {
    guest_->events = std::move(events);
    if (!process_->over) return;
    process_->loop.post([process = process_, guest = guest_] { process->let_go(guest); });
  }
  bool send(std::string message, std::string_view) override {
    return process_->send(guest_->number, message, std::exchange(pass_, nullptr));
  }
  // None: but whoever wants one for a call has to hear that it gets none.
  bool carries_secrets() const override { return true; }
  void entitle(std::shared_ptr<Pass> pass) override { pass_ = std::move(pass); }
  void pause() override { guest_->paused = true; }
  void resume() override {
    guest_->paused = false;
    // In a later turn: whoever resumes may be in the middle of something.
    process_->loop.post([process = process_, guest = guest_] { process->take(guest); });
  }
  Task<bool> drained() override {
    if (process_->over) co_return false;
    co_return co_await process_->program.transport->drained();
  }
  void finish_sending() override {
    guest_->sending = false;
    process_->look_whether_over(guest_);
  }
  void stop_hearing() override {
    guest_->hearing = false;
    guest_->sending = false;
    guest_->waiting.clear();
    process_->leave(guest_->number);
  }

 private:
  std::shared_ptr<SharedServer> server_;
  std::shared_ptr<SharedProcess> process_;
  GuestPtr guest_;
  std::shared_ptr<Pass> pass_;
};

}  // namespace

SharedServer::SharedServer(net::Loop& loop, Program program,
                           std::function<void(const std::string&)> tell)
    : process_(std::make_shared<SharedProcess>(loop, std::move(program), std::move(tell))) {
  process_->open();
}

SharedServer::~SharedServer() {
  process_->over = true;
  if (process_->program.transport) process_->program.transport->stop_hearing();
  // In a later turn: one of its own events may be what brought us here.
  process_->loop.post(
      [program = std::make_shared<Program>(std::exchange(process_->program, {}))] {});
}

bool SharedServer::over() const {
  return process_->over;
}

std::size_t SharedServer::sessions() const {
  return process_->guests.size();
}

Result<std::unique_ptr<Transport>> SharedServer::attach(const std::shared_ptr<SharedServer>& server,
                                                   const std::string& caller) {
  SharedProcess& process = *server->process_;
  if (process.guests.size() >= sessions_of_a_process_max) {
    return fail(ErrorKind::environment, "too many sessions share its process");
  }
  const auto theirs = std::ranges::count_if(
      process.guests, [&caller](const auto& row) { return row.second->caller == caller; });
  if (!caller.empty() && static_cast<std::size_t>(theirs) >= sessions_of_one_caller_max) {
    return fail(ErrorKind::environment, "too many sessions of this caller share its process");
  }
  auto guest = std::make_shared<Guest>();
  guest->caller = caller;
  guest->number = process.next_guest++;
  process.guests.emplace(guest->number, guest);
  return std::make_unique<GuestTransport>(server, server->process_, std::move(guest));
}

void SharedProcess::open() {
  const std::weak_ptr<SharedProcess> self = weak_from_this();
  program.transport->open({
      .message =
          [self](std::string_view line) {
            if (auto process = self.lock()) process->said(line);
          },
      .too_long =
          [self](std::string_view head) {
            if (auto process = self.lock()) process->too_long(head);
          },
      .crowded =
          [self](bool full) {
            auto process = self.lock();
            if (!process) return;
            process->crowded = full;
            for (const auto& [number, guest] : std::map(process->guests)) {
              if (guest->hearing && guest->events.crowded) guest->events.crowded(full);
            }
          },
      .ended =
          [self] {
            if (auto process = self.lock()) process->ended();
          },
      .failed = {},
      .lost = {},
  });
}

GuestPtr SharedProcess::guest_of(std::uint64_t number) const {
  const auto found = guests.find(number);
  return found == guests.end() ? nullptr : found->second;
}

// It ends for everybody who shares it.
void SharedProcess::ended() {
  if (std::exchange(over, true)) return;
  const auto self = shared_from_this();
  loop.post([ended = std::make_shared<Program>(std::exchange(program, {}))] {});
  asked.clear();
  for (const auto& [number, guest] : std::map(guests)) let_go(guest);
}

// For this session the server has ended, once it has taken what was said before that.
void SharedProcess::let_go(const GuestPtr& guest) {
  if (!guest->hearing || guest->told_end) return;
  guest->sending = false;
  guest->leaving = true;
  if (!guest->waiting.empty()) return;
  guest->told_end = true;
  if (guest->events.ended) guest->events.ended();
}

// Nobody waits for what it had asked; the server need not go on with that.
void SharedProcess::leave(std::uint64_t number) {
  const GuestPtr guest = guest_of(number);
  if (!guest) return;
  guests.erase(number);
  std::erase_if(openers, [number](const auto& one) { return one.first == number; });
  std::erase_if(probers, [number](const auto& one) { return one.first == number; });
  if (over) return;
  // A server that does not answer the only probe must not leave the others waiting for it.
  give_up_probes(*guest);
  go_on_opening();
  for (const auto& [id, ours] : guest->asked) {
    asked[ours].guest = 0;
    (void)program.transport->send(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", ours)),
        {});
  }
  for (const std::string& uri : guest->uris) {
    const bool others = std::ranges::any_of(
        guests, [&uri](const auto& one) { return one.second->uris.contains(uri); });
    if (others) continue;
    json::Writer params;
    params.object().key("uri").string(uri).end();
    const std::uint64_t id = next_id++;
    asked[id] = {};
    (void)program.transport->send(request_line(id, "resources/unsubscribe", params.text()), {});
  }
}

void SharedProcess::deliver(const GuestPtr& guest, std::string text) {
  if (!guest->hearing || guest->leaving) return;
  if (!guest->paused && guest->waiting.empty()) {
    if (guest->events.message) guest->events.message(text);
    return look_whether_over(guest);
  }
  guest->waiting_bytes += text.size();
  guest->waiting.push_back(std::move(text));
  if (guest->waiting_bytes <= untaken_bytes_max) return;
  tell("a session takes nothing of what its shared server says, and is let go");
  guest->waiting.clear();
  guest->leaving = true;
  loop.post([self = shared_from_this(), guest] { self->let_go(guest); });
}

void SharedProcess::take(const GuestPtr& guest) {
  while (!guest->paused && guest->hearing && !guest->waiting.empty()) {
    const std::string text = std::move(guest->waiting.front());
    guest->waiting.pop_front();
    guest->waiting_bytes -= text.size();
    if (guest->events.message) guest->events.message(text);
  }
  if (guest->leaving) return let_go(guest);
  look_whether_over(guest);
}

void SharedProcess::answer(std::uint64_t number, std::string line) {
  loop.post([weak = weak_from_this(), number, text = std::move(line)] {
    const auto self = weak.lock();
    const GuestPtr guest = self ? self->guest_of(number) : nullptr;
    if (guest) self->deliver(guest, text);
  });
}

// One that says nothing more and waits for nothing has seen the end of its server.
void SharedProcess::look_whether_over(const GuestPtr& guest) {
  if (guest->sending || !guest->hearing || guest->told_end) return;
  if (!guest->asked.empty() || !guest->waiting.empty()) return;
  loop.post([self = shared_from_this(), guest] { self->let_go(guest); });
}

}  // namespace pawl::mcp
