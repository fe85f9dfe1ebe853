// Any bytes as a text that could hold a secret. What is listed is found wherever it stands.
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/must.h"
#include "lang/secret/secret.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace pawl;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  SecretSearch search(nullptr);
  search.begin();
  search.weigh(text);
  fuzz::must(search.encoded() <= size, "no more weighs than there is");
  (void)search.find(text);
  const auto listed = ListedTexts::make({text});
  if (!listed) return 0;
  fuzz::must(listed->in(text), "a listed text is found in itself");
  fuzz::must(SecretSearch(&*listed).find(text).has_value(), "and by the search");
  return 0;
}
