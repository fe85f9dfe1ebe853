#include "doors/mcp/protocol/requests.h"

#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "doors/mcp/protocol/message.h"

namespace pawl::mcp {

Requests::Ticket Requests::send(std::string_view method, std::string_view params) {
  Ticket ticket;
  ticket.id = next_id_++;
  if (lost_) {
    ticket.answer.deliver({Answer::Kind::lost, why_});
    return ticket;
  }
  open_.emplace(ticket.id, Open{ticket.answer, std::string(method)});
  if (!send_(request_line(ticket.id, method, params))) {
    open_.erase(ticket.id);
    ticket.answer.deliver({Answer::Kind::lost, "the other side is closed"});
  }
  return ticket;
}

bool Requests::deliver(std::string_view raw_id, Answer answer) {
  const auto id = own_id(raw_id);
  const auto found = id ? open_.find(*id) : open_.end();
  if (found == open_.end()) return false;
  Completion<Answer> waiting = found->second.answer;
  open_.erase(found);
  waiting.deliver(std::move(answer));
  return true;
}

void Requests::lose(const MeantFor& meant, const std::string& why) {
  if (!meant.answer) return;
  if (meant.ids.empty() && !meant.error.empty()) return lose_nameless(meant.error);
  // The one that waits goes on inside, and may ask for more.
  std::vector<std::string> named;
  for (std::string_view id : meant.ids) named.emplace_back(id);
  for (const std::string& id : named) (void)deliver(id, {Answer::Kind::lost, why});
}

// A server that could not read a request says so without its id. It is clear which one was meant
// only where one call is open (or, where nothing but that is said, one request); of others nothing
// is known, and their deadline ends them. `method not found` may be about a notification.
void Requests::lose_nameless(std::string_view error) {
  constexpr std::int64_t not_json = -32700, no_request = -32600, no_method = -32601;
  const auto document = json::parse(error);
  const json::View root = document ? document->root() : json::View();
  const json::View code = root["code"];
  if (!code.is_integer() || code.integer() == no_method) return;
  const bool unread = code.integer() == not_json || code.integer() == no_request;
  std::vector<std::uint64_t> calls;
  for (const auto& [id, one] : open_) {
    if (one.method == "tools/call") calls.push_back(id);
  }
  if (calls.empty() && unread && open_.size() == 1) calls.push_back(open_.begin()->first);
  if (calls.size() != 1) return;
  std::string why = "the tool server answered with an error that names no request";
  const std::string said = escape_untrusted(root.text("message").value_or(""));
  if (!said.empty()) why += ": " + said;
  give_up(calls.front(), why);
}

void Requests::lose_too_long(std::string_view head) {
  const MeantFor meant = meant_for(head, OfLine::beginning);
  const std::string why = "its answer is too long";
  if (!meant.answer || !meant.ids.empty()) return lose(meant, why);
  if (open_.size() == 1) give_up(open_.begin()->first, why);
}

void Requests::give_up(std::uint64_t id, const std::string& why) {
  (void)deliver(std::to_string(id), {Answer::Kind::lost, why});
}

std::string_view Requests::method_of(std::string_view raw_id) const {
  const auto id = own_id(raw_id);
  const auto found = id ? open_.find(*id) : open_.end();
  return found == open_.end() ? std::string_view() : std::string_view(found->second.method);
}

void Requests::lose_all(const std::string& why) {
  lost_ = true;
  why_ = why;
  std::vector<Completion<Answer>> waiting;
  waiting.reserve(open_.size());
  for (auto& [id, one] : open_) waiting.push_back(one.answer);
  open_.clear();
  for (auto& completion : waiting) completion.deliver({Answer::Kind::lost, why});
}

}  // namespace pawl::mcp
