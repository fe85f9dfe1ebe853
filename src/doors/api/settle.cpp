// How a call ended, from who executed it.
#include <utility>

#include "base/json.h"
#include "doors/api/api_impl.h"

namespace pawl::api {

Task<void> Api::Impl::settle(VisitPtr visit) {
  const auto self = shared_from_this();
  const auto found = calls.find(visit->asked.call);
  if (found == calls.end() || found->second->run != visit->run) {
    const bool ended_before = ended_calls.contains(visit->asked.call);
    co_return visit->refuse(ended_before ? 409 : 404, Code::not_in_state,
                            ended_before ? "this call has its outcome already"
                                         : "no such call waits for its outcome here");
  }
  auto outcome = read_outcome(visit->body.root());
  if (!outcome) co_return visit->refuse(400, Code::ambiguous_request, outcome.error().message);
  const OpenCallPtr call = found->second;
  call->reported = !call->outcome.delivered();
  if (!call->reported || !call->outcome.deliver(std::move(*outcome))) {
    co_return visit->refuse(409, Code::not_in_state, "this call has its outcome already");
  }
  std::string settlement = co_await call->settlement;
  visit->answer(200, std::move(settlement));
}

void Api::Impl::ended(const OpenCallPtr& call, const Settled& settled) {
  calls.erase(call->id);
  const std::string settlement = settlement_json(call->id, settled);
  json::Writer text;
  text.object().key("call").string(call->id).key("phase");
  const auto said = json::parse(settlement);
  text.string(said ? said->root().text("outcome").value_or("indeterminate") : "indeterminate");
  if (settlement.size() <= ports.limits.ended_result_bytes_max) {
    text.key("settlement").raw(settlement);
  }
  if (ended_order.size() >= ports.limits.ended_calls_max) {
    ended_calls.erase(ended_order.front());
    ended_order.pop_front();
  }
  ended_order.push_back(call->id);
  ended_calls[call->id] = {call->run, text.end().take()};
  call->settlement.deliver(settlement);
}

}  // namespace pawl::api
