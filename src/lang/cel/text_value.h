// Values as text, and building text within the memory of an evaluation.
#pragma once

#include <string>
#include <string_view>

#include "lang/cel/context.h"

namespace pawl::cel {

// What string() gives for a bool, a number, a timestamp or a duration.
std::string scalar_text(const Value& value);
std::string number_text(double value);  // `NaN`, `Infinity`, `1.5`, `1e+99`

// Text that grows piece by piece and pays for it. Once it is too long it stays as it is, and
// `done` gives the error.
class TextBuilder {
 public:
  explicit TextBuilder(Context& context) : context_(context) {}
  void add(std::string_view piece);
  bool full() const { return context_.exhausted; }
  Value done();

 private:
  Context& context_;
  std::string text_;
};

}  // namespace pawl::cel
