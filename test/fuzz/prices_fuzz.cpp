// Price tables: what is read costs what its digits say, never less at more tokens, and a
// reservation is never cheaper than what it reserves for.
#include <cstdint>
#include <string_view>

#include "fuzz/must.h"
#include "kernel/metering/price.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page
using fuzz::must;

constexpr std::size_t bytes_max = 4096;

void check(const Price& line) {
  TokenUsage usage;
  std::uint64_t before = 0;
  for (const std::uint64_t tokens : {0UL, 1UL, 1'000'000UL, 1UL << 40}) {
    usage.cache_read = usage.cache_write = usage.output = tokens;
    const DearestPrice most = dearest(line, usage.into(), "t");
    const auto paid = cost(line, usage, "");
    must(paid.has_value(), "the ordinary service has no price");
    const bool one_tier = !line.above;
    must(!one_tier || *paid >= before, "more tokens cost less");
    before = *paid;
    using Wide = unsigned __int128;
    const Wide reserved = Wide{usage.into()} * most.input + Wide{tokens} * most.output;
    must(Wide{*paid} * 1'000'000 <= reserved + 1'000'000 || *paid == no_bound,
         "it costs more than the dearest");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > bytes_max) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto read = PriceTable::parse(text, "prices.yaml");
  if (!read) {
    must(!read.error().empty(), "it is refused without a reason");
    return 0;
  }
  for (const auto& [name, line] : read->lines()) check(line);
  return 0;
}
