#include "doors/http/routes.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace pawl::http {
namespace {

bool fits(std::string_view row, std::string_view path) {
  return row.ends_with('/') ? path.starts_with(row) : path == row;
}

// Another reader could take it for another path.
bool ambiguous(std::string_view path) {
  if (!path.starts_with('/') || path.contains('\\')) return true;
  if (path.contains('%')) {
    const std::string folded = lower_ascii(path);
    for (const std::string_view escape : {"%2e", "%2f", "%5c", "%00", "%25"}) {
      if (folded.contains(escape)) return true;
    }
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    if (segment == "." || segment == ".." || (segment.empty() && end != path.size())) return true;
    at = end;
  }
  return false;
}

// A page of another origin gets no answer at all, whatever the row.
std::optional<Refusal> check(const Site& site, Hosts hosts, const Request& request) {
  if (hosts == Hosts::listed) return check_site(site, request);
  if (request.headers.count("origin") == 0) return std::nullopt;
  const auto refused = check_site(site, request);
  return refused ? std::optional(Refusal{403, "this origin may not ask"}) : std::nullopt;
}

}  // namespace

void Routes::add(std::string_view method, std::string_view path, Hosts hosts, Handler handler) {
  rows_.push_back({std::string(method), std::string(path), hosts, std::move(handler)});
}

const Routes::Row* Routes::find(std::string_view method, std::string_view path,
                                std::string& methods) const {
  const Row* best = nullptr;
  std::size_t longest = 0;
  for (const Row& row : rows_) {
    if (fits(row.path, path)) longest = std::max(longest, row.path.size());
  }
  for (const Row& row : rows_) {
    if (!fits(row.path, path) || row.path.size() != longest) continue;
    if (row.method == method) best = &row;
  }
  if (best != nullptr) return best;
  for (const Row& row : rows_) {
    if (!fits(row.path, path) || row.path.size() != longest) continue;
    methods += (methods.empty() ? "" : ", ") + row.method;
  }
  return nullptr;
}

void Routes::serve(Request request, Responder responder) const {
  const std::string_view path = path_of(request.target);
  if (ambiguous(path)) {
    return std::move(responder).answer(respond({400, "this path can be read in two ways"}));
  }
  std::string methods;
  const Row* row = find(request.method, path, methods);
  // Which paths there are is not told to a page that may not ask.
  const Hosts hosts = row == nullptr ? Hosts::listed : row->hosts;
  if (const auto refused = check(site_, hosts, request)) {
    return std::move(responder).answer(respond(*refused));
  }
  if (row != nullptr) return row->handler(std::move(request), std::move(responder));
  if (methods.empty()) return std::move(responder).answer(respond({404, "nothing is here"}));
  Response response = respond({405, "this path has other methods"});
  response.headers.add("allow", methods);
  std::move(responder).answer(std::move(response));
}

Handler Routes::handler() const {
  return [this](Request request, Responder responder) {
    serve(std::move(request), std::move(responder));
  };
}

std::string_view below(std::string_view path, const Request& request) {
  const std::string_view asked = path_of(request.target);
  return asked.starts_with(path) ? asked.substr(path.size()) : std::string_view();
}

}  // namespace pawl::http
