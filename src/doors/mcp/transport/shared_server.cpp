#include "doors/mcp/transport/shared_server.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/transport/shared_impl.h"

namespace pawl::mcp {
namespace {

// What a session takes for its server. It keeps the process.
class SharedClientTransport final : public Transport {
 public:
  SharedClientTransport(std::shared_ptr<SharedServer> server,
                        std::shared_ptr<SharedProcess> process, SharedClientPtr client)
      : server_(std::move(server)), process_(std::move(process)), guest_(std::move(client)) {}
  ~SharedClientTransport() override { stop_hearing(); }
  SharedClientTransport(const SharedClientTransport&) = delete;

  void open(TransportEvents events) override {
    guest_->events = std::move(events);
    if (!process_->over) return;
    process_->loop.post([process = process_, client = guest_] { process->let_go(client); });
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
    process_->loop.post([process = process_, client = guest_] { process->take(client); });
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
  SharedClientPtr guest_;
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
  return process_->clients.size();
}

Result<std::unique_ptr<Transport>> SharedServer::attach(const std::shared_ptr<SharedServer>& server,
                                                        const std::string& caller) {
  SharedProcess& process = *server->process_;
  if (process.clients.size() >= sessions_of_a_process_max) {
    return fail(ErrorKind::environment, "too many sessions share its process");
  }
  const auto theirs = std::ranges::count_if(
      process.clients, [&caller](const auto& row) { return row.second->caller == caller; });
  if (!caller.empty() && static_cast<std::size_t>(theirs) >= sessions_of_one_caller_max) {
    return fail(ErrorKind::environment, "too many sessions of this caller share its process");
  }
  auto client = std::make_shared<SharedClient>();
  client->caller = caller;
  client->number = process.next_guest++;
  process.clients.emplace(client->number, client);
  return std::make_unique<SharedClientTransport>(server, server->process_, std::move(client));
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
            for (const auto& [number, client] : std::map(process->clients)) {
              if (client->hearing && client->events.crowded) client->events.crowded(full);
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

SharedClientPtr SharedProcess::client_of(std::uint64_t number) const {
  const auto found = clients.find(number);
  return found == clients.end() ? nullptr : found->second;
}

// It ends for everybody who shares it.
void SharedProcess::ended() {
  if (std::exchange(over, true)) return;
  const auto self = shared_from_this();
  loop.post([ended = std::make_shared<Program>(std::exchange(program, {}))] {});
  asked.clear();
  for (const auto& [number, client] : std::map(clients)) let_go(client);
}

// For this session the server has ended, once it has taken what was said before that.
void SharedProcess::let_go(const SharedClientPtr& client) {
  if (!client->hearing || client->told_end) return;
  client->sending = false;
  client->leaving = true;
  if (!client->waiting.empty()) return;
  client->told_end = true;
  if (client->events.ended) client->events.ended();
}

// Nobody waits for what it had asked; the server need not go on with that.
void SharedProcess::leave(std::uint64_t number) {
  const SharedClientPtr client = client_of(number);
  if (!client) return;
  clients.erase(number);
  std::erase_if(openers, [number](const auto& one) { return one.first == number; });
  std::erase_if(probers, [number](const auto& one) { return one.first == number; });
  if (over) return;
  // A server that does not answer the only probe must not leave the others waiting for it.
  give_up_probes(*client);
  go_on_opening();
  for (const auto& [id, ours] : client->asked) {
    asked[ours].client = 0;
    (void)program.transport->send(
        notification_line("notifications/cancelled", fmt::format(R"({{"requestId":{}}})", ours)),
        {});
  }
  for (const std::string& uri : client->uris) {
    const bool others = std::ranges::any_of(
        clients, [&uri](const auto& one) { return one.second->uris.contains(uri); });
    if (others) continue;
    json::Writer params;
    params.object().key("uri").string(uri).end();
    const std::uint64_t id = next_id++;
    asked[id] = {};
    (void)program.transport->send(request_line(id, "resources/unsubscribe", params.text()), {});
  }
}

void SharedProcess::deliver(const SharedClientPtr& client, std::string text) {
  if (!client->hearing || client->leaving) return;
  if (!client->paused && client->waiting.empty()) {
    if (client->events.message) client->events.message(text);
    return look_whether_over(client);
  }
  client->waiting_bytes += text.size();
  client->waiting.push_back(std::move(text));
  if (client->waiting_bytes <= untaken_bytes_max) return;
  tell("a session takes nothing of what its shared server says, and is let go");
  client->waiting.clear();
  client->leaving = true;
  loop.post([self = shared_from_this(), client] { self->let_go(client); });
}

void SharedProcess::take(const SharedClientPtr& client) {
  while (!client->paused && client->hearing && !client->waiting.empty()) {
    const std::string text = std::move(client->waiting.front());
    client->waiting.pop_front();
    client->waiting_bytes -= text.size();
    if (client->events.message) client->events.message(text);
  }
  if (client->leaving) return let_go(client);
  look_whether_over(client);
}

void SharedProcess::answer(std::uint64_t number, std::string line) {
  loop.post([weak = weak_from_this(), number, text = std::move(line)] {
    const auto self = weak.lock();
    const SharedClientPtr client = self ? self->client_of(number) : nullptr;
    if (client) self->deliver(client, text);
  });
}

// One that says nothing more and waits for nothing has seen the end of its server.
void SharedProcess::look_whether_over(const SharedClientPtr& client) {
  if (client->sending || !client->hearing || client->told_end) return;
  if (!client->asked.empty() || !client->waiting.empty()) return;
  loop.post([self = shared_from_this(), client] { self->let_go(client); });
}

}  // namespace pawl::mcp
