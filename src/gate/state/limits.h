// The limits of a gate, each with its unit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace pawl {

struct GateLimits {
  Duration progress_every = Duration::seconds(5);
  std::uint32_t denial_records_max = 16;  // per run after a halt, and per minute in a flood
  std::uint64_t run_journal_bytes_max = 256UL << 20;
  std::uint64_t denied_payload_bytes_max = 64UL << 10;  // larger refused arguments: digest only
  Duration drift_max = Duration::seconds(60);  // wall clock against ours: beyond, no grants
  Duration idle_close = Duration::seconds(600);
  std::uint32_t questions_per_run_max = 100;           // open, or answered and not used
  std::uint32_t runs_per_minute_max = 60;              // new runs of one agent
  std::uint64_t result_payload_bytes_max = 1UL << 20;  // larger results: digest only
  std::uint64_t definition_bytes_max = 32UL << 20;     // definitions recorded for one run
  std::uint32_t notes_per_minute_max = 32;             // of one run; the others are dropped
  std::uint32_t refusals_per_minute_max = 32;          // of one topic; the others are a count
  std::uint64_t snapshot_records = 100'000;            // between two snapshots of the state
  // Arguments and results of more are looked at beside the loop.
  std::size_t offload_bytes_min = 32UL << 10;
};

}  // namespace pawl
