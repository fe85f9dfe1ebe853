// A condition of the policy: an expression with a place in the file and a meaning when it fails.
//
//   const auto condition = Condition::compile(text, rule, Polarity::stops, {});   // at load
//   const auto typed = condition->retyped(cel::type_of_schema(schema));          // at bind
//   ...
//   if (typed->holds(surroundings)) ...                                           // per call
//
// At load nothing is known about a tool, so `args` is dyn: syntax, names and constants are checked.
// When a tool is bound, the same text is compiled again with the types of the tool's own schema,
// and everything that does not fit is a mistake with its place in the policy file.
//
// Polarity is what a failure means: a condition that grants is false where it fails, one
// that stops is true. A condition that does not depend on any variable is a mistake.
//
// `run.records["NAME"]` and `run.seen["NAME"]` are counts; what was never counted is 0. A count is
// always asked for by a name as the policy writes it, or by `tool`, and never as a whole, so that
// only the counts that an expression names are looked up.
//
// Threads: a Condition is immutable. A Surroundings belongs to one decision.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"
#include "lang/cel/expr.h"
#include "model/verdict.h"

namespace pawl {

enum class Polarity : std::uint8_t { grants, stops };

// What every expression of a policy may use, in the order of its values.
enum class Known : std::uint8_t {
  args,
  tool,   // `server/tool`, or `tool` where the call names no server
  agent,  // the role
  run_steps,
  run_tokens,
  run_cost_usd,
  run_elapsed_seconds,
  run_denials,
  run_stage,
  run_records,
  run_seen,
  reversibility,
  blast_radius,
  external_sink,
  env,
  now,
};
inline constexpr std::size_t known_count = 16;
// As an expression writes it: `run.steps`.
std::string_view name_of(Known which);
// Variables that an author of conditions adds: `cmd`, `plan`.
inline constexpr std::size_t extra_max = 4;
// Counts that one expression may ask for, of each kind.
inline constexpr std::size_t counts_max = 8;

// One count that an expression asks for. An empty name is the tool of the call.
struct CountAsked {
  bool records = false;  // else calls that were executed
  std::string name;
  std::uint32_t offset = 0;  // in the text
};

// The values of one decision. Each is made when the first expression asks for it. The fuel is for
// all expressions of the decision.
class Surroundings {
 public:
  Surroundings() = default;
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;
  virtual ~Surroundings() = default;

  // Values of the extra variables, in their order; they live as long as they are set.
  void extra(std::span<const cel::Value> values);
  // Asks again for a value that has changed since: the class, once the cases are judged.
  void renew(Known which) { made_ &= ~(1U << static_cast<unsigned>(which)); }

 protected:
  // `run_records` and `run_seen` are never asked for here.
  virtual cel::Value value(Known which) = 0;
  virtual std::uint64_t count(const CountAsked& asked) = 0;

 private:
  friend class Condition;
  cel::Value table(std::span<const CountAsked> asked, bool records, cel::Entry* entries);

  std::array<cel::Value, known_count + extra_max> values_{};
  std::array<cel::Entry, counts_max> records_{}, seen_{};
  std::uint32_t made_ = 0;
  cel::Scratch scratch_;
  cel::Fuel fuel_;
};

// Where `now.getHours("Europe/Berlin")` finds its zone. Asked at load only.
using ZoneSource = std::function<Result<Zone>(std::string_view name)>;
using Zones = std::map<std::string, Zone, std::less<>>;

class Condition {
 public:
  using Extra = std::span<const cel::Variable>;

  // `result` is a boolean, or int for an expression that counts. Not null.
  static std::expected<std::shared_ptr<const Condition>, cel::Errors> compile(
      std::string text, Rule rule, Polarity polarity, Extra extra = {},
      cel::TypeKind result = cel::TypeKind::boolean, const ZoneSource& source = {});

  // The same with the types of a tool's arguments.
  std::expected<std::shared_ptr<const Condition>, cel::Errors> retyped(
      const cel::TypeRef& arguments) const;

  const std::string& text() const { return text_; }
  const Rule& rule() const { return rule_; }
  Polarity polarity() const { return polarity_; }
  const cel::Program& program() const { return program_; }
  const std::vector<CountAsked>& counts() const { return counts_; }
  // The zones that it names, as they were found.
  const Zones& zones() const { return *zones_; }
  bool reads(Known which) const { return (needs_ >> static_cast<unsigned>(which) & 1U) != 0; }
  // The top-level arguments that it reads or asks for.
  std::vector<std::string> arguments() const;

  // The result as it is; errors are values.
  cel::Value evaluate(Surroundings& surroundings) const;
  // Strictness wins.
  bool holds(Surroundings& surroundings) const {
    const cel::Value result = evaluate(surroundings);
    return polarity_ == Polarity::grants ? cel::true_to_allow(result) : cel::true_to_stop(result);
  }

 private:
  explicit Condition(cel::Program program) : program_(std::move(program)) {}

  std::string text_;
  Rule rule_;
  Polarity polarity_ = Polarity::grants;
  cel::TypeKind result_ = cel::TypeKind::boolean;
  std::shared_ptr<const std::vector<cel::Variable>> extra_;
  std::shared_ptr<const Zones> zones_;
  std::vector<CountAsked> counts_;
  cel::Program program_;
  std::uint32_t needs_ = 0;
};

}  // namespace pawl
