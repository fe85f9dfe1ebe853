// A whole session of the MCP door: two parties that say anything, with honest calls in between.
//
// The input is a script, a line per step; what a letter does stands in `step`. A first line `2` is
// for two servers behind one endpoint, `w` for a policy without a scope, `2w` for both. A `+`
// before it leaves out the rest in between, so that several steps arrive in one read. See
// mcp_parties.h for what is checked.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/mcp_parties.h"

namespace {

using pawl::Duration;
using pawl::fuzz::Parties;

constexpr std::size_t script_bytes_max = 8192;

void speak(Parties& parties, char who, std::string_view text) {
  switch (who) {
    case 'c':  // the client says a line
      return parties.client_says(std::string(text) + "\n");
    case 'C':  // … or a part of one
      return parties.client_says(text);
    case 's':
      return parties.server_says(std::string(text) + "\n");
    case 'z':  // … the second of two servers
      return parties.server_says(std::string(text) + "\n", 1);
    case 'S':
      return parties.server_says(text);
    case 'f':  // the honest server says more in its result
      return parties.answer_with(text);
    default:
      return;
  }
}

void step(Parties& parties, char what, std::string_view text) {
  const std::size_t number = text.empty() ? 0 : static_cast<unsigned char>(text.front()) % 16;
  switch (what) {
    case 'H':
      return parties.hello();
    case 'h':
      return parties.call(number);
    case 'n':
      return parties.modern_call(number);
    case 'b':
      return parties.come_back();
    case 'N':
      return parties.modern_server();
    case 'x':
      return parties.cancel();
    case 'r':
      return parties.answer(false);
    case 'R':
      return parties.answer(true);
    case 'e':
      return parties.answer_with_error();
    case 'p':
      return parties.progress();
    case 'm':
      return parties.server_by_hand();
    case 'a':
      return parties.approve(true);
    case 'd':
      return parties.approve(false);
    case 'k':
      return parties.kill(number % 2 == 0 ? "read" : "put");
    case 't':
      return parties.pass(Duration::seconds(1));
    case 'T':
      return parties.pass(Duration::seconds(30));
    default:
      return speak(parties, what, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > script_bytes_max) return 0;
  std::string_view script(reinterpret_cast<const char*>(bytes), size);
  const std::string_view first = script.substr(0, script.find('\n'));
  Parties parties({.several = first == "2" || first == "2w",
                   .scoped = first != "w" && first != "2w",
                   .script = script});
  while (!script.empty()) {
    std::string_view line = script.substr(0, script.find('\n'));
    script.remove_prefix(std::min(line.size() + 1, script.size()));
    const bool at_once = line.starts_with('+');
    if (at_once) line.remove_prefix(1);
    if (line.empty()) continue;
    step(parties, line.front(), line.substr(1));
    if (!at_once) parties.pump();
  }
  parties.end();
  return 0;
}
