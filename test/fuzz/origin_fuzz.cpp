// Any words, any result and any value: no crash, and nothing is found that is not there.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "kernel/origin/forms.h"
#include "kernel/origin/origin.h"

namespace {

using namespace pawl;  // NOLINT: a program of one page

void demand(bool holds) {
  if (!holds) std::abort();
}

// Three parts, parted by line feeds with a form feed in front.
std::string_view take(std::string_view& rest) {
  const std::size_t end = rest.find('\f');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  const std::string_view words = take(rest);
  const std::string_view printed = take(rest);
  const std::string_view value = take(rest);

  RunOrigins origins({OriginSource{"", "t", {"a"}}, OriginSource{"", "t", {}}});
  origins.add_words(words);
  json::Writer result;
  result.object().key("content").array().object();
  result.key("text").string(printed).key("type").string("text").end().end().end();
  if (const auto document = json::parse(result.take())) {
    origins.add_result("", "t", "c1", document->root());
  }
  demand(without_quoted(words).size() <= words.size() + 1);
  if (!valid_utf8(value)) return 0;
  std::string text;
  json::write_string(value, text);
  const auto document = json::parse(text);
  if (!document) return 0;
  const bool said = origins.find(OriginSource{}, document->root()).has_value();
  if (said) demand(comparable(value) && !words.empty());
  for (const OriginSource& source : {OriginSource{"", "t", {"a"}}, OriginSource{"", "t", {}}}) {
    if (origins.find(source, document->root())) demand(comparable(value) && !printed.empty());
    (void)origins.call_of_host(source, value);
  }
  (void)origins.call_of_host(OriginSource{}, value);
  return 0;
}
