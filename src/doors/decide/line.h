// One line of `decide`, read strictly: a member that the contract does not have is a mistake of the
// caller, and so is one of another type.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace pawl {

// A member of the line, for the reader and for the published schema alike.
struct LineMember {
  std::string_view name;
  bool required;
  std::string_view schema;  // of its value, JSON Schema 2020-12
};
extern const std::array<LineMember, 10> line_members;

// How the call of this line ended, as the caller reports it. A report only raises a charge.
struct Ending {
  std::string_view outcome = "completed";  // completed, failed or cancelled
  bool is_error = false;
  std::uint64_t records = 0;
};

// Views live as long as the document.
struct Line {
  std::string_view run, server, tool;
  json::View arguments, schema, annotations, result;
  std::optional<Instant> now;
  std::optional<Ending> ending;
  std::string_view words;  // of the sponsor of the run
};

Result<Line> read_line(json::View root);

// The name of the run of a line that is wrong otherwise; empty where there is none to be read.
std::string_view run_of(json::View root);

// RFC 3339, or seconds since 1970 as an integer or a decimal number.
Result<Instant> read_now(json::View value);

}  // namespace pawl
