// What has to hold whatever the bytes are: libFuzzer keeps the input that ends the program.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace pawl::fuzz {

inline void must(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace pawl::fuzz
