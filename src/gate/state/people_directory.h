// PeopleDirectory: whom the deployment lists, as the node told the gate. Private to the gate.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl {

inline constexpr const char* auditor_says = "an auditor sees everything and decides nothing";

struct PeopleDirectory {
  // Whether a person of this name, who has proven it, may decide anything at all.
  Status may_decide(const std::string& person) const;
  // The person behind an account under which runs are started; the name itself where it is not one.
  std::string_view person_of(std::string_view account) const;

  // With their groups. Nothing: the node never said who the people are.
  std::optional<std::map<std::string, std::vector<std::string>, std::less<>>> groups_of;
  std::map<std::string, std::string, std::less<>> accounts;  // folded -> person
  std::set<std::string, std::less<>> programs;               // answer by themselves
  std::set<std::string, std::less<>> auditors;               // decide nothing
  // Groups or persons that may answer where a policy names none.
  std::vector<std::string> default_reviewers;
};

}  // namespace pawl
