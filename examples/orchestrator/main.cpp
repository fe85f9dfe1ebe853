// An orchestrator in C++ that asks a pawl gateway before each call of a tool, executes what is
// allowed, and hands on what the policy leaves of the result.
//
//   pawl_orchestrator ADDRESS    with PAWL_AGENT_KEY and PAWL_EXECUTOR_KEY
//   each line of its input: TOOL ARGUMENTS
//   or, for a sub-agent that may call this tool and no other: sub TOOL: TOOL ARGUMENTS
//   or, for one that speaks MCP by itself:                    sub TOOL
#include <pawl_client/client.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

// The tools of this program: whatever is asked for, there is a note with a private part.
std::string execute(const std::string& /*tool*/, const std::string& arguments) {
  return R"({"title":"a note","body":"not for the model","asked":)" + arguments + "}";
}

void complain(const pawl_client::Failure& failure) {
  std::cout << "failed: " << failure.status << " " << failure.code << "\n";
}

void one_call(pawl_client::Run& run, pawl_client::Pawl& executor, const std::string& line) {
  const std::size_t blank = line.find(' ');
  pawl_client::Proposal proposal{.tool = line.substr(0, blank)};
  if (blank != std::string::npos) proposal.arguments = line.substr(blank + 1);
  proposal.patience = std::chrono::seconds(0);  // no reviewer is waited for here
  const auto decision = run.propose(proposal);
  if (!decision) return complain(decision.error());
  if (decision->effect != pawl_client::Effect::allow) {
    const bool held = decision->effect == pawl_client::Effect::hold;
    std::cout << (held ? "hold: " : "deny: ") << decision->code << "\n";
    return;
  }
  const std::string result = execute(decision->tool, decision->arguments);
  const auto kept = executor.settle(run.id(), decision->call, {.result = result});
  if (!kept) return complain(kept.error());
  std::cout << "allow: " << kept->result << "\n";
}

// A sub-agent may do less than its run: one tool here, two steps, a minute.
void sub_agent(pawl_client::Run& run, pawl_client::Pawl& executor, const std::string& line) {
  const std::size_t colon = line.find(": ");
  const bool speaks_mcp = colon == std::string::npos;
  pawl_client::NewSubRun wanted{.agent = "helper", .tools = {line.substr(0, colon)}};
  wanted.steps = 2;
  wanted.lasts = std::chrono::minutes(1);
  wanted.for_mcp = speaks_mcp;
  auto sub = run.sub(wanted);
  if (!sub) return complain(sub.error());
  if (!speaks_mcp) one_call(*sub, executor, line.substr(colon + 2));
  // Whose credential is for the other door cannot ask here, so its run asks for it.
  const auto state = speaks_mcp ? run.state_of_sub(sub->id()) : sub->state();
  if (!state) return complain(state.error());
  const auto closed = speaks_mcp ? run.close_sub(sub->id()) : sub->close();
  if (!closed) return complain(closed.error());
  const bool ours = state->parent_run == run.id();
  std::cout << (ours ? "helper: " : "another's: ") << state->phase << " after " << state->steps
            << " steps, " << closed->phase << (speaks_mcp ? ", at " : "")
            << (speaks_mcp ? sub->audience() : "") << "\n";
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  pawl_client::Pawl agent({.address = words[1], .key = variable("PAWL_AGENT_KEY")});
  pawl_client::Pawl executor({.address = words[1], .key = variable("PAWL_EXECUTOR_KEY")});
  auto run = agent.open();
  if (!run) {
    complain(run.error());
    return 1;
  }
  constexpr std::string_view for_another = "sub ";
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with(for_another)) {
      sub_agent(*run, executor, line.substr(for_another.size()));
    } else {
      one_call(*run, executor, line);
    }
  }
  const auto closed = run->close();
  std::cout << "run: " << (closed ? closed->phase : "lost") << "\n";
  // What happened, as an agent sees it that may watch the role's runs.
  const auto told = executor.events(run->id(), [](const pawl_client::Event& event) {
    std::cout << "event: " << event.type << "\n";
    return event.type != "run.closed";
  });
  if (!told) complain(told.error());
  return closed ? 0 : 1;
}
