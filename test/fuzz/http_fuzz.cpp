// Bytes of a client through a connection of the HTTP server, cut anywhere, without a socket.
//
// The first byte says how the rest is cut and in which order requests are answered. However the
// bytes came, the handler must see the same requests and the client the same answers; what was
// accepted must have one reading: written down again from its parts, it is the same request.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/must.h"
#include "io/http/conversation.h"
#include "io/http/head.h"
#include "io/http/site.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using namespace pawl::http;
using fuzz::must;

constexpr std::size_t bytes_max = 4096;

ServerLimits small() {
  return {.header_bytes_max = 1024,
          .header_count_max = 20,
          .target_bytes_max = 200,
          .body_bytes_max = 512,
          .chunk_extension_bytes_max = 64,
          .requests_in_flight_max = 3,
          .input_ahead_bytes_max = 256,
          .response_queued_bytes_max = 2048,
          .response_queued_bytes_low = 100,
          .bodies_bytes_max = 600};
}

struct Seen {
  std::vector<std::string> requests;
  std::string written;
  bool finished = false;
};

std::string text_of(const Request& request) {
  std::string text = request.method + " " + request.target + "\n";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const Header header = request.headers[i];
    must(is_token(header.name) && is_field_value(header.value), "a field could split a message");
    text.append(header.name).append("=").append(header.value).append("\n");
  }
  return text + request.body;
}

class Talk {
 public:
  explicit Talk(std::uint8_t how) : how_(how) {
    service_.limits = small();
    service_.handler = [this](Request request, Responder responder) {
      must(request.headers.count("host") == 1, "a request has not one host");
      must(request.body.size() <= service_.limits.body_bytes_max, "a body is over its limit");
      must(request.target.starts_with('/') || request.target == "*", "a target is none");
      static_cast<void>(check_site(loopback_site(1), request));
      seen_.requests.push_back(text_of(request));
      waiting_.push_back(std::move(responder));
    };
    conversation_ = std::make_unique<Conversation>(service_, nullptr, [] {});
  }

  void receive(std::string_view bytes) {
    conversation_->receive(bytes);
    settle();
  }

  Seen end() {
    conversation_->receive_end();
    settle();
    must(waiting_.empty(), "a request was not answered");
    must(conversation_->finished() || conversation_->lost(), "a conversation goes on");
    seen_.finished = conversation_->finished();
    conversation_.reset();
    must(service_.bodies_bytes == 0, "bodies are counted that are gone");
    return std::move(seen_);
  }

 private:
  // Answers and writes until nothing happens any more.
  void settle() {
    for (bool moved = true; moved;) {
      moved = !waiting_.empty();
      while (!waiting_.empty()) answer();
      conversation_->pump();
      moved = moved || !waiting_.empty();
      while (!conversation_->out().empty()) {
        iovec piece{};
        conversation_->out().pieces({&piece, 1});
        seen_.written.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
        conversation_->wrote(piece.iov_len);
        moved = true;
      }
    }
  }

  void answer() {
    // The newest first: answers must still leave in the order of the requests.
    Responder responder = std::move(waiting_.back());
    waiting_.pop_back();
    if (how_ % 3 == 0) {
      Stream stream = std::move(responder).stream(event_stream());
      stream.write("data: x\n\n");
      stream.end();
    } else if (how_ % 3 == 1) {
      std::move(responder).answer({200, {}, "answer"});
    }
    // Otherwise it is dropped.
  }

  std::uint8_t how_;
  Service service_;
  Seen seen_;
  std::vector<Responder> waiting_;
  std::unique_ptr<Conversation> conversation_;
};

Seen talk(std::string_view bytes, std::uint8_t how, std::size_t cut) {
  Talk one(how);
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, cut);
    one.receive(part);
    bytes.remove_prefix(part.size());
  }
  return one.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1 || size > bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const Seen whole = talk(text, bytes[0], bytes_max);
  const Seen cut = talk(text, bytes[0], bytes[0] / 3U + 1U);
  must(whole.requests == cut.requests, "requests depend on how their bytes came");
  must(whole.finished && cut.finished, "an answer was cut");
  must(whole.written.empty() || whole.written.starts_with("HTTP/1.1 "), "an answer is none");
  return 0;
}
