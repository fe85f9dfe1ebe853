// A table of spellings: `rule` in the words of a policy, then values with what has to happen to
// them.
//
//   rule {path: {under: /srv/ok}}
//   allow "/srv/ok/a"      # why
//   deny  "/srv/ok/../b"   # why
//
// A value is JSON on one line: a text, or a list of words.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/policy/policy.h"

namespace pawl {

struct TableLine {
  std::shared_ptr<const Policy> policy;  // with one tool, whose argument `x` the rule is about
  int number = 0;
  bool allow = false;
  std::string value;  // JSON

  // The arguments of a call with that value.
  std::string arguments() const { return R"({"x":)" + value + "}"; }
};

// A line that cannot be read, and a rule that does not load, fail the test.
std::vector<TableLine> read_table(const std::string& file);

std::shared_ptr<const Policy> policy_with_rule(const std::string& rule);

// Why the value is refused; empty where it passes and is forwarded as it is.
std::string objection(const Policy& policy, std::string_view arguments,
                      const std::vector<sql::Fact>& facts = {});

}  // namespace pawl
