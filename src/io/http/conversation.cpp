#include "io/http/conversation.h"

#include <algorithm>
#include <utility>

namespace pawl::http {
namespace {

// Requests of one client before the others have their turn.
constexpr std::size_t kRequestsAtOnceMax = 16;

}  // namespace

void Exchange::leave() {
  if (std::exchange(gone, true)) return;
  for (net::Callback& told : std::exchange(on_gone, {})) told();
}

void Exchange::lose() {
  conversation = nullptr;
  held.clear();
  leave();
  for (Completion<bool>& waiting : std::exchange(draining, {})) waiting.deliver(false);
}

Conversation::Conversation(Service& service, std::shared_ptr<const Remote> remote,
                           std::function<void()> wake)
    : service_(service),
      remote_(std::move(remote)),
      wake_(std::move(wake)),
      reader_(service.limits) {}

Conversation::~Conversation() {
  lose();
}

// A client that asks and does not read what it is answered is not asked for more.
bool Conversation::room() const {
  return !closing_ && !lost_ && !peer_ended_ &&
         exchanges_.size() < service_.limits.requests_in_flight_max &&
         out_.bytes() < service_.limits.response_queued_bytes_low;
}

bool Conversation::wants_bytes() const {
  if (lost_ || peer_ended_) return false;
  if (closing_) return !exchanges_.empty();  // only to learn that the client is gone
  return input_bytes() < service_.limits.input_ahead_bytes_max;
}

void Conversation::receive(std::string_view bytes) {
  if (lost_ || peer_ended_ || closing_) return;  // after the last request nothing counts
  if (input_bytes() > 0) {
    input_.erase(0, std::exchange(input_read_, 0));
    input_.append(bytes);
    return pump();
  }
  process(bytes);
  input_.assign(bytes);
  input_read_ = 0;
}

void Conversation::pump() {
  if (processing_ || input_bytes() == 0 || !room()) return;
  std::string_view rest = std::string_view(input_).substr(input_read_);
  process(rest);
  input_read_ = input_.size() - rest.size();
  if (!rest.empty()) return;
  input_ = std::string();
  input_read_ = 0;
}

void Conversation::process(std::string_view& bytes) {
  if (std::exchange(processing_, true)) return;
  const std::uint64_t turn_ends = requests_ + kRequestsAtOnceMax;
  while (!bytes.empty() && room() && requests_ < turn_ends) {
    std::expected<std::optional<Incoming>, Refusal> got = reader_.feed(bytes);
    account();
    if (!got) {
      refuse(got.error());
    } else if (*got) {
      dispatch(std::move(**got));
    } else if (service_.bodies_bytes > service_.limits.bodies_bytes_max) {
      refuse({503, "too many bodies are being read"});
    } else if (reader_.take_expectation() && exchanges_.empty()) {
      // With answers under way it would come before them; such a client goes on without it.
      out_.add(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
      wake_();
    }
  }
  processing_ = false;
  if (!bytes.empty() && room()) wake_();
}

// Keeps the sum over all connections; what was handed on belongs to the handler.
void Conversation::account() {
  const std::size_t now =
      reader_.stage() == RequestReader::Stage::body ? reader_.body_bytes() : std::size_t{0};
  service_.bodies_bytes += now - accounted_bytes_;
  accounted_bytes_ = now;
}

void Conversation::dispatch(Incoming incoming) {
  ++requests_;
  auto exchange = std::make_shared<Exchange>();
  exchange->conversation = this;
  exchange->head_only = incoming.request.method == "HEAD";
  exchange->http10 = incoming.http10;
  exchange->last = incoming.last || service_.draining;
  exchanges_.push_back(exchange);
  closing_ = exchange->last;
  Responder responder(std::move(exchange));
  if (service_.draining) {
    return std::move(responder).answer(respond({503, "the server is about to stop"}));
  }
  incoming.request.remote = remote_;
  service_.handler(std::move(incoming.request), std::move(responder));
}

void Conversation::refuse(const Refusal& refusal) {
  if (closing_ || lost_) return;
  closing_ = true;
  service_.bodies_bytes -= std::exchange(accounted_bytes_, 0);
  auto exchange = std::make_shared<Exchange>();
  exchange->conversation = this;
  exchange->last = true;
  exchanges_.push_back(exchange);
  Responder(std::move(exchange)).answer(respond(refusal));
}

void Conversation::receive_end() {
  if (std::exchange(peer_ended_, true) || lost_) return;
  closing_ = true;
  // Telling may answer, and so change the list.
  const std::vector<std::shared_ptr<Exchange>> all = exchanges_;
  for (const auto& exchange : all) exchange->leave();
  wake_();
}

void Conversation::drain() {
  if (lost_ || closing_) return;
  // Requests that are being answered are the last. One that is half read is told so when it is
  // complete, unless others are under way.
  if (!exchanges_.empty()) exchanges_.back()->last = true;
  if (!exchanges_.empty() || reader_.stage() == RequestReader::Stage::idle) closing_ = true;
  wake_();
}

void Conversation::lose() {
  if (std::exchange(lost_, true)) return;
  closing_ = true;
  service_.bodies_bytes -= std::exchange(accounted_bytes_, 0);
  out_.clear();
  const std::vector<std::shared_ptr<Exchange>> all = std::exchange(exchanges_, {});
  for (const auto& exchange : all) exchange->lose();
  if (wake_) wake_();
}

Conversation::Phase Conversation::phase() const {
  if (closing_ || reader_.stage() == RequestReader::Stage::idle) {
    return exchanges_.empty() ? Phase::idle : Phase::answering;
  }
  // A request that waits for room is not late by its own fault.
  if (!room()) return Phase::answering;
  return reader_.stage() == RequestReader::Stage::head ? Phase::head : Phase::body;
}

void Conversation::put(Exchange& exchange, std::string&& bytes) {
  const bool first = !exchanges_.empty() && exchanges_.front().get() == &exchange;
  (first ? out_ : exchange.held).add(std::move(bytes));
  if (first) wake_();
}

void Conversation::put(Exchange& exchange, std::string_view bytes) {
  const bool first = !exchanges_.empty() && exchanges_.front().get() == &exchange;
  (first ? out_ : exchange.held).add(bytes);
  if (first) wake_();
}

std::size_t Conversation::queued_bytes(const Exchange& exchange) const {
  const bool first = !exchanges_.empty() && exchanges_.front().get() == &exchange;
  return first ? out_.bytes() : exchange.held.bytes();
}

std::size_t Conversation::queued_bytes() const {
  std::size_t sum = out_.bytes();
  for (const auto& exchange : exchanges_) sum += exchange->held.bytes();
  return sum;
}

void Conversation::finish(Exchange& exchange) {
  exchange.state = Exchange::State::done;
  exchange.on_gone.clear();
  advance();
  wake_();
}

// Lets the answers that are next in order go out.
void Conversation::advance() {
  while (!exchanges_.empty()) {
    const std::shared_ptr<Exchange> first = exchanges_.front();
    out_.add(std::move(first->held));
    if (first->state != Exchange::State::done) return;
    exchanges_.erase(exchanges_.begin());
    first->conversation = nullptr;
    if (first->last) {
      // Whatever was asked behind it is not answered: the client was told so.
      closing_ = true;
      for (const auto& other : std::exchange(exchanges_, {})) other->lose();
    }
    for (Completion<bool>& waiting : std::exchange(first->draining, {})) waiting.deliver(true);
  }
}

void Conversation::wrote(std::size_t bytes) {
  const bool had_room = room();
  out_.taken(bytes);
  if (!had_room && room() && input_bytes() > 0) wake_();
  if (out_.bytes() >= limits().response_queued_bytes_low || exchanges_.empty()) return;
  const std::shared_ptr<Exchange> first = exchanges_.front();
  for (Completion<bool>& waiting : std::exchange(first->draining, {})) waiting.deliver(true);
}

}  // namespace pawl::http
