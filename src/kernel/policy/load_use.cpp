// `use`: the packs that describe the tools of this policy.
#include <fmt/format.h>

#include "base/text.h"
#include "kernel/pack/builtin.h"
#include "kernel/policy/build.h"

namespace pawl {
namespace {

void read_one(Build& build, const Placed& written) {
  const auto name = parse_pack_name(written.text);
  if (!name) return build.reading.mistake(written.at, name.error().message);
  const auto text =
      build.sources.pack ? build.sources.pack(written.text) : builtin_pack(written.text);
  if (!text) return build.reading.mistake(written.at, text.error().message);
  LoadedPack read = read_pack(*text, written.text);
  if (read.pack == nullptr) {
    return build.reading.mistake(
        written.at, fmt::format("the pack `{}` cannot be read: {}", escape_untrusted(written.text),
                                to_string(read.errors.front())));
  }
  if (read.pack->name != name->name || read.pack->version != name->version) {
    return build.reading.mistake(
        written.at, fmt::format("this version has `{}`, and `{}` is written: what a pack says may "
                                "differ between versions",
                                read.pack->spelled_name(), escape_untrusted(written.text)));
  }
  build.policy.packs.push_back(std::move(read.pack));
}

}  // namespace

void read_use(Build& build, Policy& /*into*/, const yaml::Entry& key) {
  for (const Placed& written : build.reading.texts(key.value, key.key)) read_one(build, written);
}

}  // namespace pawl
