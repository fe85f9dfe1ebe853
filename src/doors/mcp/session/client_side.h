// What the client sends: requests of both eras, notifications and answers. A request is checked
// here and handed to the class that answers it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/era.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"

namespace pawl::mcp {

class ClientSide {
 public:
  explicit ClientSide(Session::Impl& session) : session_(session) {}
  ClientSide(const ClientSide&) = delete;

  void receive(std::string_view line);
  // A line that never became a message: charged, recorded, answered where it has an id.
  void refuse_line(std::string_view id, int code, const std::string& what,
                   std::string_view method = {});
  void refuse_unknown(const Message& message);

  // Read by the other parts of a session.
  Era era = Era::unknown;  // chosen by the first request of the client
  Offers offers;           // of a client of the stateful era

 private:
  std::shared_ptr<json::Document> document_for(std::string_view line) const;
  void on_request(const Message& message, std::shared_ptr<json::Document> document);
  void dispatch(PendingPtr pending, const Method& method, std::shared_ptr<json::Document> document,
                json::View params);
  void on_notification(const Message& message);
  void on_cancelled(json::View params);
  // A request that is to be answered in the stateless era. False: it is not one.
  bool on_stateless_request(const Message& message, const Method& method,
                            std::shared_ptr<json::Document>& document);
  bool check_envelope(const Message& message, const Envelope& envelope);
  Task<void> dispatch_opened(PendingPtr pending, const Method& method,
                             std::shared_ptr<json::Document> document, json::View params);

  Session::Impl& session_;
  // Of the client's message, used again once its call is over: calls mostly come one by one.
  std::shared_ptr<json::Document> client_document_ = std::make_shared<json::Document>();
};

}  // namespace pawl::mcp
