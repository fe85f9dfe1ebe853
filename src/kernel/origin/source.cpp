#include "kernel/origin/source.h"

#include <algorithm>

#include "base/text.h"

namespace pawl {
namespace {

constexpr std::size_t source_bytes_max = 512;
constexpr std::size_t field_depth_max = 16;

}  // namespace

std::string to_string(const OriginSource& source) {
  if (source.user()) return std::string(user_source);
  std::string out = source.server.empty() ? source.tool : source.server + "/" + source.tool;
  for (const std::string& name : source.field) out += "." + name;
  return out;
}

Result<OriginSource> parse_result_source(std::string_view written) {
  if (written.size() > source_bytes_max) return fail(ErrorKind::invalid, "is too long for a field");
  OriginSource source;
  const std::size_t slash = written.find('/');
  if (slash != std::string_view::npos) source.server = written.substr(0, slash);
  const std::string_view rest =
      slash == std::string_view::npos ? written : written.substr(slash + 1);
  const auto parts = split(rest, '.');
  const bool empty_part =
      std::ranges::any_of(parts, [](std::string_view part) { return trim(part).empty(); });
  const bool glob = written.find_first_of("*?") != std::string_view::npos;
  if (empty_part || glob || slash == 0 || rest.find('/') != std::string_view::npos) {
    return fail(ErrorKind::invalid,
                "expected `tool.field`, `server/tool.field.path`, without globs");
  }
  if (parts.size() > field_depth_max + 1) return fail(ErrorKind::invalid, "goes too deep");
  source.tool = parts.front();
  source.field.assign(parts.begin() + 1, parts.end());
  return source;
}

}  // namespace pawl
