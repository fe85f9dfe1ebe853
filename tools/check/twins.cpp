// Twins: a type that two files define under one name in one namespace. Each compiles alone; linked
// together the program takes one's members for the other's, and no tool says so. Unnamed namespaces
// and tests, which are programs of their own, are left out.

#include <map>

#include "rules.h"
#include "scan.h"

namespace pawl::check {
namespace {

struct Place {
  std::string path;
  int line = 0;
};
using Types = std::map<std::string, Place>;

// Follows the braces of one file. A frame is the namespace that the brace opens, with `::` behind
// it, or nothing where it opens something else.
class TypeReader {
 public:
  TypeReader(const SourceFile& file, Types& types, Findings& out)
      : file_(file), types_(types), out_(out) {}

  void read() {
    const Scan seen = scan(file_.text);
    tokens_ = &seen.tokens;
    for (std::size_t i = 0; i < tokens_->size(); ++i) {
      if (at(i).directive) continue;
      if (at(i).is("namespace")) {
        i = open_namespace(i + 1);
      } else if (at(i).is("{")) {
        frames_.emplace_back();
        ++plain_;
      } else if (at(i).is("}")) {
        close();
      } else if (plain_ == 0 && hidden_ == 0) {
        look(i);
      }
    }
  }

 private:
  const Token& at(std::size_t i) const { return (*tokens_)[i]; }

  std::size_t open_namespace(std::size_t i) {
    std::string name;
    while (i < tokens_->size() && !at(i).is("{") && !at(i).is(";") && !at(i).is("=")) {
      name += at(i++).text;
    }
    if (i >= tokens_->size() || !at(i).is("{")) return i;
    if (name.empty()) ++hidden_;
    frames_.push_back(name.empty() ? "?" : name + "::");
    return i;
  }

  void close() {
    if (frames_.empty()) return;
    if (frames_.back().empty()) --plain_;
    if (frames_.back() == "?") --hidden_;
    frames_.pop_back();
  }

  void look(std::size_t i) {
    if (!at(i).is("struct") && !at(i).is("class") && !at(i).is("union") && !at(i).is("enum"))
      return;
    if (i > 0 && (at(i - 1).is("<") || at(i - 1).is(","))) return;  // a template's parameter
    std::size_t name = i + 1;
    if (name < tokens_->size() && (at(name).is("class") || at(name).is("struct"))) ++name;
    if (name + 1 >= tokens_->size() || at(name).kind != Kind::name) return;
    const Token& next = at(name + 1);
    if (!next.is("{") && !next.is(":") && !next.is("final")) return;
    add(at(name));
  }

  void add(const Token& name) {
    std::string whole;
    for (const std::string& frame : frames_) whole += frame;
    whole += name.text;
    const auto [found, fresh] = types_.try_emplace(whole, Place{file_.path, name.line});
    if (fresh || found->second.path == file_.path) return;
    out_.push_back({file_.path, name.line,
                    "`" + whole + "` is also defined in " + found->second.path + ":" +
                        std::to_string(found->second.line)});
  }

  const SourceFile& file_;
  Types& types_;
  Findings& out_;
  const std::vector<Token>* tokens_ = nullptr;
  std::vector<std::string> frames_;
  int plain_ = 0, hidden_ = 0;
};

}  // namespace

Findings find_twins(const Tree& tree) {
  Findings out;
  Types types;
  for (const SourceFile& file : tree.files) {
    if (!file.cpp() || file.test() || !starts_with_folder(file.path, "src")) continue;
    TypeReader(file, types, out).read();
  }
  return out;
}

}  // namespace pawl::check
