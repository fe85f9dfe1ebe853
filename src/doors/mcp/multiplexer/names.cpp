#include "doors/mcp/multiplexer/names.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::mcp {
namespace {

constexpr std::size_t template_bytes_max = 4096;
constexpr std::size_t uri_bytes_max = 8192;
constexpr unsigned variables_max = 16;

// How clients write a name for models that know letters, digits, `_` and `-` only.
std::string as_models_see_it(std::string_view server) {
  std::string out;
  for (unsigned char c : fold(server)) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += kept ? static_cast<char>(c) : '_';
  }
  return out + '_';
}

// Which ends of the URI a part of a template can reach, from those that were reached before it.
using Reached = std::vector<bool>;

Reached after_literal(const Reached& before, std::string_view literal, std::string_view uri) {
  Reached after(before.size(), false);
  for (std::size_t at = 0; at < before.size(); ++at) {
    if (before[at] && uri.substr(at).starts_with(literal)) after[at + literal.size()] = true;
  }
  return after;
}

Reached after_variable(const Reached& before, bool simple, std::string_view uri) {
  Reached after(before.size(), false);
  bool open = false;
  for (std::size_t at = 0; at < before.size(); ++at) {
    // A slash that was just passed ends what began before it.
    if (simple && at > 0 && uri[at - 1] == '/') open = false;
    open = open || before[at];
    after[at] = open;
  }
  return after;
}

}  // namespace

std::optional<SplitName> split_name(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == name.size()) {
    return std::nullopt;
  }
  return SplitName{name.substr(0, slash), name.substr(slash + 1)};
}

std::string joined_name(std::string_view server, std::string_view name) {
  return fmt::format("{}/{}", server, name);
}

Status check_server_names(const std::vector<std::string>& servers) {
  if (servers.size() > servers_of_an_endpoint_max) {
    return fail(ErrorKind::refused,
                fmt::format("an endpoint has at most {} servers", servers_of_an_endpoint_max));
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].empty() || servers[i].contains('/') || has_hidden_characters(servers[i])) {
      return fail(ErrorKind::refused, fmt::format("`{}` is not a name for one of several servers",
                                                  escape_untrusted(servers[i])));
    }
    for (std::size_t j = 0; j < i; ++j) {
      const std::string a = as_models_see_it(servers[j]), b = as_models_see_it(servers[i]);
      if (fold(servers[i]) == fold(servers[j])) {
        return fail(ErrorKind::refused,
                    fmt::format("servers `{}` and `{}` have one name", servers[j], servers[i]));
      }
      if (!a.starts_with(b) && !b.starts_with(a)) continue;
      return fail(ErrorKind::refused,
                  fmt::format("servers `{}` and `{}` cannot stand behind one endpoint: a client "
                              "that writes `_` for `/` cannot tell their tools apart",
                              servers[j], servers[i]));
    }
  }
  return {};
}

bool from_template(std::string_view pattern, std::string_view uri) {
  if (pattern.size() > template_bytes_max || uri.size() > uri_bytes_max) return false;
  Reached reached(uri.size() + 1, false);
  reached[0] = true;
  unsigned variables = 0;
  while (!pattern.empty()) {
    if (pattern.front() != '{') {
      const std::string_view literal = pattern.substr(0, pattern.find('{'));
      reached = after_literal(reached, literal, uri);
      pattern.remove_prefix(literal.size());
      continue;
    }
    const std::size_t end = pattern.find('}');
    if (end == std::string_view::npos || ++variables > variables_max) return false;
    const std::string_view expression = pattern.substr(1, end - 1);
    const bool simple =
        !expression.empty() && expression.front() != '+' &&
        std::string_view("#./;?&=,!@|").find(expression.front()) == std::string_view::npos &&
        !expression.ends_with('*');
    reached = after_variable(reached, simple, uri);
    pattern.remove_prefix(end + 1);
  }
  return reached.back();
}

}  // namespace pawl::mcp
