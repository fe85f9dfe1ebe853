#include "node/common/memory.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace pawl::node {

void begin_with_memory(char** words) {
  const std::string_view setting = memory_setting;
  const std::size_t equals = setting.find('=');
  const std::string name(setting.substr(0, equals));
  const std::string value(setting.substr(equals + 1));
  if (const char* found = ::getenv(name.c_str())) {
    if (value == found) ::unsetenv(name.c_str());
    return;
  }
  // The loader takes the setting away from such a program: it would begin again for ever.
  if (::getauxval(AT_SECURE) != 0) return;
  ::setenv(name.c_str(), value.c_str(), 1);
  ::execv("/proc/self/exe", words);
  ::unsetenv(name.c_str());
}

}  // namespace pawl::node
