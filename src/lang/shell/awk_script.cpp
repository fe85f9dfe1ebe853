// Programs of awk: those that only read and print.
#include "lang/shell/analyser.h"

namespace pawl::shell {

// Names in awk have one spelling, so their absence proves something: without `system`, `getline`
// and a `print` before it, neither `|` nor `>` starts or writes anything.
bool harmless_awk(std::string_view script) {
  for (const std::string_view word :
       {"system", "@", "/inet", "getline", "ENVIRON", "\\\n", "\\\r"}) {
    if (script.contains(word)) return false;
  }
  const std::size_t print = script.find("print");
  if (print == std::string_view::npos) return true;
  return script.find('>', print) == std::string_view::npos &&
         script.find('|', print) == std::string_view::npos;
}

}  // namespace pawl::shell
