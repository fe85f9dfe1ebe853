// What the door bears: how much is under way, how much one caller asks, and how long who asks is
// known.
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/listener/door_impl.h"
#include "doors/mcp/transport/http_answers.h"

namespace pawl::mcp {
namespace {

constexpr Duration one_second = Duration::seconds(1);
constexpr std::size_t head_bytes_max = 4096;  // where the id is looked for in what is not read
// What is no request and short goes on where requests do not: it may be what ends one.
constexpr std::size_t short_bytes_max = 16UL << 10;

std::size_t with_reserve(std::size_t bytes_max) {
  return bytes_max + bytes_max / 8;
}

std::string id_in(const http::Request& request) {
  return id_of_head(std::string_view(request.body).substr(0, head_bytes_max));
}

}  // namespace

const std::string& HttpDoor::State::account_of(const RemoteCaller& caller) {
  return caller.account.empty() ? caller.key : caller.account;
}

// Before anybody knows who asks. False, as below: the request was answered.
bool HttpDoor::State::weighed(Asking& asking) {
  asking.load = std::make_shared<Load>(asking.request.body.size());
  asking.load->count_in(bytes);
  if (*bytes <= with_reserve(ports.limits.requests_bytes)) return true;
  refuse(std::move(asking.responder), 503, id_in(asking.request),
         "too many bytes of requests are under way");
  return false;
}

// Of a caller who is known now.
bool HttpDoor::State::counted(Asking& asking) {
  Tally& tally = tallies[account_of(asking.caller)];
  if (asking.load) asking.load->count_in(tally.bytes);
  asking.bytes_of_caller = tally.bytes;
  const Duration now = loop.now();
  if (now.ns - tally.second.ns >= one_second.ns) {
    tally.second = now;
    tally.asked = 0;
  }
  if (++tally.asked <= ports.limits.requests_per_second) return true;
  turn_away(asking, 429, id_in(asking.request), "too many requests in a second");
  return false;
}

// Now that it is known what it is.
bool HttpDoor::State::borne(Asking& asking, const Message& message) {
  const bool shorts =
      message.kind != MessageKind::request && asking.request.body.size() <= short_bytes_max;
  const auto most = [shorts](std::size_t bytes_max) {
    return shorts ? with_reserve(bytes_max) : bytes_max;
  };
  const std::string_view id = message.kind == MessageKind::request ? message.id : "null";
  if (*asking.bytes_of_caller > most(ports.limits.requests_bytes_of_caller)) {
    turn_away(asking, 429, id, "too many bytes of requests of this caller are under way");
    return false;
  }
  if (*bytes <= most(ports.limits.requests_bytes)) return true;
  turn_away(asking, 503, id, "too many bytes of requests are under way");
  return false;
}

Posted HttpDoor::State::posted(Asking& asking) const {
  return {std::move(asking.request.body), asking.document, std::move(asking.load),
          proof_of(asking)};
}

Proof HttpDoor::State::proof_of(const Asking& asking) const {
  Proof proof{.until = {}, .stands = asking.caller.stands};
  if (asking.caller.proof_lasts) proof.until = loop.now() + *asking.caller.proof_lasts;
  return proof;
}

void HttpDoor::State::turn_away(Asking& asking, int status, std::string_view id,
                                std::string_view why) {
  ports.refused({}, asking.caller,
                fmt::format("`{}`: {}", escape_untrusted(account_of(asking.caller)), why));
  refuse(std::move(asking.responder), status, id, why);
}

}  // namespace pawl::mcp
