#include "doors/decide/stream.h"

#include <utility>

#include "doors/decide/turn.h"
#include "kernel/policy/policy.h"

namespace pawl {

namespace {

constexpr std::size_t bound_tools_max = 512;  // definitions kept between lines

}  // namespace

DecideStream::DecideStream(std::shared_ptr<const Policy> policy, sql::ReadSql read_sql)
    : policy_(std::move(policy)), read_sql_(std::move(read_sql)) {}

// Binding a tool reads its schema again; lines that repeat one share the result. A risk that was
// accepted until some day makes it depend on the time, so then nothing is kept.
Result<std::shared_ptr<const BoundTool>> DecideStream::bound(const Turn& turn) {
  std::string key = turn.server + "\n" + turn.tool + "\n";
  if (turn.line.schema.exists()) json::write(turn.line.schema, key);
  key += "\n";
  if (turn.line.annotations.exists()) json::write(turn.line.annotations, key);
  const bool keep = policy_->risks.empty();
  if (const auto found = bound_.find(key); keep && found != bound_.end()) return found->second;

  auto definition = definition_of(turn.server, turn.tool, turn.line.schema, turn.line.annotations);
  PAWL_TRY(definition);
  const ToolRule* entry = policy_->find(turn.server, turn.tool);
  auto tool = std::make_shared<const BoundTool>(
      bind(*policy_, *entry, std::make_shared<const ToolDefinition>(std::move(*definition)), now_));
  if (keep) {
    if (bound_.size() >= bound_tools_max) bound_.clear();
    bound_.emplace(std::move(key), tool);
  }
  return tool;
}

// Of too many runs nothing is remembered any more, and values of theirs come from nowhere.
RunOrigins& DecideStream::origins_of(const std::string& run) {
  const auto known = origins_.find(run);
  if (known != origins_.end()) return known->second;
  if (origins_.size() >= decide_origins_max) origins_.clear();
  return origins_.emplace(run, RunOrigins(policy_->sources)).first->second;
}

Status DecideStream::read(std::string_view text, Turn& turn) {
  turn.call = "c" + std::to_string(++calls_);
  json::ParseLimits limits;
  limits.bytes_max = decide_line_bytes_max;
  PAWL_TRY(parser_.parse(text, document_, limits));
  const json::View root = document_.root();
  turn.run = run_of(root);
  const auto line = read_line(root);
  PAWL_TRY(line);
  if (line->now) now_ = *line->now;
  turn.line = *line;
  return {};
}

std::string DecideStream::line(std::string_view text) {
  Turn turn(*this);
  if (const Status fine = read(text, turn); !fine) {
    return turn.refuse(Code::ambiguous_request, fine.error().message);
  }
  return turn.answer();
}

Status DecideStream::look(std::string_view text, const std::function<void(const Situation&)>& see) {
  Turn turn(*this);
  PAWL_TRY(read(text, turn));
  return turn.look(see);
}

}  // namespace pawl
