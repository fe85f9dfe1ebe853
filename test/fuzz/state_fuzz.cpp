// What a journal holds when its bytes are whole and its records are not ours: approvals, halts,
// kills and pins are in it. Lines of the input are records; a line that begins with `!` is a
// snapshot of the state.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "fuzz/must.h"
#include "kernel/state/state.h"
#include "model/record.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

void check_snapshot(std::string_view text) {
  const auto state = State::from_json(text);
  if (!state) return;
  const std::string written = state->to_json();
  const auto again = State::from_json(written);
  must(again.has_value(), "a state that was written cannot be read");
  must(again->to_json() == written, "a state has two spellings");
  (void)state->consistent();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  State state;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('!')) {
      check_snapshot(line.substr(1));
      continue;
    }
    auto record = parse_record(line);
    if (!record) continue;
    // What a newer format means is kept as bytes and never written again.
    if (!std::holds_alternative<Unknown>(record->body)) {
      const std::string written = to_json(*record);
      const auto again = parse_record(written);
      must(again && to_json(*again) == written, "a record does not survive being written");
    }
    record->seq = state.next_seq();
    const State before = state;
    if (!state.apply(*record)) {
      must(state.to_json() == before.to_json(), "a refused record left something behind");
    }
  }
  check_snapshot(state.to_json());
  must(State::from_json(state.to_json()).has_value(), "the fold made a state that cannot be read");
  return 0;
}
