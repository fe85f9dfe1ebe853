// What people let a run use for a while.
#include <algorithm>
#include <utility>

#include "base/sum.h"
#include "base/text.h"
#include "kernel/state/fold.h"
#include "model/access.h"

namespace pawl {

namespace {

Status wrong_grant(std::string_view grant, std::string_view what) {
  return fail(ErrorKind::corrupt,
              "the grant `" + escape_untrusted(grant) + "` " + std::string(what));
}

// `server/pawl:access:tool` -> `server/tool`.
std::string target_of(std::string_view request) {
  const std::size_t at = request.find(access_prefix);
  if (at == std::string_view::npos) return {};
  return std::string(request.substr(0, at)) +
         std::string(request.substr(at + access_prefix.size()));
}

}  // namespace

// Only a request that people have answered, and that is under way, makes a grant.
Status Fold::operator()(const GrantMade& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_grant(b.grant, "belongs to no run");
  if (run->phase != RunPhase::open) return wrong_grant(b.grant, "is for a run that is not open");
  const LiveCall* call = state.call(b.call);
  if (call == nullptr || call->run != b.run || call->phase != CallPhase::admitted) {
    return wrong_grant(b.grant, "was asked for by no call that was let through");
  }
  if (!asks_for_access(call->tool) || target_of(call->tool) != b.tool) {
    return wrong_grant(b.grant, "is for another tool than was asked for");
  }
  const Approval* asked = state.approval(b.approval);
  if (b.approval != call->approval || asked == nullptr || asked->phase != ApprovalPhase::consumed ||
      asked->call != b.call) {
    return wrong_grant(b.grant, "was given by nobody");
  }
  const auto over = [this](const Grant& one) { return one.until <= at; };
  const bool twice = std::ranges::any_of(run->grants, [&](const Grant& one) {
    return one.id == b.grant || one.approval == b.approval;
  });
  if (twice) return wrong_grant(b.grant, "was given before");
  const auto ended = std::ranges::count_if(run->grants, over);
  if (run->grants.size() - static_cast<std::size_t>(ended) >= grants_per_run_max) {
    return wrong_grant(b.grant, "is one too many");
  }
  std::erase_if(run->grants, over);
  run->grants.push_back({b.grant, b.tool, b.line, b.approval, whole_microseconds(b.until), b.calls,
                         b.before, b.arguments});
  run->journal_bytes = sum_of(run->journal_bytes, record_charge_bytes);
  return {};
}

Status Fold::operator()(const GrantEnded& b) {
  Run* run = find(state.runs_, b.run);
  if (run == nullptr) return wrong_grant(b.grant, "belongs to no run");
  // An approval that stands for more calls is taken back by its own name.
  const auto lent = std::erase_if(run->grants, [&](const Grant& one) { return one.id == b.grant; });
  const auto stood =
      std::erase_if(run->standing, [&](const Standing& one) { return one.approval == b.grant; });
  if (lent + stood == 0) return wrong_grant(b.grant, "is not there");
  return {};
}

}  // namespace pawl
