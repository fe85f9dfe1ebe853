// An orchestrator in C++ that asks a pawl gateway before each call of a tool, executes what is
// allowed, and hands on what the policy leaves of the result.
//
//   pawl_orchestrator ADDRESS    with PAWL_AGENT_KEY and PAWL_EXECUTOR_KEY
//   each line of its input: TOOL ARGUMENTS
#include <pawl_client/client.h>

#include <cstdlib>
#include <iostream>
#include <string>

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
  proposal.patience = std::chrono::seconds(0);  // nobody is waited for here
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
  for (std::string line; std::getline(std::cin, line);) one_call(*run, executor, line);
  const auto closed = run->close();
  std::cout << "run: " << (closed ? closed->phase : "lost") << "\n";
  // What happened, as somebody sees it who may watch the role's runs.
  const auto told = executor.events(run->id(), [](const pawl_client::Event& event) {
    std::cout << "event: " << event.type << "\n";
    return event.type != "run.closed";
  });
  if (!told) complain(told.error());
  return closed ? 0 : 1;
}
