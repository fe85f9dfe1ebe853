// The open requests of the client, and its calls and actions: from a parsed request to the line
// that answers it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/session/tool_catalog.h"

namespace pawl {
struct Proposal;
}  // namespace pawl

namespace pawl::mcp {

class Calls {
 public:
  explicit Calls(Session::Impl& session) : session_(session) {}
  Calls(const Calls&) = delete;

  PendingPtr add(const Message& message);
  void settle(const PendingPtr& pending, Reply reply);
  // What became narrower while the server worked counts for what it says now, as for its result.
  bool withholds(const Pending& pending) const;
  Task<void> tool_call(PendingPtr pending, std::shared_ptr<json::Document> document,
                       json::View params);
  Task<void> action(PendingPtr pending, std::string method,
                    std::shared_ptr<json::Document> document, json::View params);
  // The members of `_meta` that its request at the server has, without braces.
  std::string meta_for(const Pending& entry);

  // Read by the other parts of a session.
  std::unordered_map<std::string, PendingPtr> pending;         // by Pending::key
  std::unordered_map<std::uint64_t, PendingPtr> by_server_id;  // for progress
  std::map<std::uint64_t, PendingPtr> in_flight;               // at the server, by our id

 private:
  void answer(const Pending& pending, const Reply& reply);
  // A call of pawl's own tool: a request for access to another one.
  Task<void> access_call(PendingPtr pending, std::shared_ptr<json::Document> document,
                         json::View params, json::View given);
  // What a call says a second time, in fields beside its message, has to be what the message says.
  // False: it is not, and was answered.
  bool headers_agree(const PendingPtr& pending, const CatalogEntry& listed, json::View arguments);
  void trace(const PendingPtr& entry, json::View params, Proposal& proposal) const;

  Session::Impl& session_;
};

}  // namespace pawl::mcp
