// Every operation of the decision API, in one table: the door finds the operation of a request
// here, and the OpenAPI text is written from the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doors/api/body.h"

namespace pawl::api {

enum class Op : std::uint8_t {
  open_run,
  show_run,
  close_run,
  run_events,
  propose,
  show_call,
  settle,
  openapi,
};

struct Operation {
  Op op;
  std::string_view method;
  std::string_view path;     // `/v1/runs/{run}`: a part in braces stands for one id
  std::string_view summary;  // one sentence without a full stop
  std::string_view right;    // of the caller; empty: anybody may
  Body body = Body::none;
  std::string_view answer;    // name of the schema of the good answer
  std::vector<int> statuses;  // that it answers with
};
std::span<const Operation> operations();

// What a request asks for. Where no row has its path, `operation` is null and `allow` is empty;
// where only the method is wrong, `allow` has those that are right.
struct Asked {
  const Operation* operation = nullptr;
  std::string run, call;
  std::string allow;
};
Asked find_operation(std::string_view method, std::string_view target);

// The OpenAPI 3.1 text of all of it.
std::string openapi(std::string_view address);

}  // namespace pawl::api
