#include "kernel/pack/builtin.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl {

Result<std::string> builtin_pack(std::string_view written) {
  const auto name = parse_pack_name(written);
  PAWL_TRY(name);
  std::vector<std::string> names;
  for (const BuiltinPack& one : builtin_packs()) {
    if (one.name == name->name) return std::string(one.text);
    names.emplace_back(one.name);
  }
  const std::string near = closest_match(name->name, names);
  return fail(ErrorKind::missing,
              fmt::format("this version has no pack `{}`{}", escape_untrusted(name->name),
                          near.empty() ? fmt::format(": it has {}", fmt::join(names, ", "))
                                       : fmt::format(": did you mean `{}`?", near)));
}

Packs all_builtin_packs() {
  Packs out;
  for (const BuiltinPack& one : builtin_packs()) {
    const LoadedPack read = read_pack(one.text, one.name);
    if (read.pack != nullptr) out.push_back(read.pack);
  }
  return out;
}

}  // namespace pawl
