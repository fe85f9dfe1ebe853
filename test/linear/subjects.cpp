#include "test/linear/subjects.h"

namespace pawl::linear {

std::string repeated(std::string_view pattern, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + pattern.size());
  while (out.size() < bytes) out += pattern;
  return out;
}

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> made;
    add_texts(made);
    add_documents(made);
    return made;
  }();
  return all;
}

}  // namespace pawl::linear
