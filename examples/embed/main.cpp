// Asks pawl's kernel about three calls. Usage: pawl_example_embed policy.yaml
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "pawl/kernel.h"

namespace {

const char* word_of(pawl::Decision::Effect effect) {
  switch (effect) {
    case pawl::Decision::Effect::allow:
      return "allow";
    case pawl::Decision::Effect::hold:
      return "hold";
    case pawl::Decision::Effect::deny:
      return "deny";
  }
  return "deny";
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: pawl_example_embed policy.yaml\n";
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto kernel = pawl::Kernel::load(text, arguments[1]);
  if (!kernel) {
    for (const std::string& mistake : kernel.error()) std::cerr << mistake << "\n";
    return 1;
  }
  const pawl::Proposal proposals[] = {
      {.run = "r1", .tool = "read_order", .arguments = R"({"id":"ORD-1"})"},
      {.run = "r1", .tool = "update_order", .arguments = R"({"id":"ORD-1","status":"lost"})"},
      {.run = "r1", .tool = "send_mail", .arguments = R"({"to":"a@myco.example"})"},
  };
  for (const pawl::Proposal& proposal : proposals) {
    const pawl::Decision decision = kernel->decide(proposal);
    std::cout << proposal.tool << ": " << word_of(decision.effect) << "\n  " << decision.reason
              << "\n";
  }
  return 0;
}
