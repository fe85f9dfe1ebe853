// The program. What it can do is in commands.cpp.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/dispatch.h"

int main(int count, char** words) {
  try {
    return pawl::app::dispatch(
        std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count));
  } catch (const std::exception& unforeseen) {
    // Memory that ran out, or a library that throws where it should not: never a silent end.
    std::fprintf(stderr, "pawl: %s\n", unforeseen.what());
    return pawl::app::exit_usage;
  }
}
