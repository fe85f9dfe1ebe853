// Bounds of what a policy file may say. A number outside is a mistake of the author, not a wish.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace pawl::limits {

inline constexpr std::size_t file_bytes_max = 4UL << 20;
inline constexpr std::size_t list_bytes_max = 8UL << 20;
inline constexpr std::size_t list_items_max = 200'000;
inline constexpr std::size_t list_expansions_max = 1'000'000;
inline constexpr std::size_t lists_max = 256;
inline constexpr std::size_t text_bytes_max = 4096;
inline constexpr std::size_t entries_max = 5'000;
inline constexpr std::size_t tool_names_max = 10'000;
inline constexpr std::size_t blocked_max = 10'000;
inline constexpr std::size_t globs_max = 256;
inline constexpr std::size_t examples_max = 256;
inline constexpr std::size_t routes_max = 64;
inline constexpr std::size_t askable_max = 256;
inline constexpr std::size_t mistakes_max = 1'000;

inline constexpr std::uint64_t steps_max = 1'000'000'000;
inline constexpr std::uint64_t records_max = 1'000'000'000'000;
inline constexpr std::uint64_t calls_max = 1'000'000'000;
inline constexpr std::uint64_t calls_per_minute_max = 10'000;
inline constexpr std::uint64_t tokens_max = 1'000'000'000'000;
inline constexpr std::uint64_t length_max = 64UL << 20;
inline constexpr std::uint64_t quorum_max = 16;
inline constexpr std::uint64_t identical_max = 1000;
inline constexpr std::uint64_t cost_usd_max = 1'000'000'000;

inline constexpr Duration wall_clock_max = Duration::seconds(366LL * 86'400);
inline constexpr Duration approval_max = Duration::seconds(90LL * 86'400);
inline constexpr Duration lent_max = Duration::seconds(7LL * 86'400);  // of what was asked for
inline constexpr Duration automatic_within_max = Duration::seconds(600);
inline constexpr Duration contact_after_max = Duration::seconds(7LL * 86'400);

}  // namespace pawl::limits
