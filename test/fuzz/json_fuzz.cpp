// JSON from strangers: nothing crashes, and what is accepted means one thing only.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "base/json_mistake.h"

namespace {

using pawl::json::Document;
using pawl::json::DuplicateKeys;
using pawl::json::ParseLimits;
using pawl::json::Parser;

void must(bool holds) {
  if (!holds) std::abort();
}

// The canonical text reads back as an equal value and is its own canonical text.
void check_canonical(Parser& parser, const Document& document, const ParseLimits& limits) {
  const std::string once = pawl::json::write(document.root());
  Document again;
  must(parser.parse(once, again, limits).has_value());
  must(limits.duplicate_keys == DuplicateKeys::permit ||
       pawl::json::equal(document.root(), again.root()));
  must(limits.duplicate_keys == DuplicateKeys::permit || pawl::json::write(again.root()) == once);
  std::string literal;
  pawl::json::write_string(once, literal);
  must(parser.parse(literal, again, limits).has_value());
  must(again.root().string() == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static Parser parser;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  bool accepted_before = false;
  for (DuplicateKeys duplicate_keys :
       {DuplicateKeys::refuse, DuplicateKeys::refuse_exact_only, DuplicateKeys::permit}) {
    const ParseLimits limits{.depth_max = 64, .duplicate_keys = duplicate_keys};
    Document document;
    const bool accepted = parser.parse(text, document, limits).has_value();
    must(accepted == document.root().exists());
    // Each is more lenient than the one before.
    must(accepted || !accepted_before);
    accepted_before = accepted;
    if (!accepted) continue;
    if (duplicate_keys != DuplicateKeys::permit)
      must(!pawl::json::first_mistake(text, limits.depth_max));
    check_canonical(parser, document, limits);
  }
  return 0;
}
