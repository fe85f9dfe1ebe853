// The functions of the language, in one table.
//
// A row has a name, what it takes and gives as text (`string.(int,int) string` has a receiver;
// forms are divided by `;`), and the function itself, which looks at the kinds of its arguments:
// where types are only known at run time it is the one that says "no such overload". Functions are
// pure. No argument is an error when they are called.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lang/cel/context.h"
#include "lang/cel/type.h"

namespace pawl::cel {

using Run = Value (*)(Context&, Arguments);

struct FunctionRow {
  std::string_view name;
  std::string_view forms;
  Run run;
};

struct Signature {
  bool receiver = false;
  std::vector<TypeRef> parameters;  // the receiver is the first
  TypeRef result;
};

struct Function {
  std::string_view name;
  std::string_view forms;
  Run run;
  std::vector<Signature> signatures;
};

const std::vector<Function>& functions();
const Function* find_function(std::string_view name);

// One table per file of functions.
std::span<const FunctionRow> operator_rows();
std::span<const FunctionRow> conversion_rows();
std::span<const FunctionRow> text_rows();
std::span<const FunctionRow> text_position_rows();
std::span<const FunctionRow> format_rows();
std::span<const FunctionRow> time_rows();
std::span<const FunctionRow> math_rows();
std::span<const FunctionRow> set_rows();
std::span<const FunctionRow> network_rows();
std::span<const FunctionRow> option_rows();

}  // namespace pawl::cel
