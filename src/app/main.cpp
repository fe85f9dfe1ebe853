// The program. What it can do is in commands.cpp.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/dispatch.h"
#include "app/memory.h"

int main(int count, char** words) {
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "serve" || command == "node") pawl::app::begin_with_memory(words);
  try {
    return pawl::app::dispatch(
        std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count));
  } catch (const std::exception& unforeseen) {
    // Memory that ran out, or a library that throws where it should not: never a silent end.
    std::fprintf(stderr, "pawl: %s\n", unforeseen.what());
    return pawl::app::exit_usage;
  }
}
