#include "doors/mcp/session/lists.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "doors/mcp/protocol/message.h"
#include "doors/mcp/protocol/methods.h"
#include "doors/mcp/protocol/reply.h"
#include "doors/mcp/protocol/response_filter.h"
#include "doors/mcp/protocol/unreadable.h"
#include "doors/mcp/session/session_impl.h"
#include "kernel/redact/scope.h"

namespace pawl::mcp {

Lists::Lists(Session::Impl& session)
    : catalog(session.gate, session.spec.run, session.spec.server, *session.spec.policy,
              session.spec.lock),
      opened(session.loop.now()),
      session_(session) {}

bool Lists::cursor_params(json::View params, std::string& out) const {
  const json::View cursor = params["cursor"];
  if (!cursor.exists()) return true;
  if (!cursor.is_string()) return false;
  std::string_view known = cursor.string();
  const std::string given(known);
  if (!cursors_.contains(given)) {
    // Under a scope the client got it under a name of ours.
    const auto named = cursor_names_.find(given);
    if (named == cursor_names_.end()) return false;
    known = named->second;
  }
  json::Writer writer;
  writer.object().key("cursor").string(known).end();
  out = writer.take();
  return true;
}

void Lists::remember_cursor(json::View result) {
  const auto next = result.text("nextCursor");
  if (!next || next->empty()) return;
  if (cursors_.size() < list_pages_max) cursors_.emplace(*next);
  const auto known = cursors_.find(std::string(*next));
  if (known == cursors_.end() || !session_.server.scoped()) return;
  cursor_names_.insert_or_assign(cursor_under_scope(*next), std::string_view(*known));
}

Task<void> Lists::list_tools(PendingPtr entry, std::string cursor) {
  const auto self = session_.shared_from_this();
  if (session_.server_gone && !co_await session_.restart.ensure_running())
    co_return session_.restart.refuse_unavailable(entry, "tools/list", false);
  if (!session_.handshake.has_tools) {
    session_.calls.settle(entry, {Reply::Kind::error,
                                  error_object(method_not_found, "the tool server has no tools")});
    co_return;
  }
  if (!co_await tools_ready()) {
    const std::string why_not =
        list_refusal_.empty()
            ? error_object(invalid_request, "the tool server did not say which tools it has")
            : list_refusal_;
    session_.calls.settle(entry, {Reply::Kind::error,
                                  session_.server.scoped() ? error_under_scope(why_not) : why_not});
    co_return;
  }
  const auto from = catalog.place_of(cursor);
  if (!from) {
    session_.calls.settle(
        entry, {Reply::Kind::error, error_object(invalid_params,
                                                 "this cursor was not given by pawl, or the tools "
                                                 "are others since")});
    co_return;
  }
  ToolsPage page = tools_page(session_.shown(), catalog, *from);
  if (page.reserved) session_.server.note_first(reserved_topic, reserved_text);
  session_.calls.settle(entry, {Reply::Kind::result, std::move(page.text)});
}

Task<void> Lists::list(PendingPtr entry, const Method& method, std::string params) {
  const auto self = session_.shared_from_this();
  if (session_.server_gone && !co_await session_.restart.ensure_running()) {
    co_return session_.restart.refuse_unavailable(entry, std::string(method.name), false);
  }
  const bool own = entry->envelope != nullptr;
  auto ticket = session_.server_requests->send(
      method.name, own ? with_meta(params.empty() ? "{}" : params, *entry->envelope)
                       : session_.handshake.params_for_server(params));
  entry->server_id = ticket.id;
  const net::Timer patience = session_.server.answered_within(ticket.id, listed_within);
  Answer answer = co_await ticket.answer;
  if (answer.kind == Answer::Kind::error) {
    session_.calls.settle(
        entry, {Reply::Kind::error, session_.server.scoped() ? error_under_scope(answer.text)
                                                             : std::move(answer.text)});
    co_return;
  }
  if (std::string clean = without_reserved(answer.text); !clean.empty()) {
    session_.server.note_reserved();
    answer.text = std::move(clean);
  }
  const auto result =
      json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
  const bool stateless = session_.handshake.server_era == Era::stateless;
  const bool listed =
      result && result->root().is_object() &&
      (!stateless || from_stateless(answer.text).kind == FromStateless::Kind::complete);
  if (!listed) {
    const bool lost = answer.kind == Answer::Kind::lost || !result;
    session_.calls.settle(
        entry, {Reply::Kind::error,
                error_object(invalid_request, lost ? "the tool server did not answer"
                                                   : "the tool server's answer is not a list")});
    co_return;
  }
  remember_cursor(result->root());
  // Written from what was read: what else the server said beside it was not checked.
  session_.calls.settle(entry, {Reply::Kind::result, filter_list(result->root(), method.member,
                                                                 session_.server.scoped())});
}

Task<bool> Lists::tools_ready() {
  if (!session_.handshake.has_tools || session_.server_gone) co_return catalog.read();
  if (catalog.read() && !reloading) co_return true;
  Completion<bool> ready;
  waiting_for_tools.push_back(ready);
  if (!reloading) start(session_.shared_from_this(), reload_tools(false));
  co_return co_await ready;
}

Task<void> Lists::reload_tools(bool tell) {
  if (reloading) {
    reload_again_ = true;
    co_return;
  }
  reloading = true;
  do {
    reload_again_ = false;
    if (session_.loop.now().ns - opened.ns > first_use_within.ns) catalog.met();
    catalog.begin();
    std::string params;
    bool complete = false;
    list_refusal_.clear();
    list_lost_.clear();
    std::set<std::string, std::less<>> cursors;
    for (std::size_t page = 0; page < list_pages_max && !complete; ++page) {
      auto ticket = session_.server_requests->send("tools/list",
                                                   session_.handshake.params_for_server(params));
      const net::Timer patience = session_.server.answered_within(ticket.id, listed_within);
      const Answer answer = co_await ticket.answer;
      if (answer.kind == Answer::Kind::error) list_refusal_ = answer.text;
      if (answer.kind == Answer::Kind::lost) list_lost_ = answer.text;
      const auto result =
          json::parse(answer.kind == Answer::Kind::result ? answer.text : "", as_it_came);
      if (!result || !catalog.add_page(result->root())) break;
      const auto next = result->root().text("nextCursor");
      const bool ends = next && ends_list(*next, cursors);
      if (ends) session_.server.note_first("list of tools ends", std::string(says_list_ends));
      complete = !next || ends;
      if (!complete) {
        json::Writer cursor;
        cursor.object().key("cursor").string(*next).end();
        params = cursor.take();
      }
    }
    // An incomplete reading shows nothing: a list that was cut is not a list that was compared. Who
    // asks next has it read again.
    complete ? catalog.finish() : catalog.forget();
    for (const std::string& one : complete ? catalog.left_out() : std::vector<std::string>())
      session_.server.note_first("tool left out", one);
    if (reload_again_) co_await session_.loop.sleep(reload_interval_min);
  } while (reload_again_ && !session_.server_gone);
  reloading = false;
  if (tell) session_.subscriptions.announce("notifications/tools/list_changed");
  for (auto& waiting : std::exchange(waiting_for_tools, {})) waiting.deliver(catalog.read());
}

Task<bool> Lists::tools_known() {
  if (!session_.handshake.has_tools || (catalog.read() && !reloading))
    co_return !session_.server_gone;
  co_return co_await tools_ready();
}

std::string Lists::why_unread() const {
  if (list_refusal_.empty()) return list_lost_;
  return message_of(list_refusal_);
}

void Lists::forget() {
  catalog.forget();
  cursor_names_.clear();
  cursors_.clear();
}

}  // namespace pawl::mcp
