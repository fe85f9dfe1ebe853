// What reads untrusted text and values, with the inputs that make each of them work hardest: shared
// by the test that all of it is linear and by the benchmark over sizes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::linear {

using Work = std::function<void()>;

struct Subject {
  std::string name;  // `links: data:a!`
  // Inputs of more bytes are refused without a look at them.
  std::size_t bytes_most = 4UL << 20;
  // Makes an input of about this many bytes; the work is one look at it.
  std::function<Work(std::size_t bytes)> prepare;
};

// All of them. Names are unique.
const std::vector<Subject>& subjects();

// texts.cpp: everything that reads one text, against texts that repeat each other's triggers.
void add_texts(std::vector<Subject>& into);
// documents.cpp: what goes through lists and objects.
void add_documents(std::vector<Subject>& into);

// The pattern again and again.
std::string repeated(std::string_view pattern, std::size_t bytes);

}  // namespace pawl::linear
