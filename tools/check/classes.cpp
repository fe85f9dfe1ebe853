// Classes: one is read in at most three files, and has fewer than forty methods. What needs more is
// several classes.

#include "classes.h"

#include "outline.h"
#include "rules.h"
#include "scan.h"

namespace pawl::check {

bool is_production(const SourceFile& file) {
  const bool ours = file.path.starts_with("src/") || file.path.starts_with("include/");
  return ours && file.cpp() && !file.test() && !file.name().ends_with("testing.h") &&
         !file.name().starts_with("test_world");
}

Classes classes_of(const Tree& tree) {
  Classes classes;
  for (const SourceFile& file : tree.files) {
    if (!is_production(file)) continue;
    for (const Function& function : outline(scan(file.text)).functions) {
      if (function.owner.empty()) continue;
      ClassSize& size = classes[std::string(file.folder()) + " " + function.owner];
      size.files.insert(file.path);
      size.methods.insert(function.name);
    }
  }
  return classes;
}

Findings find_large_classes(const Tree& tree) {
  Findings out;
  for (const auto& [name, size] : classes_of(tree)) {
    const std::string called = "`" + name.substr(name.find(' ') + 1) + "`";
    const auto say = [&](std::string_view verb, std::size_t count, std::string_view what,
                         std::size_t most) {
      std::string message = called;
      message.append(verb).append(std::to_string(count)).append(what).append("; at most ");
      out.push_back({*size.files.begin(), 1, message + std::to_string(most)});
    };
    if (size.files.size() > files_of_a_class_max) {
      say(" is defined in ", size.files.size(), " files", files_of_a_class_max);
    }
    if (size.methods.size() > methods_of_a_class_max) {
      say(" has ", size.methods.size(), " methods", methods_of_a_class_max);
    }
  }
  return out;
}

}  // namespace pawl::check
