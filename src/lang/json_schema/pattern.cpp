#include "lang/json_schema/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::json_schema {
namespace {

// A pattern gets the small amount, and the large one if it does not fit and there is enough left.
constexpr std::array<std::size_t, 2> memory_steps = {256UL << 10, 4UL << 20};

std::unique_ptr<const re2::RE2> build(const std::string& translated, std::size_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(static_cast<std::int64_t>(memory));
  auto built = std::make_unique<const re2::RE2>(translated, options);
  return built;
}

}  // namespace

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view text) const {
  return compiled->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                         re2::RE2::UNANCHORED, nullptr, 0);
}

Pattern compile_pattern(std::string_view source, std::size_t& left) {
  Pattern out;
  out.source = source;
  const Result<std::string> translated = to_re2(source);
  if (!translated) {
    out.why = translated.error().message;
    return out;
  }
  for (std::size_t memory : memory_steps) {
    if (memory > left) break;
    auto built = build(*translated, memory);
    if (built->ok()) {
      out.compiled = std::move(built);
      out.why.clear();
      left -= memory;
      return out;
    }
    out.why = escape_untrusted(built->error());
    if (built->error_code() != re2::RE2::ErrorPatternTooLarge) return out;
  }
  if (out.why.empty()) out.why = "the patterns of this schema take too much memory";
  return out;
}

}  // namespace pawl::json_schema
