// The lists of the server: tools from what was read and compared, all others from the server
// itself.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/session/pending.h"
#include "doors/mcp/session/session.h"
#include "doors/mcp/session/tool_catalog.h"

namespace pawl::mcp {

class Lists {
 public:
  explicit Lists(Session::Impl& session);
  Lists(const Lists&) = delete;

  // The params of a list request: a cursor that the server gave, or nothing; false for any other.
  bool cursor_params(json::View params, std::string& out) const;
  // The tools, from what was compared: the server is not asked, so it cannot tell this client
  // something else.
  Task<void> list_tools(PendingPtr pending, std::string cursor);
  // Any other list: asked for at the server.
  Task<void> list(PendingPtr pending, const Method& method, std::string params);
  Task<bool> tools_ready();
  Task<void> reload_tools(bool tell);
  // Its tools are read and compared. False: it is not there any more.
  Task<bool> tools_known();
  // The server ended: nothing that it listed counts for the next one.
  void forget();
  // Why its tools are not known, where the server said; else empty.
  std::string why_unread() const;

  // Read by the other parts of a session.
  ToolCatalog catalog;
  Duration opened;  // when the server was first there
  std::vector<Completion<bool>> waiting_for_tools;
  bool reloading = false;

 private:
  void remember_cursor(json::View result);

  Session::Impl& session_;
  std::unordered_set<std::string> cursors_;  // that the server gave: no other is passed to it
  std::unordered_map<std::string, std::string_view> cursor_names_;  // of those, under a scope
  bool reload_again_ = false;
  std::string list_refusal_;  // the error with which the server refused its list of tools, or empty
  std::string list_lost_;     // why there was no answer, or empty
};

}  // namespace pawl::mcp
