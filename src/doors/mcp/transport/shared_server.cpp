#include "doors/mcp/transport/shared_server.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "doors/mcp/transport/shared_impl.h"

namespace pawl::mcp {

SharedClient::SharedClient(std::shared_ptr<SharedProcess> p, std::uint64_t n, std::string c)
    : TransportOf(p->loop), process(std::move(p)), number(n), caller(std::move(c)) {}

void SharedClient::open(TransportEvents wanted) {
  events = std::move(wanted);
  if (!process->over) return;
  loop.post([self = shared_from_this()] { self->process->let_go(self); });
}

bool SharedClient::send(std::string message, std::string_view /*request*/) {
  return process->send(number, message, std::exchange(next_pass, nullptr));
}

void SharedClient::on_resume() {
  const auto self = shared_from_this();
  leaving ? process->let_go(self) : process->look_whether_over(self);
}

Task<bool> SharedClient::drained() {
  if (process->over) co_return false;
  co_return co_await process->program.transport->drained();
}

void SharedClient::finish_sending() {
  sending = false;
  process->look_whether_over(shared_from_this());
}

void SharedClient::stop_hearing() {
  hearing = false;
  sending = false;
  waiting.clear();
  process->leave(number);
}

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
  auto client = server->process_->add(caller);
  if (!client) return std::unexpected(std::move(client.error()));
  return TransportBase::handle(*std::move(client), server);
}

Result<SharedClientPtr> SharedProcess::add(const std::string& caller) {
  if (clients.size() >= sessions_of_a_process_max) {
    return fail(ErrorKind::environment, "too many sessions share its process");
  }
  const auto theirs = std::ranges::count_if(
      clients, [&caller](const auto& row) { return row.second->caller == caller; });
  if (!caller.empty() && static_cast<std::size_t>(theirs) >= sessions_of_one_caller_max) {
    return fail(ErrorKind::environment, "too many sessions of this caller share its process");
  }
  auto client = std::make_shared<SharedClient>(shared_from_this(), next_client++, caller);
  clients.emplace(client->number, client);
  return client;
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
  const bool waits = client->must_wait();
  client->TransportBase::deliver({.text = std::move(text)});
  if (!waits) return look_whether_over(client);
  if (client->waiting_bytes <= untaken_bytes_max) return;
  tell("a session takes nothing of what its shared server says, and is let go");
  client->waiting.clear();
  client->leaving = true;
  loop.post([self = shared_from_this(), client] { self->let_go(client); });
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
