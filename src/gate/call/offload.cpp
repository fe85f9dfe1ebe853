#include "gate/call/offload.h"

#include <utility>

#include "gate/call/settle.h"
#include "gate/decision/facts.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

bool is_large(json::View value, std::size_t bytes_min) {
  if (!value.exists()) return false;
  // A short element costs about as much as this many bytes of a text.
  constexpr std::size_t bytes_of_node = 8;
  const json::Document& document = *value.document();
  const std::uint32_t end = document.node(value.index()).end;
  std::size_t bytes = (end - value.index()) * bytes_of_node;
  for (std::uint32_t at = value.index(); at < end && bytes < bytes_min; ++at) {
    const json::Node& node = document.node(at);
    if (node.kind == json::Kind::string) bytes += node.size;
  }
  return bytes >= bytes_min;
}

// The caller may be gone by then: what is delivered is ignored.
Completion<bool> run_beside(GateState& gate_state, std::function<void()> work) {
  Completion<bool> done;
  gate_state.executor.offload(std::move(work), [done]() mutable { done.deliver(true); });
  return done;
}

}  // namespace

bool large_arguments(const CallContext& context) {
  return context.run != nullptr && context.asked.keeps != nullptr &&
         is_large(context.asked.call.arguments, context.gate_state.limits.offload_bytes_min);
}

Task<void> look_ahead(CallContext& context) {
  const Call& call = context.asked.call;
  const auto tool = context.run->policy->bound(call.server, call.tool, context.asked.definition,
                                               context.gate_state.log.now());
  if (!tool || tool->entry == nullptr) co_return;
  struct Job {
    LookedAhead about;
    RunOrigins known;
    std::shared_ptr<const ArgumentFindings> found;
  };
  const auto job = std::make_shared<Job>();
  job->about = {.policy = context.run->policy->shared(),
                .tool = tool,
                .keeps = context.asked.keeps,
                .arguments = call.arguments,
                .facts = gather_resolved(context, *tool)};
  if (tool->asks_origin) job->known = context.run->origins;
  co_await run_beside(context.gate_state, [job] {
    Facts& facts = job->about.facts;
    if (job->about.tool->asks_origin) {
      facts.origins = find_origins(*job->about.tool, job->about.arguments, job->known);
    }
    job->found = std::make_shared<const ArgumentFindings>(job->about);
  });
  context.findings = job->found;
}

bool large_result(const CallContext& context, const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::result &&
         outcome.result.size() >= context.gate_state.limits.offload_bytes_min;
}

Task<void> read_result(CallContext& context, const Outcome& outcome) {
  struct Job {
    std::string result;
    ResultFindings found;
    bool done = false;
  };
  const auto job = std::make_shared<Job>();
  job->result = outcome.result;
  job->found.scope = scope_now(context);
  context.cancelled = true;  // the server has answered: there is nothing to stop any more
  co_await run_beside(context.gate_state, [job] {
    ResultFindings& found = job->found;
    found.is_error = says_error(job->result);
    if (found.scope) found.text = projected(*found.scope, job->result, found.withheld);
    job->done = true;
  });
  if (job->done) context.result_findings = std::make_shared<ResultFindings>(std::move(job->found));
}

}  // namespace pawl
