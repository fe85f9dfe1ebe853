// The packs that this program carries: the files of `packs/`, byte for byte, made into the program
// when it is built.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "kernel/pack/pack.h"

namespace pawl {

struct BuiltinPack {
  std::string_view name;  // of its file
  std::string_view text;
};
std::span<const BuiltinPack> builtin_packs();

// The bytes of `pawl:NAME@VERSION`; an error names the nearest one that is there.
Result<std::string> builtin_pack(std::string_view written);

// All of them, read. Their mistakes would be ours: a test reads each.
Packs all_builtin_packs();

}  // namespace pawl
