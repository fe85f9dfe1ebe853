// What a check asks for, in words, for people who read a policy or a denial.
#pragma once

#include <cstdint>
#include <string>

#include "kernel/constraint/constraint.h"

namespace pawl {

// Whether the entries of a list are said, or only how many they are: a person who reads a policy
// may see them, and an explanation that is passed on may not hold them.
enum class Entries : std::uint8_t { counted, said };

// `one of 3 values`, `at most 200`, `below one of 2 directories`. All of it is visible text.
std::string in_words(const Check& check, Entries entries);

}  // namespace pawl
