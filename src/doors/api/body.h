// The bodies of requests, read strictly: a member that the contract does not have is a mistake of
// the caller, and so is one of another type. The same rows make the schemas of the OpenAPI text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "gate/state/ports.h"
#include "lang/jose/attenuation.h"

namespace pawl::api {

inline constexpr std::size_t api_name_bytes_max = 256;
inline constexpr std::size_t words_of_sponsor_bytes_max = 64UL << 10;
inline constexpr Duration wait_default = Duration::seconds(45);
inline constexpr Duration wait_max = Duration::seconds(3600);
inline constexpr Duration run_lasts_min = Duration::seconds(10);

struct Member {
  std::string_view name;
  bool required;
  std::string_view schema;  // of its value, JSON Schema 2020-12, without `description`
  std::string_view says;
};
enum class Body : std::uint8_t { none, run, sub_run, call, outcome };
std::span<const Member> members_of(Body body);

// Views live as long as the document.
struct NewRun {
  std::string key;  // empty: a run of its own
  json::View task;
  std::string_view user_text, sponsor;
  Duration lasts{};
  bool for_mcp = false;
};
Result<NewRun> read_new_run(json::View root);

struct NewSubRun {
  std::string agent;
  jose::Attenuation attenuation;
  Duration lasts{};
  bool for_mcp = false;
};
Result<NewSubRun> read_new_sub_run(json::View root);

struct NewCall {
  std::string_view server, tool;
  json::View arguments, definition;
  Duration wait = wait_default;
};
Result<NewCall> read_new_call(json::View root);

// What the settler says became of a call. A result is an object, and becomes the structured content
// of a tool's result.
Result<Outcome> read_outcome(json::View root);

}  // namespace pawl::api
