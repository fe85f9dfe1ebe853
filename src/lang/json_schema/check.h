// One value against a compiled schema. Private to this room.
//
// Without a report the first violation ends the walk and nothing is built. With one, the walk goes
// on until it is full. What a branch of `anyOf`, `not` or `if` says is never reported, because the
// branch may fail.
//
// `undecided_` is set by whatever cannot be checked, `spent_` when the work is used up. Either
// makes the value invalid, whatever the schema makes of the answer, unless a branch of `anyOf`
// holds that needs neither. At a trusted place it sets `leaned_` instead and counts as fitting;
// then `not`, `oneOf` and `if` take what follows from it for unknown, not for true.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/json_schema/node.h"

namespace pawl::json_schema {

// Which members or elements some schema looked at, by position.
class Marks {
 public:
  explicit Marks(std::uint32_t size);
  void set(std::uint32_t at) { words()[at / 64] |= 1ULL << (at % 64); }
  void set_all() { all_ = true; }
  bool has(std::uint32_t at) const { return all_ || (words()[at / 64] >> (at % 64) & 1U) != 0; }

 private:
  static constexpr std::size_t small = 8;
  std::uint64_t* words() { return large_.empty() ? small_.data() : large_.data(); }
  const std::uint64_t* words() const { return large_.empty() ? small_.data() : large_.data(); }

  std::array<std::uint64_t, small> small_{};
  std::vector<std::uint64_t> large_;
  bool all_ = false;
};

struct Report {
  std::vector<Violation> violations;
  std::size_t at_most = 1;
  bool full() const { return violations.size() >= at_most; }
};

class Check {
 public:
  Check(const Compiled& compiled, Report* report, const Trusted& trusted)
      : compiled_(compiled), report_(report), trusted_(trusted), work_(compiled.limits.work_max) {}
  bool run(json::View value);

 private:
  struct Scope {
    std::uint32_t resource = 0;
    const Scope* outer = nullptr;
  };
  class Enter;
  class Silence;

  bool fits(NodeId id, json::View value);
  bool fits_all(const Node& node, json::View value);
  bool fits_rules(const Node& node, json::View value);
  bool fits_kind(const Node& node, json::View value);
  bool fits_literals(const Literals& literals, json::View value);
  bool fits_text(const TextRules& rules, json::View value);
  bool fits_number(const NumberRules& rules, json::View value);
  bool fits_array(const ArrayRules& rules, json::View value);
  bool fits_contains(const ArrayRules& rules, json::View value);
  bool fits_object(const ObjectRules& rules, json::View value);
  bool fits_member(const ObjectRules& rules, const Named* named, std::string_view key,
                   json::View value);
  void tell_missing(const ObjectRules& rules, json::View value);
  bool fits_dependents(const ObjectRules& rules, json::View value);
  bool fits_size(std::uint64_t size, std::uint64_t min, std::uint64_t max, json::View value);

  // check.cpp
  bool fits_in_place(const InPlace& rules, json::View value);
  bool fits_some(const InPlace& rules, json::View value);
  bool fits_one(const InPlace& rules, json::View value);
  bool fits_condition(const InPlace& rules, json::View value);
  NodeId dynamic_target(const InPlace& rules);
  bool silently(NodeId id, json::View value);
  bool surely(NodeId id, json::View value, bool& leaning);
  bool fits_unevaluated(const Node& node, json::View value);
  void mark(const Node& node, json::View value, bool own, Marks& marks);
  void mark_members(const ObjectRules& rules, json::View value, Marks& marks);
  void mark_elements(const ArrayRules& rules, json::View value, Marks& marks);
  void mark_in_place(const InPlace& rules, json::View value, Marks& marks);

  // check.cpp
  bool fits_unique(json::View value);
  bool same(json::View a, json::View b);

  bool found(const Pattern& pattern, json::View at, std::string_view text);
  // What cannot be checked of a value: true where it is at a trusted place.
  bool uncertain(json::View value);
  bool is_trusted(json::View value);
  bool spend(std::uint64_t steps) {
    if (work_ < steps) {
      work_ = 0;
      spent_ = true;
      return false;
    }
    work_ -= steps;
    return true;
  }
  bool done() const { return report_ == nullptr || report_->full(); }
  // False always: `return wrong(…)`. `says` is called only where there is a report.
  template <class Says>
  bool wrong(json::View at, std::string_view keyword, const Says& says) {
    if (report_ != nullptr) add(at, keyword, says());
    return false;
  }
  void add(json::View at, std::string_view keyword, std::string says, std::string_view member = {});
  bool missing(json::View at, std::string_view keyword, std::string_view member);

  const Compiled& compiled_;
  Report* report_;
  const Trusted& trusted_;
  // Where the trusted places are in this value, by nodes, in their order; made when first needed.
  std::optional<std::vector<std::pair<std::uint32_t, std::uint32_t>>> places_;
  json::View whole_;  // the value that is checked
  std::uint64_t work_;
  const Scope* scope_ = nullptr;
  unsigned depth_ = 0;
  bool undecided_ = false;
  json::View undecided_at_;  // the first
  bool leaned_ = false;
  bool spent_ = false;
};

// Sets the dynamic scope and the depth for as long as a schema is looked at.
class Check::Enter {
 public:
  Enter(Check& check, const Node& node) : check_(check), before_(check.scope_) {
    ++check.depth_;
    if (!check.compiled_.dynamic || node.resource == before_->resource) return;
    here_ = {node.resource, before_};
    check.scope_ = &here_;
  }
  Enter(const Enter&) = delete;
  Enter& operator=(const Enter&) = delete;
  ~Enter() {
    check_.scope_ = before_;
    --check_.depth_;
  }

 private:
  Check& check_;
  const Scope* before_;
  Scope here_;
};

// words.cpp: what a violation says.
std::string kind_text(Kinds kinds);
Kinds kinds_of(json::View value);
std::string literals_text(const Literals& literals);
std::string number_text(json::View number);
std::string name_text(std::string_view name);

}  // namespace pawl::json_schema
