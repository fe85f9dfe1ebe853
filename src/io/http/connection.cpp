#include "io/http/connection.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace pawl::http {
namespace {

// Reads of one client before the others have their turn.
constexpr int kReadsPerTurnMax = 4;
constexpr std::size_t kPiecesMax = 16;
constexpr Duration kNever{std::numeric_limits<std::int64_t>::max()};

}  // namespace

Connection::Connection(net::Loop& loop, std::shared_ptr<Service> service,
                       std::unique_ptr<Wire> wire, std::shared_ptr<const Remote> remote,
                       Ended ended)
    : loop_(loop),
      service_(std::move(service)),
      wire_(std::move(wire)),
      remote_(std::move(remote)),
      ended_(std::move(ended)),
      conversation_(*service_, remote_, [this] { flush_later(); }) {}

void Connection::start() {
  since_ = loop_.now();
  Result<net::Watch> watched = loop_.watch(wire_->descriptor(), net::Interest::read,
                                           [this](net::Ready what) { ready(what); });
  if (!watched) return close();
  watch_ = *std::move(watched);
  settle();
}

void Connection::ready(net::Ready what) {
  const std::shared_ptr<Connection> self = shared_from_this();
  if (what.write) blocked_ = false;
  if (lingering_) return linger();
  // Nothing is left to read, and a hangup would be told for ever.
  if (what.gone && !conversation_.wants_bytes()) conversation_.lose();
  // An encrypted wire may have to read in order to write, and the other way round.
  if (what.read || what.gone || !wire_->established()) read();
  if (!closed_ && !blocked_ && !conversation_.out().empty()) flush();
  settle();
}

void Connection::read() {
  const std::span<char> buffer = loop_.read_buffer();
  for (int i = 0; i < kReadsPerTurnMax && !closed_ && conversation_.wants_bytes(); ++i) {
    const Moved got = wire_->read(buffer);
    if (got.what == Moved::What::again) return;
    if (got.what == Moved::What::failed) {
      const std::string why = wire_->unproved();
      if (!why.empty() && service_->unproved) service_->unproved(*remote_, why);
      return conversation_.lose();
    }
    if (got.what == Moved::What::ended) return conversation_.receive_end();
    identify();
    conversation_.receive({buffer.data(), got.bytes});
    // A socket that gave less than there was room for is empty: not asked again.
    if (closed_ || (got.bytes < buffer.size() && !wire_->pending())) return;
  }
}

// What the wire holds makes no socket ready.
void Connection::read_what_waits() {
  if (lingering_ || !wire_->pending() || !conversation_.wants_bytes()) return;
  if (std::exchange(read_posted_, true)) return;
  loop_.post([self = shared_from_this()] {
    self->read_posted_ = false;
    if (!self->closed_) self->ready({.read = true, .write = false, .gone = false});
  });
}

void Connection::identify() {
  if (std::exchange(identified_, true)) return;
  std::optional<ClientCertificate> certificate = wire_->certificate();
  if (!certificate) return;
  auto known = std::make_shared<Remote>(*remote_);
  known->certificate = std::move(certificate);
  conversation_.set_remote(known);
  remote_ = std::move(known);
}

// After the last answer the client may still be sending, and would lose the answer if we closed.
void Connection::linger() {
  const std::span<char> buffer = loop_.read_buffer();
  for (int i = 0; i < kReadsPerTurnMax; ++i) {
    const Moved got = wire_->read(buffer);
    if (got.what == Moved::What::again) return;
    if (got.what != Moved::What::bytes) return close();
  }
}

void Connection::flush_later() {
  if (flush_deferred_ || closed_) return;
  flush_deferred_ = true;
  loop_.defer([self = shared_from_this()] {
    self->flush_deferred_ = false;
    if (self->closed_) return;
    self->conversation_.pump();
    if (!self->blocked_) self->flush();
    self->settle();
  });
}

void Connection::flush() {
  std::array<iovec, kPiecesMax> pieces;
  while (!closed_ && !conversation_.out().empty()) {
    const std::size_t count = conversation_.out().pieces(pieces);
    const Moved sent = wire_->write(std::span(pieces).first(count));
    if (sent.what == Moved::What::again) {
      if (!std::exchange(blocked_, true)) write_since_ = loop_.now();
      return;
    }
    if (sent.what != Moved::What::bytes) return conversation_.lose();
    write_since_ = loop_.now();
    conversation_.wrote(sent.bytes);
  }
}

void Connection::settle() {
  if (closed_) return;
  if (conversation_.lost()) return close();
  if (conversation_.finished() && conversation_.out().empty() && !lingering_) {
    if (!conversation_.peer_open()) return close();
    wire_->finish();
    lingering_ = true;
    since_ = loop_.now();
  }
  read_what_waits();
  watch_.set(wire_->interest(lingering_ || conversation_.wants_bytes(), blocked_));
  watch_the_clock();
}

// When whatever we wait for is too late.
Duration Connection::deadline() {
  const ServerLimits& limits = service_->limits;
  if (lingering_) return since_ + limits.linger_time;
  const Conversation::Phase phase = conversation_.phase();
  if (phase != phase_ || conversation_.requests() != requests_) {
    phase_ = phase;
    requests_ = conversation_.requests();
    since_ = loop_.now();
  }
  if (!wire_->established()) return since_ + limits.header_time;
  if (blocked_) return write_since_ + limits.write_time;
  switch (phase) {
    case Conversation::Phase::idle:
      return since_ + limits.idle_time;
    case Conversation::Phase::head:
      return since_ + limits.header_time;
    case Conversation::Phase::body:
      return since_ + limits.body_time;
    case Conversation::Phase::answering:
      break;
  }
  return kNever;
}

void Connection::watch_the_clock() {
  const Duration due = deadline();
  if (due == kNever || (timer_.pending() && armed_ <= due)) return;
  armed_ = due;
  timer_ = loop_.at(due, [this] { on_time(); });
}

void Connection::on_time() {
  const std::shared_ptr<Connection> self = shared_from_this();
  const Duration due = deadline();
  if (loop_.now() < due) return watch_the_clock();
  if (lingering_ || !wire_->established() || blocked_) return close();
  switch (conversation_.phase()) {
    case Conversation::Phase::idle:
      return close();
    case Conversation::Phase::head:
    case Conversation::Phase::body:
      conversation_.refuse({408, "the request did not come in time"});
      break;
    case Conversation::Phase::answering:
      break;
  }
  settle();
}

void Connection::drain() {
  if (closed_) return;
  conversation_.drain();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  const std::shared_ptr<Connection> self = shared_from_this();
  watch_.reset();
  timer_.reset();
  conversation_.lose();
  wire_.reset();
  if (ended_) std::exchange(ended_, {})(*this);
}

}  // namespace pawl::http
