#include "model/environment.h"

namespace pawl {

std::string_view to_string(Environment environment) {
  switch (environment) {
    case Environment::none:
      return "none";
    case Environment::development:
      return "development";
    case Environment::staging:
      return "staging";
    case Environment::production:
      return "production";
  }
  return "none";
}

}  // namespace pawl
