// Policy files from strangers: nothing crashes or hangs, every mistake has a place in the file, and
// a tree without mistakes keeps the promises of base/yaml.h.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "base/text.h"
#include "base/yaml.h"
#include "base/yaml_format.h"

namespace {

using pawl::yaml::Kind;
using pawl::yaml::Node;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_tree(const Node& node, std::size_t depth, std::size_t lines) {
  must(depth <= 65);
  must(node.at.line >= 1 && node.at.line <= lines && node.at.column >= 1);
  must(pawl::valid_utf8(node.text));
  must(!(node.as_boolean() && node.as_integer()));
  must(!node.described().empty());
  for (const Node& item : node.items) check_tree(item, depth + 1, lines);
  std::set<std::string> keys;
  for (const pawl::yaml::Entry& entry : node.entries) {
    must(!entry.key.empty() && keys.insert(pawl::fold(entry.key)).second);
    must(entry.key_at.line >= 1 && entry.key_at.line <= lines);
    must(node.find(entry.key) == &entry.value);
    check_tree(entry.value, depth + 1, lines);
  }
}

// Another layout says the same, and a second time changes nothing; or the file is left alone.
void check_layout(std::string_view text, const Node& root) {
  const auto once = pawl::yaml::formatted(text, "f");
  if (!once) return;
  const pawl::yaml::Read again = pawl::yaml::read(*once, "f");
  must(again.errors.empty());
  must(pawl::yaml::digest_of(again.root) == pawl::yaml::digest_of(root));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t lines =
      static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const pawl::yaml::Read result = pawl::yaml::read(text, "f", 1UL << 16);
  for (const pawl::Error& error : result.errors) {
    must(!error.message.empty() && error.at.file == "f");
    must(error.at.line <= lines);
    must(!pawl::has_hidden_characters(error.message));
  }
  if (result.errors.empty()) {
    must(result.whole && result.root.kind != Kind::null);
    check_tree(result.root, 1, lines);
    check_layout(text, result.root);
  }
  return 0;
}
