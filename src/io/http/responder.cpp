#include "io/http/responder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "io/http/conversation.h"

namespace pawl::http {
namespace {

// Said by the connection only.
constexpr auto kOurs =
    std::to_array<std::string_view>({"content-length", "transfer-encoding", "connection",
                                     "keep-alive", "upgrade", "trailer", "te", "date"});

bool acceptable(const Response& response) {
  // 1xx is not an answer, and 101 would hand the connection over.
  if (response.status < 200 || response.status > 599 || !sendable(response.headers)) return false;
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    if (std::ranges::find(kOurs, response.headers[i].name) != kOurs.end()) return false;
  }
  return true;
}

Response broken() {
  return respond({500, "the answer could not be sent"});
}

bool bodiless(int status) {
  return status == 204 || status == 304;
}

std::string_view date_of(const Exchange& exchange) {
  const auto& date = exchange.conversation->service().date;
  return date ? date() : std::string_view();
}

}  // namespace

std::string head_text(const Response& response, std::optional<std::size_t> length,
                      const Exchange& exchange, std::string_view date) {
  std::string text;
  text.reserve(512);
  text.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  text.append(phrase_of(response.status)).append("\r\n");
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    const Header header = response.headers[i];
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!date.empty()) text.append("date: ").append(date).append("\r\n");
  if (length && !bodiless(response.status)) {
    text.append("content-length: ").append(std::to_string(*length)).append("\r\n");
  } else if (!length && !exchange.http10) {
    text += "transfer-encoding: chunked\r\n";
  }
  if (exchange.last) text += "connection: close\r\n";
  text += "\r\n";
  return text;
}

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
Responder::Responder(Responder&&) noexcept = default;
Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    drop();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}
Responder::~Responder() {
  drop();
}

void Responder::drop() {
  if (!exchange_) return;
  Responder unanswered(std::move(exchange_));
  std::move(unanswered).answer(respond({500, "the request was not answered"}));
}

void Responder::answer(Response response) && {
  const std::shared_ptr<Exchange> exchange = std::move(exchange_);
  if (!exchange || exchange->conversation == nullptr) return;
  Conversation& conversation = *exchange->conversation;
  if (!acceptable(response)) response = broken();
  conversation.put(*exchange,
                   head_text(response, response.body.size(), *exchange, date_of(*exchange)));
  if (!exchange->head_only && !bodiless(response.status)) {
    conversation.put(*exchange, std::move(response.body));
  }
  conversation.finish(*exchange);
}

Stream Responder::stream(Response head) && {
  std::shared_ptr<Exchange> exchange = std::move(exchange_);
  if (!exchange || exchange->conversation == nullptr) return Stream(std::move(exchange));
  Conversation& conversation = *exchange->conversation;
  if (!acceptable(head) || bodiless(head.status)) {
    Responder(exchange).answer(broken());
    return Stream(std::move(exchange));
  }
  if (!head.headers.find("cache-control")) head.headers.add("cache-control", "no-store");
  if (!head.headers.find("x-accel-buffering")) head.headers.add("x-accel-buffering", "no");
  exchange->state = Exchange::State::streaming;
  if (exchange->http10) exchange->last = true;
  conversation.put(*exchange, head_text(head, std::nullopt, *exchange, date_of(*exchange)));
  Stream stream(std::move(exchange));
  if (!head.body.empty()) stream.write(head.body);
  return stream;
}

bool Responder::gone() const {
  return !exchange_ || exchange_->gone || exchange_->conversation == nullptr;
}

void Responder::on_gone(net::Callback told) {
  if (gone()) return told();
  exchange_->on_gone.push_back(std::move(told));
}

Stream::Stream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    const Stream before(std::exchange(exchange_, std::move(other.exchange_)));
  }
  return *this;
}
Stream::~Stream() {
  if (!exchange_ || exchange_->conversation == nullptr) return;
  if (exchange_->state == Exchange::State::streaming) exchange_->conversation->lose();
}

bool Stream::write(std::string_view bytes) {
  if (!exchange_ || exchange_->conversation == nullptr) return false;
  if (exchange_->state != Exchange::State::streaming) return false;
  Conversation& conversation = *exchange_->conversation;
  const std::size_t queued = conversation.queued_bytes();
  if (queued > 0 && queued + bytes.size() > conversation.limits().response_queued_bytes_max) {
    conversation.lose();
    return false;
  }
  if (bytes.empty() || exchange_->head_only) return true;
  if (exchange_->http10) {
    conversation.put(*exchange_, bytes);
    return true;
  }
  std::string chunk;
  chunk.reserve(bytes.size() + 20);
  fmt::format_to(std::back_inserter(chunk), "{:x}\r\n", bytes.size());
  chunk.append(bytes).append("\r\n");
  conversation.put(*exchange_, std::move(chunk));
  return true;
}

std::size_t Stream::queued_bytes() const {
  if (!exchange_ || exchange_->conversation == nullptr) return 0;
  return exchange_->conversation->queued_bytes(*exchange_);
}

Task<bool> Stream::drained() {
  // The exchange is kept by the frame: the stream may move while it waits.
  const std::shared_ptr<Exchange> exchange = exchange_;
  if (!exchange || exchange->conversation == nullptr) co_return false;
  Conversation& conversation = *exchange->conversation;
  const std::size_t low = conversation.limits().response_queued_bytes_low;
  if (conversation.queued_bytes(*exchange) < low) co_return true;
  Completion<bool> done;
  exchange->draining.push_back(done);
  co_return co_await done;
}

bool Stream::gone() const {
  return !exchange_ || exchange_->gone || exchange_->conversation == nullptr;
}

void Stream::on_gone(net::Callback told) {
  if (gone()) return told();
  exchange_->on_gone.push_back(std::move(told));
}

void Stream::end() {
  const std::shared_ptr<Exchange> exchange = std::move(exchange_);
  if (!exchange || exchange->conversation == nullptr) return;
  if (exchange->state != Exchange::State::streaming) return;
  Conversation& conversation = *exchange->conversation;
  if (!exchange->http10 && !exchange->head_only)
    conversation.put(*exchange, std::string_view("0\r\n\r\n"));
  conversation.finish(*exchange);
}

Response event_stream() {
  Response head;
  head.headers.add("content-type", "text/event-stream");
  return head;
}

}  // namespace pawl::http
