// `pawl decide` and `pawl decide --stream`: proposed calls in, decisions out, one JSON object a
// line.
//
//   {"run","tool","arguments","server"?,"schema"?,"annotations"?,"now"?,"user_text"?,"result"?,
//    "outcome"?}
//   {"effect","code","rule","reason","class","obligations","run"}
//
// Both are published as JSON Schema (docs/reference/decide.schema.json, from schema.cpp). State is
// kept between lines by the same fold that the gate's journal goes through, in memory only. Nothing
// runs here: an allowed call is settled with its own line, by `result` or `outcome` where they are
// given and else at its reservation; a hold and a denial cost their step and are not executed, and
// the question of a hold is withdrawn with its line, because no caller waits for it.
//
// `user_text` is what the sponsor of the run said; it counts from its line on, and stays. The
// caller that feeds the stream vouches for it: only words that came to it past the agent belong
// there. A `result` is remembered where the policy refers to a field of it (kernel/origin).
//
// The caller that names a run is its sponsor: a halt stays with the run of that name and not with
// the others of the stream. Time is what `now` says (absent: the line before's, at first 1970) and
// never the machine's. A bad line is answered with a denial, is charged to its run where one can be
// read, and never ends the stream.
// Threads: one stream belongs to one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "kernel/admit/admit.h"
#include "kernel/origin/origin.h"
#include "kernel/state/state.h"
#include "lang/sql/summary.h"

namespace pawl {

class Policy;
struct BoundTool;

inline constexpr std::size_t decide_line_bytes_max = 16UL << 20;
inline constexpr std::size_t decide_origins_max = 4096;    // runs whose words are remembered
inline constexpr std::size_t decide_name_bytes_max = 256;  // of a run, a server or a tool

class DecideStream {
 public:
  // Without `read_sql` no SQL is understood here, and its calls are denied.
  explicit DecideStream(std::shared_ptr<const Policy> policy, sql::ReadSql read_sql = {});

  // One line without its line break; the answer has none either.
  std::string line(std::string_view text);

  // The same way up to the decision, which is left to `see`: it gets what admit() would get.
  // Nothing is recorded but that the run exists. An error where the line is not a call.
  Status look(std::string_view text, const std::function<void(const Situation&)>& see);

  const State& state() const { return state_; }
  Instant now() const { return now_; }

 private:
  struct Turn;  // one line on its way; turn.h

  Status read(std::string_view text, Turn& turn);
  Result<std::shared_ptr<const BoundTool>> bound(const Turn& turn);
  RunOrigins& origins_of(const std::string& run);

  std::shared_ptr<const Policy> policy_;
  sql::ReadSql read_sql_;
  json::Parser parser_;
  json::Document document_;
  State state_;
  Instant now_{};
  std::uint64_t calls_ = 0;
  std::map<std::string, RunOrigins, std::less<>> origins_;
  std::map<std::string, std::shared_ptr<const BoundTool>, std::less<>> bound_;
};

}  // namespace pawl
