// Random bytes for callers that need few at a time and often.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace pawl {

// The bytes of `random_bytes`, asked for in batches: one call of the system for sixteen salts.
// What was handed out is wiped from the batch. Copies share the batch, so one thread has them all.
// Not for a process that forks and goes on drawing on both sides. Never called below io/ except
// through a parameter.
std::function<std::string(std::size_t)> random_in_batches();

}  // namespace pawl
