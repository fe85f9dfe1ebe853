// Packs, and the arguments that decide a class: nothing crashes, every mistake has a place, and no
// call of a tool is worse than the tool's worst.
#include <cstdint>
#include <string_view>

#include "fuzz/must.h"
#include "kernel/pack/pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using pawl::fuzz::must;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)pawl::aws_operation(text);
  (void)pawl::parse_pack_name(text);
  const pawl::LoadedPack read = pawl::read_pack(text, "f");
  must((read.pack == nullptr) == !read.errors.empty(), "a pack or its mistakes");
  for (const pawl::Error& error : read.errors) must(error.at.file == "f", "a place");
  if (read.pack == nullptr) return 0;
  for (const pawl::PackTool& tool : read.pack->tools) {
    must(read.pack->find(tool.name) != nullptr, "a tool is found by its name");
    for (const pawl::PackTrial& trial : read.pack->trials) {
      const auto arguments = pawl::json::parse(trial.arguments);
      if (!arguments) continue;
      must(!pawl::less_dangerous(tool.worst(), tool.of_call(arguments->root())), "the worst");
    }
  }
  return 0;
}
