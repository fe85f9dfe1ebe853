// Classes: one is read in at most three files. What needs more is several classes.

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

Findings find_spread_classes(const Tree& tree) {
  Findings out;
  for (const auto& [name, size] : classes_of(tree)) {
    if (size.files.size() <= files_of_a_class_max) continue;
    std::string message = "`" + name.substr(name.find(' ') + 1) + "` is defined in ";
    message += std::to_string(size.files.size()) + " files; at most ";
    message += std::to_string(files_of_a_class_max);
    out.push_back({*size.files.begin(), 1, std::move(message)});
  }
  return out;
}

}  // namespace pawl::check
