// Any bytes as a text that holds a secret somewhere. It never comes out, and where the text is cut
// into pieces makes no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "fuzz/must.h"
#include "lang/secret/scrub.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pawl;
  static const std::string value = "aab%41\\u0041 b";
  static const Scrubber::Secret secrets[] = {{"x", value}, {"y", "abababab"}};
  static const Scrubber scrubber = *Scrubber::make(secrets);
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t step = size == 0 ? 1 : 1 + bytes[0] % 16;
  const std::string whole = scrubber.scrub(text);
  ScrubStream stream(scrubber);
  std::string pieces;
  for (std::size_t at = 0; at < text.size(); at += step) {
    stream.feed(std::string_view(text).substr(at, step), pieces);
  }
  stream.finish(pieces);
  fuzz::must(pieces == whole, "pieces say what the whole says");
  fuzz::must(stream.found() > 0 || whole == text, "a text without a secret is left as it is");
  for (const std::string& left : {value, hex(value), base64(value)}) {
    fuzz::must(whole.find(left) == std::string::npos, "no secret is left");
    const std::size_t middle = size / 2;
    const std::string with = text.substr(0, middle) + left + text.substr(middle);
    fuzz::must(scrubber.scrub(with).find(left) == std::string::npos, "nor where it was put in");
  }
  return 0;
}
