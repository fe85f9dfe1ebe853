#include "doors/mcp/requests.h"

#include <charconv>
#include <utility>
#include <vector>

#include "doors/mcp/message.h"

namespace pawl::mcp {

Requests::Ticket Requests::send(std::string_view method, std::string_view params) {
  Ticket ticket;
  ticket.id = next_id_++;
  if (lost_) {
    ticket.answer.deliver({Answer::Kind::lost, why_});
    return ticket;
  }
  open_.emplace(ticket.id, ticket.answer);
  if (!send_(request_line(ticket.id, method, params))) {
    open_.erase(ticket.id);
    ticket.answer.deliver({Answer::Kind::lost, "the other side is closed"});
  }
  return ticket;
}

bool Requests::deliver(std::string_view raw_id, Answer answer) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(raw_id.data(), raw_id.data() + raw_id.size(), id);
  if (error != std::errc{} || end != raw_id.data() + raw_id.size()) return false;
  const auto found = open_.find(id);
  if (found == open_.end()) return false;
  Completion<Answer> waiting = found->second;
  open_.erase(found);
  waiting.deliver(std::move(answer));
  return true;
}

void Requests::lose_all(const std::string& why) {
  lost_ = true;
  why_ = why;
  std::vector<Completion<Answer>> waiting;
  waiting.reserve(open_.size());
  for (auto& [id, completion] : open_) waiting.push_back(completion);
  open_.clear();
  for (auto& completion : waiting) completion.deliver({Answer::Kind::lost, why});
}

}  // namespace pawl::mcp
