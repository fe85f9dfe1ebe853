// The outline of a C++ file: where each function begins and ends, and which variables outlive a
// call and may change. Found by following braces and looking at what stands before each of them;
// the few things that this cannot see (a function made by a macro, a long lambda in the initialiser
// of a global) are not worth a parser.
#pragma once

#include <string>
#include <vector>

#include "scan.h"

namespace pawl::check {

struct Function {
  std::string name;
  std::string owner;  // `Session::Impl` of `Session::Impl::end`; empty: it has none
  int first = 0;      // the line of the signature
  int last = 0;       // the line of the closing brace
};

struct MutableGlobal {
  std::string name;
  int line = 0;
};

struct Outline {
  std::vector<Function> functions;
  std::vector<MutableGlobal> globals;  // namespace scope, static members, static and thread_local
  int unbalanced = 0;                  // the line where the braces stop to match, or 0
};

Outline outline(const Scan& scan);

}  // namespace pawl::check
