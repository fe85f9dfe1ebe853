#include "doors/api/operations.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "io/http/message.h"

namespace pawl::api {
namespace {

constexpr std::size_t id_part_bytes_max = 80;

// The ids of runs and calls; nothing else stands between slashes in braces.
bool is_id(std::string_view part) {
  return !part.empty() && part.size() <= id_part_bytes_max && std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// Whether the path is one of this row, with its ids.
bool fits(const Operation& row, std::string_view path, Asked& asked) {
  const auto wanted = split(row.path, '/');
  const auto given = split(path, '/');
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return false;
      continue;
    }
    if (!is_id(given[i])) return false;
    (wanted[i] == "{run}" ? asked.run : asked.call) = std::string(given[i]);
  }
  return true;
}

std::vector<Operation> operations_of_runs() {
  return {
      {Op::open_run,
       "POST",
       "/v1/runs",
       "Opens a run, or joins the open one of the same key; with the credential of a run, opens a "
       "sub-run of it, for this door or for the MCP door of its role",
       "propose",
       Body::run,
       "Run",
       {201, 400, 401, 403, 409, 413, 415, 429, 503}},
      {Op::show_run,
       "GET",
       "/v1/runs/{run}",
       "Tells how a run stands",
       "watch",
       Body::none,
       "Run",
       {200, 401, 403, 404}},
      {Op::close_run,
       "POST",
       "/v1/runs/{run}/close",
       "Closes a run, with its sub-runs; what waits for people is withdrawn",
       "propose",
       Body::none,
       "Run",
       {200, 401, 403, 404, 503}},
      {Op::run_events,
       "GET",
       "/v1/runs/{run}/events",
       "Streams what happens in a run, beginning behind `Last-Event-ID`",
       "watch",
       Body::none,
       "Events",
       {200, 401, 403, 404, 429}},
  };
}

std::vector<Operation> operations_of_calls() {
  return {
      {Op::propose,
       "POST",
       "/v1/runs/{run}/calls",
       "Decides a call, and holds it while people are asked. An allowed call is to be executed "
       "with exactly the arguments of the answer, and settled",
       "propose",
       Body::call,
       "Decision",
       {200, 202, 400, 401, 403, 404, 413, 415, 429, 503}},
      {Op::show_call,
       "GET",
       "/v1/runs/{run}/calls/{call}",
       "Returns the state of a call that is running, or ended a short while ago",
       "watch",
       Body::none,
       "Call",
       {200, 401, 403, 404}},
      {Op::settle,
       "POST",
       "/v1/runs/{run}/calls/{call}/outcome",
       "Says what became of an allowed call; once, and only by who executes calls",
       "settle",
       Body::outcome,
       "Settlement",
       {200, 400, 401, 403, 404, 409, 413, 415, 503}},
      {Op::openapi, "GET", "/v1/openapi.json", "This text", "", Body::none, "OpenAPI", {200}},
  };
}

}  // namespace

std::span<const Operation> operations() {
  static const std::vector<Operation> rows = [] {
    std::vector<Operation> all = operations_of_runs();
    for (Operation& row : operations_of_calls()) all.push_back(std::move(row));
    return all;
  }();
  return rows;
}

Asked find_operation(std::string_view method, std::string_view target) {
  const std::string_view path = http::path_of(target);
  Asked found;
  for (const Operation& row : operations()) {
    Asked asked;
    if (!fits(row, path, asked)) continue;
    if (row.method == method) {
      asked.operation = &row;
      return asked;
    }
    found.allow.append(found.allow.empty() ? "" : ", ").append(row.method);
  }
  return found;
}

}  // namespace pawl::api
