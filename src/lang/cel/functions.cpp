#include "lang/cel/functions.h"

#include <algorithm>
#include <cassert>
#include <map>

namespace pawl::cel {
namespace {

std::string_view until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return head;
}

// Types between commas, where brackets hold commas of their own.
std::vector<TypeRef> types_of(std::string_view text) {
  std::vector<TypeRef> types;
  int open = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(') ++open;
    if (c == ')') --open;
    if (c != ',' || open > 0) continue;
    if (i > begin) types.push_back(parse_type(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return types;
}

// `string.(int,list(A)) bool`
Signature signature_of(std::string_view form) {
  Signature out;
  const std::size_t blank = form.rfind(' ');
  out.result = parse_type(form.substr(blank + 1));
  std::string_view left = form.substr(0, blank);
  const std::size_t dot = left.rfind(".(");
  if (dot != left.npos) {
    out.receiver = true;
    out.parameters.push_back(parse_type(left.substr(0, dot)));
    left.remove_prefix(dot + 1);
  }
  left = left.substr(1, left.size() - 2);
  for (TypeRef& type : types_of(left)) out.parameters.push_back(std::move(type));
  assert(out.result != nullptr &&
         std::ranges::find(out.parameters, nullptr) == out.parameters.end());
  return out;
}

std::vector<Function> all_functions() {
  std::vector<Function> all;
  for (const auto rows :
       {operator_rows(), conversion_rows(), text_rows(), text_position_rows(), format_rows(),
        time_rows(), math_rows(), set_rows(), network_rows(), option_rows()}) {
    for (const FunctionRow& row : rows) {
      Function function{row.name, row.forms, row.run, {}};
      std::string_view left = row.forms;
      while (!left.empty()) {
        std::string_view form = until(left, ';');
        while (form.starts_with(' ')) form.remove_prefix(1);
        function.signatures.push_back(signature_of(form));
      }
      all.push_back(std::move(function));
    }
  }
  std::ranges::sort(all, {}, &Function::name);
  return all;
}

}  // namespace

const std::vector<Function>& functions() {
  static const std::vector<Function> all = all_functions();
  return all;
}

const Function* find_function(std::string_view name) {
  const auto& all = functions();
  const auto found = std::ranges::lower_bound(all, name, {}, &Function::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

}  // namespace pawl::cel
