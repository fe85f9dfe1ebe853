// What a session knows of the way to one of its two parties: messages out, messages in.
//
// A session stands between a client and a server and has one transport to each. Over stdio a
// transport is a pair of pipes (pipes.h); over HTTP one transport is many exchanges, which is why a
// message says which request of its party it belongs to. A transport carries whole messages, in
// order, and changes none. Back-pressure goes both ways: a transport that says it is crowded makes
// the session pause the other. Threads: one loop, its thread. Destroying a transport inside one of
// its own events is fine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/outgoing.h"
#include "model/call.h"

namespace pawl::mcp {

struct TransportEvents {
  // One message of the party. Valid until the callback returns.
  std::function<void(std::string_view message)> message;
  // A message was longer than the limit and is not delivered; `head` is its beginning.
  std::function<void(std::string_view head)> too_long;
  // More waits to be sent than is good for memory (`true`), or little enough again.
  std::function<void(bool)> crowded;
  // Once: the party will say nothing more.
  std::function<void()> ended;
  // Once: nothing can be sent any more.
  std::function<void()> failed;
  // A request (its id as raw JSON) was sent and will not be answered; why. Over pipes that is
  // known only when everything ends.
  std::function<void(std::string_view id, const std::string& why)> lost = {};
};

// The credential that a call goes out with, by its name in the deployment file.
struct Pass {
  std::string tool;          // which call it is for: a credential may be bound to tools
  std::string credential;    // empty: what the server gets for every message
  std::string arguments;     // of the call, as decided: JSON; what a credential opens may follow it
  UsedCredential used = {};  // filled in
};

// A message of a client that its door has read already, with the text that it was read from.
struct ReadMessage {
  std::string_view line;
  Message message;
  std::shared_ptr<json::Document> document;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Once, before anything else; no event comes before it returned.
  virtual void open(TransportEvents events) = 0;
  // Queues one message. `request` is the id, as raw JSON, of the party's own request that the
  // message answers or belongs to; empty: it belongs to none. False: it cannot be sent.
  virtual bool send(std::string message, std::string_view request) = 0;

  // Whether messages of this transport may go out with a secret.
  virtual bool carries_secrets() const { return false; }
  // The message that is sent next is a call with this pass. A transport that carries no credentials
  // takes no notice.
  virtual void entitle(std::shared_ptr<Pass> pass) { (void)pass; }

  // What an open request of the party repeats of its arguments; null where this transport has no
  // place for that. Valid until the request is answered.
  virtual const Repeated* repeated(std::string_view request) const {
    (void)request;
    return nullptr;
  }

  // The message that is being delivered, where this is the very text that was read with the
  // rules for clients; else null. Valid until the callback returns.
  virtual const ReadMessage* already_read(std::string_view line) const {
    (void)line;
    return nullptr;
  }

  // Of the message that is being delivered: which of our requests it belongs to, as raw JSON, where
  // the way to the party says so (over HTTP: on the stream of whose answer it came). Empty: to
  // none. Nothing: the way does not say.
  virtual std::optional<std::string> belongs_to() const { return std::nullopt; }

  // Where that says nothing: whether the message can belong to this request of ours at all.
  virtual bool may_belong_to(std::string_view request) const {
    (void)request;
    return true;
  }

  // No message is delivered until `resume`; the party is held back.
  virtual void pause() = 0;
  virtual void resume() = 0;

  // True when everything queued before has left; false when it cannot leave any more.
  virtual Task<bool> drained() = 0;
  // No further messages to the party: it is told so once what is queued has left.
  virtual void finish_sending() = 0;
  // Nothing more is heard from the party; no event follows.
  virtual void stop_hearing() = 0;
};

// A server that was started, or reached.
struct Program {
  std::unique_ptr<Transport> transport;
  std::shared_ptr<void> life;  // it ends when this is no longer held
};

// The two sides of a session.
struct SessionTransports {
  std::unique_ptr<Transport> client, server;
  std::shared_ptr<void> life = nullptr;  // of the server, where it ends with this
};

}  // namespace pawl::mcp
