// The names of requests to models, as actions: `model:PROVIDER/NAME`. Their server is
// `model:PROVIDER`, which no tool server can be called, and their tool the name of the model.
#pragma once

#include <string_view>

namespace pawl {

inline constexpr std::string_view model_prefix = "model:";

inline bool is_model_server(std::string_view server) {
  return server.starts_with(model_prefix);
}

}  // namespace pawl
